"""Fetching a net: the weights come once, and what goes wrong is a sentence."""

import pytest
import torch

from core.__main__ import main
from core.errors import UserError
from core.models import torchvision_weights
from core.trainers import trained
from core.vision import torchvision


def test_a_fetched_net_opens_like_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"SqueezeNet 1.1 \(5 MB\) are not on this computer: fetch them by"):
        trained.open_named("squeezenet1_1")
    assert "squeezenet1_1" not in trained.shipped()

    def download(urls, target, md5, what, progress, *, instead):
        progress(what, 5, 10)
        torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), target)

    monkeypatch.setattr(torchvision_weights, "download", download)
    assert main(["fetch", "squeezenet1_1"]) == 0
    assert str(torchvision_weights.path_of("squeezenet1_1")) in capsys.readouterr().out
    net = trained.open_named("squeezenet1_1")
    assert "squeezenet1_1" in trained.shipped() and net.whole and len(net.classes) == 1000
    assert net.mean == (0.485, 0.456, 0.406) and net.title == "SqueezeNet 1.1 on ImageNet"


def test_a_failed_download_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    monkeypatch.setattr(torchvision_weights, "address", lambda name: "http://127.0.0.1:9/resnet18-0123abcd.pth")
    assert main(["fetch", "resnet18"]) == 2
    assert "ResNet-18 could not be downloaded" in capsys.readouterr().err
