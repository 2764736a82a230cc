"""`compact`: its layers fit the teachers' in name, shape and place, in one pass that computes no layer in vain."""

import pytest
import torch

from core import weights
from core.errors import UserError
from core.style import compact
from core.style.compact import SCALES, SOURCES, Compact
from tests.painting import loss_networks


@pytest.mark.parametrize(("height", "width"), [(64, 64), (67, 90)])
def test_every_layer_has_the_shape_of_its_teacher_s(height, width):
    x = torch.rand(2, 3, height, width)
    with torch.no_grad():
        ours, theirs = Compact()(x, SOURCES), loss_networks()(x, SOURCES)
    assert {name: features.shape for name, features in ours.items()} == {
        name: features.shape for name, features in theirs.items()
    }
    assert all(torch.isfinite(features).all() and features.min() >= 0 for features in ours.values())


def test_it_fits_into_five_megabytes(tmp_path):
    weights.write(tmp_path / "compact.safetensors", Compact().state_dict())
    assert (tmp_path / "compact.safetensors").stat().st_size <= 5_000_000


def test_only_what_is_asked_for_is_computed():
    net = Compact()
    for layer in ("vgg19.relu1_1", "vgg19.relu3_1", "squeezenet.conv1"):
        del net.blocks[compact.key(layer)]
    assert set(net(torch.rand(1, 3, 64, 64), ["vgg19.relu2_1"])) == {"vgg19.relu2_1"}


def test_with_the_teacher_s_features_every_block_stands_alone():
    net, x = compact.fresh(0), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        taught = loss_networks()(x, SOURCES)
        first = net(x, ["squeezenet.fire9"], taught)["squeezenet.fire9"]
        net.blocks[compact.key("squeezenet.fire7")].requires_grad_(False)
        for parameter in net.blocks[compact.key("squeezenet.fire7")].parameters():
            parameter.zero_()
        again = net(x, ["squeezenet.fire9"], taught)["squeezenet.fire9"]
        alone = net(x, ["squeezenet.fire9"])["squeezenet.fire9"]
    torch.testing.assert_close(first, again)
    assert not torch.allclose(first, alone)


def test_its_own_features_given_as_the_teacher_s_change_nothing():
    net, x = compact.fresh(0), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        plain = net(x, SOURCES)
        torch.testing.assert_close(net(x, SOURCES, plain), plain, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(dict(net.steps(net.prepare(x))), plain)
    assert set(SCALES) == set(SOURCES)


def test_an_unknown_layer_is_told():
    with pytest.raises(UserError, match=r"no loss layer 'vgg19.relu9_1'; the layers are vgg19.relu1_1, "):
        Compact()(torch.rand(1, 3, 64, 64), ["vgg19.relu9_1"])


def test_weights_are_read_frozen_and_checked(tmp_path):
    path = tmp_path / "compact.safetensors"
    tensors = compact.fresh(3).state_dict()
    weights.write(path, tensors)
    net = compact.read(path)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    torch.testing.assert_close(dict(net.state_dict()), dict(tensors))
    name = next(iter(tensors))
    weights.write(path, {**tensors, name: torch.zeros(2, 2)})
    with pytest.raises(UserError, match=f"tensor {name} is"):
        compact.read(path)
    weights.write(path, {other: tensor for other, tensor in tensors.items() if other != name})
    with pytest.raises(UserError, match=f"tensor {name} is missing"):
        compact.read(path)


def test_relative_error_is_in_units_of_the_variance():
    target = torch.tensor([[[[0.0, 2.0], [4.0, 6.0]]]])
    assert compact.relative_error(target, target).item() == 0
    assert compact.relative_error(torch.full_like(target, 3.0), target).item() == pytest.approx(1)
