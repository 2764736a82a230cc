from itertools import pairwise

import pytest
import torch
from torch import nn

from core.models import catalogue
from core.models.baseline import Baseline
from core.models.layers import he_initialise
from core.models.nin import WIDTHS, BNNiN, widths_for
from core.models.resnet import Block, ResNet

SHAPES = {"grey": (1, 28), "colour": (3, 32)}
GAP_NETS = [name for name in catalogue.names() if name != "baseline"]


def _net(name: str, shape: str = "grey", classes: int = 10) -> tuple[nn.Module, torch.Tensor]:
    """A net that has seen two batches, so that its normalisation is not at its initial values, and a batch for it."""
    torch.manual_seed(0)
    channels, side = SHAPES[shape]
    net = catalogue.build(name, classes=classes, channels=channels, side=side)
    x = torch.randn(4, channels, side, side)
    for _ in range(2):
        net(x)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.bias, std=0.3)
    return net.eval(), x


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", catalogue.names())
def test_logits_are_the_head_of_the_features(name: str, shape: str) -> None:
    net, x = _net(name, shape, classes=7)
    features = net.features(x)
    channels, side = SHAPES[shape]
    assert features.shape[0] == 4 and features.shape[-1] == side // 4
    assert net(x).shape == (4, 7)
    assert torch.allclose(net(x), net.head(features), atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", GAP_NETS)
def test_the_mean_of_a_class_map_is_its_logit(name: str, shape: str) -> None:
    net, x = _net(name, shape)
    with torch.no_grad():
        net.output.bias.normal_() if hasattr(net, "output") else None
        features = net.features(x)
        maps, logits = net.class_maps(features), net.head(features)
    assert net.ends_in_gap and maps.shape == (4, 10, *features.shape[-2:])
    assert logits.std() > 0.01
    assert torch.allclose(maps.mean((-2, -1)), logits, atol=1e-5)


def test_the_baseline_has_no_class_maps_to_offer() -> None:
    net, _ = _net("baseline")
    assert not net.ends_in_gap and not hasattr(net, "class_maps")


@pytest.mark.parametrize("name", catalogue.names())
def test_training_reaches_every_parameter_in_bf16_channels_last(name: str) -> None:
    net, x = _net(name)
    net.train().to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(x.to(memory_format=torch.channels_last))
    nn.functional.cross_entropy(logits.float(), torch.tensor([0, 1, 2, 3])).backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", catalogue.names())
def test_features_keep_the_fast_memory_order(name: str) -> None:
    net, x = _net(name, "colour")
    net.to(memory_format=torch.channels_last)
    features = net.features(x.to(memory_format=torch.channels_last))
    assert features.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", catalogue.names())
def test_forward_leaves_its_input_alone(name: str) -> None:
    net, x = _net(name)
    before = x.clone()
    net(x)
    assert torch.equal(x, before)


# Table 4.1.


def test_the_baseline_has_the_parameters_of_table_4_1() -> None:
    by_hand = (25 * 1 * 32 + 32) + (25 * 32 * 64 + 64) + (7 * 7 * 64 * 200 + 200) + (200 * 10 + 10)
    assert catalogue.parameters(Baseline(10, 1, 28)) == by_hand == 681_506


def test_dropout_is_for_training_only() -> None:
    net, x = _net("baseline")
    assert torch.equal(net(x), net(x))
    net.train()
    assert not torch.equal(net(x), net(x))


# Table 4.3.


@pytest.mark.parametrize(
    ("widths", "channels", "expected"), [("mnist", 1, 358e3), ("cifar", 3, 1.6e6), ("svhn", 3, 2e6)]
)
def test_bn_nin_has_the_parameters_of_table_4_6(widths: str, channels: int, expected: float) -> None:
    assert catalogue.parameters(BNNiN(10, channels, WIDTHS[widths])) == pytest.approx(expected, rel=0.03)


def test_bn_nin_counts_one_number_a_filter_besides_the_weights() -> None:
    widths = (1, 128, 96, 48, 128, 96, 48, 128, 96, 10)
    sizes = (25, 1, 1) * 3
    weights = sum(a * b * size for (a, b), size in zip(pairwise(widths), sizes, strict=True))
    last_scale = 10
    assert catalogue.parameters(BNNiN(10, 1, WIDTHS["mnist"])) == weights + sum(widths[1:]) + last_scale == 358_228


def test_the_widths_are_chosen_by_the_images_and_the_data_set() -> None:
    assert widths_for(1) == WIDTHS["mnist"] and widths_for(1, "digits") == WIDTHS["mnist"]
    assert widths_for(3) == WIDTHS["cifar"] and widths_for(3, "cifar10") == WIDTHS["cifar"]
    assert widths_for(3, "svhn") == WIDTHS["svhn"]


def test_bn_nin_starts_normalised() -> None:
    torch.manual_seed(0)
    net = BNNiN(10, 1, WIDTHS["mnist"])
    convolved = net.module1[:2](torch.randn(8, 1, 28, 28) * 5).detach()
    assert convolved.mean().abs() < 1e-4 and convolved.std() == pytest.approx(1, abs=1e-2)


# Section 4.5.


@pytest.mark.parametrize(
    ("n", "thousands"),
    [(3, 272), (5, 467), (7, 661), (9, 856)],
    ids=["ResNet-20", "ResNet-32", "ResNet-44", "ResNet-56"],
)
def test_resnets_have_the_parameters_of_table_4_5(n: int, thousands: int) -> None:
    assert round(catalogue.parameters(ResNet(10, 3, n)) / 1000) == thousands


def test_resnet20_to_the_last_parameter() -> None:
    assert catalogue.parameters(ResNet(10, 3, 3)) == 272_282


@pytest.mark.parametrize("n", [1, 3])
def test_the_depth_is_6n_plus_2(n: int) -> None:
    layers = [layer for layer in ResNet(10, 3, n).modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    projections = [layer for layer in layers if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1)]
    assert len(projections) == 2 and len(layers) - len(projections) == 6 * n + 2


def test_an_identity_shortcut_is_untouched() -> None:
    block = Block(8, 8, 1).eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(x), x)


