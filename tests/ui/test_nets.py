"""The choice of a net: those of torchvision are downloaded by a button, then open like the others."""

import pytest
import torch

from core import weights
from core.models import torchvision_weights
from tests.pages.app import button, texts, visit

pytestmark = pytest.mark.slow


def test_a_net_of_torchvision_is_downloaded_when_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))

    def fetch(name, progress):
        progress("SqueezeNet 1.1", 1_000_000, 5_000_000)
        torch.manual_seed(0)
        path = torchvision_weights.path_of(name)
        path.parent.mkdir(parents=True)
        weights.write(path, torchvision_weights.build(name, 1000, 3).state_dict())
        return path

    monkeypatch.setattr(torchvision_weights, "fetch", fetch)
    app = visit("explain", net="squeezenet1_1", **{"from": "Sample"})
    assert not app.exception and not app.error
    assert "The weights of SqueezeNet 1.1 are not on this computer yet" in texts(app)
    button(app, "Download SqueezeNet 1.1 (5 MB)").click().run()
    assert not app.exception and not app.error
    app = visit("explain", net="squeezenet1_1", **{"from": "Sample"})
    assert not app.exception and not app.error and "not on this computer" not in texts(app)
    titles = [option for box in app.selectbox for option in box.options]
    assert "SqueezeNet 1.1 on ImageNet" in titles and "ResNet-50 on ImageNet (98 MB to download)" in titles
