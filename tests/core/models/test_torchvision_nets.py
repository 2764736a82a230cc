"""torchvision's nets with our interface: the same answers as its own modules, on weights of its format."""

import re

import pytest
import torch
from torch import nn

from core import weights
from core.errors import UserError
from core.models import catalogue, torchvision_weights
from core.vision import torchvision

pytestmark = pytest.mark.slow

NAMES = tuple(torchvision_weights.SOURCES)
CLASSES = 13


@pytest.fixture(scope="module", params=NAMES)
def pair(request) -> tuple[str, nn.Module]:
    """A name and torchvision's own net with random weights and statistics, of thirteen classes."""
    torch.manual_seed(0)
    net = getattr(torchvision.models, request.param)(weights=None, num_classes=CLASSES).eval().requires_grad_(False)
    for tensor_name, tensor in net.state_dict().items():
        if tensor_name.endswith("running_mean"):
            tensor.normal_(std=0.1)
        elif tensor_name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif "classifier.1" in tensor_name:
            tensor.normal_(std=0.05).abs_()
    return request.param, net


def ours_of(name: str, tensors: dict[str, torch.Tensor]) -> nn.Module:
    net = catalogue.build(name, classes=CLASSES, channels=3, side=64).eval().requires_grad_(False)
    weights.fill(net, torchvision_weights.renamed(name, tensors), "They")
    return net


@pytest.mark.parametrize("size", [(64, 64), (96, 71)])
def test_logits_are_torchvisions(pair, size):
    name, theirs = pair
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    expected = theirs(x)
    assert expected.std() > 1e-3
    net = ours_of(name, theirs.state_dict())
    torch.testing.assert_close(net(x), expected, atol=1e-5, rtol=1e-5)
    features = net.features(x)
    torch.testing.assert_close(net.head(features), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(net.class_maps(features).mean((2, 3)), expected, atol=1e-5, rtol=1e-5)
    assert net.ends_in_gap and (features >= 0).all()
    assert x.equal(torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1)))


def test_files_of_the_older_format_are_read(pair, tmp_path):
    name, theirs = pair
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor
        for key, tensor in theirs.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    path = tmp_path / "old.pth"
    torch.save(old, path)
    x = torch.randn(1, 3, 64, 64)
    net = catalogue.build(name, classes=CLASSES, channels=3, side=64).eval()
    weights.fill(net, torchvision_weights.read(name, path), "They")
    torch.testing.assert_close(net(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_depth_and_smallest_side_are_those_of_the_net(pair):
    name, theirs = pair
    net, side = ours_of(name, theirs.state_dict()), catalogue.smallest_side(name)
    assert net(torch.randn(1, 3, side, side + 3)).shape == (1, CLASSES)
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in theirs.parameters())
    assert name in catalogue.photograph_nets() and name not in catalogue.names()


def test_weights_are_downloaded_once_checked_and_kept_as_safetensors(pair, tmp_path, monkeypatch):
    name, theirs = pair
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    asked = []

    def download(urls, target, md5, what, progress, *, instead):
        asked.append((urls[0], md5))
        torch.save(theirs.state_dict(), target)

    monkeypatch.setattr(torchvision_weights, "download", download)
    path = torchvision_weights.fetch(name)
    assert path == torchvision_weights.fetch(name) == torchvision_weights.path_of(name)
    ((url, checksum),) = asked
    assert url.startswith("https://download.pytorch.org/models/") and checksum.removeprefix("sha256:") in url
    assert {file.suffix for file in path.parent.iterdir() if not file.name.startswith(".")} == {".safetensors"}
    x = torch.randn(1, 3, 64, 64)
    net = catalogue.build(name, classes=CLASSES, channels=3, side=64).eval()
    weights.fill(net, weights.read(path), "They")
    torch.testing.assert_close(net(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_a_damaged_file_is_a_sentence(tmp_path):
    path = tmp_path / "resnet18.pth"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="resnet18.pth cannot be read"):
        torchvision_weights.read("resnet18", path)