def test_a_projection_sees_the_activated_input() -> None:
    block = Block(4, 8, 2).eval()
    nn.init.zeros_(block.conv2.weight)
    assert block.projection is not None
    x = torch.randn(2, 4, 6, 6)
    assert torch.allclose(block(x), block.projection(block.norm1(x).relu()))
    assert block(x).shape == (2, 8, 3, 3)


def test_the_maps_are_halved_twice() -> None:
    net, x = _net("resnet20", "colour")
    x = net.stack1(net.stem(x))
    assert x.shape[1:] == (16, 32, 32)
    x = net.stack2(x)
    assert x.shape[1:] == (32, 16, 16)
    assert net.stack3(x).shape[1:] == (64, 8, 8)


# He initialisation.


@pytest.mark.parametrize("name", catalogue.names())
def test_weights_start_by_he(name: str) -> None:
    torch.manual_seed(0)
    net = catalogue.build(name, classes=10, channels=3, side=32)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight[0].numel()
            count = layer.weight.numel()
            assert layer.weight.detach().std() == pytest.approx((2 / fan_in) ** 0.5, rel=4 / (2 * count) ** 0.5)
            assert layer.bias is None or not layer.bias.any()


def test_initialisation_follows_the_global_generator() -> None:
    torch.manual_seed(3)
    first = nn.Linear(5, 4)
    he_initialise(first)
    torch.manual_seed(3)
    second = nn.Linear(5, 4)
    he_initialise(second)
    assert torch.equal(first.weight, second.weight)
    he_initialise(second)
    assert not torch.equal(first.weight, second.weight)
