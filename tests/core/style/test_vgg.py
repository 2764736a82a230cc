"""VGG-16 and VGG-19: torchvision's layers in torchvision's places, and weights that are fetched once and checked."""

import hashlib

import pytest
import torch

from core.datasets.download import checksum_in
from core.errors import UserError
from core.style import sources, vgg
from core.vision import torchvision

NARROW = (4, 4, 6, 6, 8)
CONFIGURATIONS = {"vgg16": "D", "vgg19": "E"}


def plan(name: str, maps: tuple[int, ...]) -> list:
    """A configuration as torchvision writes them."""
    return [part for depth, wide in zip(vgg.DEPTHS[name], maps, strict=True) for part in (*[wide] * depth, "M")]


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(vgg, "MAPS", NARROW)


@pytest.mark.parametrize("name", vgg.DEPTHS)
def test_the_tensors_are_torchvision_s(name):
    assert torchvision.models.vgg.cfgs[CONFIGURATIONS[name]] == plan(name, vgg.MAPS)
    with torch.device("meta"):
        ours = vgg.Vgg(name).state_dict()
        theirs = torchvision.models.vgg.make_layers(plan(name, vgg.MAPS)).state_dict()
    assert {key: tensor.shape for key, tensor in ours.items()} == {
        f"features.{key}": tensor.shape for key, tensor in theirs.items()
    }


@pytest.mark.parametrize("name", vgg.DEPTHS)
def test_layers_are_read_at_torchvision_s_places(name, narrow):
    features = torchvision.models.vgg.make_layers(plan(name, NARROW))
    network = vgg.Vgg(name)
    network.load_state_dict({f"features.{key}": tensor for key, tensor in features.state_dict().items()})
    x = torch.rand(2, 3, 33, 40)
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (vgg.MEAN, vgg.DEVIATION))
    expected, y = [], (x - mean) / deviation
    with torch.no_grad():
        for layer in features:
            y = layer(y.clone())
            if not isinstance(layer, torch.nn.MaxPool2d):
                expected.append(y)
        maps = network(x, network.layers)
    assert len(expected) == len(network.layers)
    for layer, features in zip(network.layers, expected, strict=True):
        torch.testing.assert_close(maps[layer], features)


def test_the_thesis_layer_sets_are_layers_of_its_networks():
    assert set(sources.PRESETS["section 5.3.2"].content) == {"relu4_2"}
    for name in ("vgg19", "vgg16"):
        usual = sources.source(name).usual
        assert set(usual.content) | set(usual.style) <= set(vgg.layer_names(name))
        assert sum(usual.style.values()) == pytest.approx(1)
    assert vgg.layer_names("vgg19")[-1] == "relu5_4"
    assert len(vgg.layer_names("vgg16")) == 26


@pytest.fixture
def served(tmp_path, monkeypatch, narrow):
    """Narrow VGG-19 weights as torch.save writes them, at an address with their checksum; data in tmp_path."""
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    network = vgg.Vgg("vgg19")
    path = tmp_path / "vgg19.pth"
    torch.save({**network.state_dict(), "classifier.6.bias": torch.zeros(10)}, path)
    named = tmp_path / f"vgg19-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth"
    path.rename(named)
    monkeypatch.setattr(vgg, "address", lambda name: named.as_uri())
    return network, named


def test_weights_are_fetched_once_with_progress_and_only_the_convolutions_kept(served):
    network, path = served
    heard = []
    assert not sources.at_hand("vgg19")
    loaded = sources.load("vgg19", progress=lambda *news: heard.append(news))
    assert heard[-1] == ("VGG-19", path.stat().st_size, path.stat().st_size)
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    torch.testing.assert_close(dict(loaded.state_dict()), dict(network.state_dict()))
    path.unlink()
    sources.load("vgg19", progress=lambda *news: pytest.fail("fetched again"))
    assert sources.at_hand("vgg19")
    assert [file.name for file in sources.folder().iterdir() if not file.name.startswith(".")] == ["vgg19.safetensors"]


def test_a_damaged_download_is_told_and_leaves_nothing(served):
    _, path = served
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        UserError, match=r"VGG-19 could not be downloaded \(.*arrived damaged.*use the loss network com"
    ):
        sources.load("vgg19")
    assert not sources.at_hand("vgg19")


def test_a_file_that_is_no_weights_is_told(served, tmp_path, monkeypatch):
    other = tmp_path / f"vgg19-{hashlib.sha256(b'no weights').hexdigest()[:8]}.pth"
    other.write_bytes(b"no weights")
    monkeypatch.setattr(vgg, "address", lambda name: other.as_uri())
    with pytest.raises(UserError, match=r"weights vgg19.pth cannot be read"):
        sources.load("vgg19")


def test_weights_of_another_net_are_told(served, monkeypatch):
    sources.load("vgg19")
    monkeypatch.setattr(vgg, "MAPS", (4, 4, 6, 6, 10))
    with pytest.raises(UserError, match=r"vgg19.safetensors does not fit this net"):
        sources.load("vgg19")


def test_the_address_is_the_enum_s():
    assert vgg.address("vgg19") == torchvision.models.VGG19_Weights.IMAGENET1K_V1.url
    assert checksum_in(vgg.address("vgg16")).startswith("sha256:")
    with pytest.raises(UserError, match="holds no checksum"):
        checksum_in("https://example.org/vgg19.pth")
