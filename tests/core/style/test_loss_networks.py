"""The loss networks: torchvision's layers under torchvision's names, read at the right places."""

import pytest
import torch
from torch import nn

from core import images, weights
from core.errors import UserError
from core.style import loss_networks, losses
from core.style.loss_networks import LossNetworks, SqueezeNet, Vgg19
from core.vision import torchvision
from tests.painting import write_loss_networks

SQUEEZENET_PLACES = {"conv1": 1, "fire2": 3, "fire3": 4, "fire4": 6, "fire5": 7, "fire6": 9, "fire9": 12}
VGG_PLACES = {"relu1_1": 1, "relu1_2": 3, "relu2_1": 6, "relu2_2": 8, "relu3_1": 11}


def layer_by_layer(features: nn.Sequential, x: torch.Tensor) -> list[torch.Tensor]:
    inputs = []
    for layer in features:
        x = layer(x)
        inputs.append(x.clone())
    return inputs


def check(network, features, places, means):
    network.load_state_dict({f"features.{name}": tensor for name, tensor in features.state_dict().items()})
    x = torch.rand(1, 3, 47, 50)
    prepared = x[:, [2, 1, 0]] * 255 - torch.tensor(means).view(1, 3, 1, 1)
    with torch.no_grad():
        expected = layer_by_layer(features, prepared)
        features = network(x, list(places))
    assert set(features) == set(places)
    for name, place in places.items():
        torch.testing.assert_close(features[name], expected[place])


def test_squeezenet_is_torchvision_s():
    features = torchvision.models.squeezenet1_1(weights=None).features
    check(SqueezeNet(), features, SQUEEZENET_PLACES, loss_networks.SQUEEZENET_MEANS)


def test_vgg19_is_torchvision_s():
    features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["E"], batch_norm=False)[:12]
    check(Vgg19(), features, VGG_PLACES, loss_networks.VGG_MEANS)


def test_no_network_is_run_deeper_than_asked():
    networks = LossNetworks()
    del networks.vgg19.features["5"], networks.squeezenet.features["0"]
    assert set(networks(torch.rand(1, 3, 16, 16), ["vgg19.relu1_2"])) == {"vgg19.relu1_2"}


@pytest.mark.parametrize(
    ("layer", "sentence"), [("vgg19.relu9_1", "no loss layer 'relu9_1'"), ("resnet.x", "neither vgg19 nor squeezenet")]
)
def test_an_unknown_layer_is_told(layer, sentence):
    with pytest.raises(UserError, match=sentence):
        LossNetworks()(torch.rand(1, 3, 16, 16), [layer])


def test_files_are_read_frozen(tmp_path):
    write_loss_networks(tmp_path)
    networks = loss_networks.load(tmp_path)
    assert not any(parameter.requires_grad for parameter in networks.parameters())
    saved = weights.read(tmp_path / Vgg19.file)["features.0.weight"]
    torch.testing.assert_close(networks.vgg19.features["0"].weight, saved)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"vgg19_normalised_relu3_1.safetensors is not in"):
        loss_networks.load(tmp_path)


def test_weights_of_another_net_are_told(tmp_path):
    write_loss_networks(tmp_path)
    weights.write(tmp_path / SqueezeNet.file, Vgg19().state_dict())
    with pytest.raises(UserError, match=r"squeezenet1_1.safetensors does not fit"):
        loss_networks.load(tmp_path)


def test_the_real_networks_see_a_photograph_as_expected(real_data):
    networks = loss_networks.load(real_data / "loss_network")
    x = images.to_tensor(images.fit(images.sample("coffee"), 128))
    with torch.no_grad():
        features = networks(x, ["vgg19.relu1_1", "vgg19.relu2_1", "vgg19.relu3_1", "squeezenet.fire9"])
    for layer in ("vgg19.relu1_1", "vgg19.relu2_1", "vgg19.relu3_1"):  # normalised: mean activations near one
        assert 0.3 < features[layer].mean() < 2
    assert features["squeezenet.fire9"].shape[1] == 512
    assert torch.isfinite(losses.gram(features["squeezenet.fire9"])).all()
