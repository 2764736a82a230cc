from itertools import pairwise

import pytest
import torch
from torch import nn

from core.models import catalogue
from core.models.baseline import Baseline
from core.models.densenet import DenseNet, Layer, Transition
from core.models.layers import he_initialise
from core.models.nin import WIDTHS, BNNiN, NiN, widths_for
from core.models.resnet import Block, ResNet
from core.models.vgg import BNVGG

pytestmark = pytest.mark.slow

SHAPES = {"grey": (1, 28), "colour": (3, 32)}
# One net of every kind (the others differ in numbers alone), and the factor between an image's side and its maps'.
SHRINKS = {
    "baseline": 4,
    "nin": 4,
    "bn_nin": 4,
    "bn_vgg": 16,
    "resnet20": 4,
    "resnet65": 4,
    "wide": 4,
    "postactivation": 4,
    "densenet": 4,
    "densenet_bc": 4,
}
NETS = tuple(SHRINKS)
CONNECTED = ("baseline", "bn_vgg")
GAP_NETS = [name for name in NETS if name not in CONNECTED]
SMALL = {
    "wide": lambda classes, channels: ResNet(classes, channels, 1, widening=3, drop_probability=0.3),
    "postactivation": lambda classes, channels: ResNet(classes, channels, 1, bottleneck=True, preactivation=False),
    "densenet": lambda classes, channels: DenseNet(classes, channels, 2, 6),
    "densenet_bc": lambda classes, channels: DenseNet(classes, channels, 2, 6, bottleneck=True, compression=0.5),
}


def _new(name: str, classes: int, channels: int, side: int) -> nn.Module:
    if name in SMALL:
        return SMALL[name](classes, channels)
    return catalogue.build(name, classes=classes, channels=channels, side=side)


def _net(name: str, shape: str = "grey", classes: int = 10) -> tuple[nn.Module, torch.Tensor]:
    """A net that has seen two batches, so that its normalisation is not at its initial values, and a batch for it."""
    torch.manual_seed(0)
    channels, side = SHAPES[shape]
    if name == "bn_vgg":
        side = 32
    net = _new(name, classes, channels, side)
    if name == "nin":  # its narrow Gaussian leaves logits of a thousandth, too small to compare
        for parameter in net.parameters():
            parameter.data *= 2
    x = torch.randn(4, channels, side, side)
    for _ in range(2):
        net(x)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.bias is not None:
            nn.init.normal_(layer.bias, std=0.3)
    return net.eval(), x


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NETS)
def test_logits_are_the_head_of_the_features(name: str, shape: str) -> None:
    net, x = _net(name, shape, classes=7)
    features = net.features(x)
    assert features.shape[0] == 4 and features.shape[-1] == x.shape[-1] // SHRINKS[name]
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


@pytest.mark.parametrize("name", CONNECTED)
def test_a_net_that_ends_in_connected_layers_has_no_class_maps_to_offer(name: str) -> None:
    net, _ = _net(name)
    assert not net.ends_in_gap and not hasattr(net, "class_maps")


@pytest.mark.parametrize("name", NETS)
def test_training_reaches_every_parameter_in_bf16_channels_last(name: str) -> None:
    net, x = _net(name)
    net.train().to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(x.to(memory_format=torch.channels_last))
    nn.functional.cross_entropy(logits.float(), torch.tensor([0, 1, 2, 3])).backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", NETS)
def test_features_keep_the_fast_memory_order(name: str) -> None:
    net, x = _net(name, "colour")
    net.to(memory_format=torch.channels_last)
    features = net.features(x.to(memory_format=torch.channels_last))
    assert features.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", NETS)
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


# Tables 4.2 and 4.3.


@pytest.mark.parametrize("widths", WIDTHS)
def test_nin_counts_a_bias_a_filter_where_bn_nin_counts_a_shift(widths: str) -> None:
    plain, normalised = NiN(10, 3, WIDTHS[widths]), BNNiN(10, 3, WIDTHS[widths])
    assert catalogue.parameters(plain) == catalogue.parameters(normalised) - 10


def test_nin_with_the_tables_168_filters() -> None:
    assert catalogue.parameters(NiN(10, 3, WIDTHS["cifar"])) == 1_559_122


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


def test_resnet20_keeps_the_names_of_its_weights() -> None:
    names = list(ResNet(10, 3, 3).state_dict())
    assert names[:2] == ["stem.weight", "stem_norm.weight"] and names[-2:] == ["output.weight", "output.bias"]
    assert "stack1.0.norm1.weight" not in names and "stack3.2.norm1.weight" in names
    assert {name.rsplit(".", 1)[0] for name in names if name.startswith("stack2.0")} == {
        f"stack2.0.{part}" for part in ("norm1", "conv1", "norm2", "conv2", "projection")
    }


def _bottleneck_convolutions(block: Block) -> list[tuple[int, int, int]]:
    layers = (block.conv1, block.conv2, block.conv3)
    return [(conv.in_channels, conv.out_channels, conv.kernel_size[0]) for conv in layers if conv is not None]


@pytest.mark.parametrize("preactivation", [True, False])
def test_a_bottleneck_block_squeezes_filters_and_widens(preactivation: bool) -> None:
    block = Block(32, 8, 2, bottleneck=True, preactivation=preactivation)
    assert _bottleneck_convolutions(block) == [(32, 8, 1), (8, 8, 3), (8, 32, 1)]
    assert block(torch.randn(2, 32, 7, 7)).shape == (2, 32, 4, 4)


def test_a_bottleneck_block_as_figure_4_16c_draws_it() -> None:
    torch.manual_seed(0)
    block = Block(8, 4, 2, bottleneck=True).eval()
    x = torch.randn(2, 8, 6, 6)
    active = block.norm1(x).relu()
    residual = block.conv3(block.norm3(block.conv2(block.norm2(block.conv1(active)).relu())).relu())
    torch.testing.assert_close(block(x), residual + block.projection(active))


@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_post_activation_block_as_figure_4_15_draws_it(bottleneck: bool) -> None:
    torch.manual_seed(0)
    block = Block(8, 8, 2, bottleneck=bottleneck, preactivation=False).eval()
    x = torch.randn(2, 8, 6, 6).relu()
    residual = block.conv2(block.norm1(block.conv1(x)).relu())
    last = block.norm2
    if bottleneck:
        residual, last = block.conv3(last(residual).relu()), block.norm3
    torch.testing.assert_close(block(x), last(residual + block.projection(x)).relu())


def test_a_net_of_post_activation_blocks_ends_in_an_activated_sum() -> None:
    net = ResNet(10, 3, 1, preactivation=False).eval()
    assert net.last_norm is None
    x = torch.randn(2, 3, 8, 8)
    stem = net.stem_norm(net.stem(x)).relu()
    torch.testing.assert_close(net.features(x), net.stack3(net.stack2(net.stack1(stem))))
    assert net.features(x).min() == 0
    assert catalogue.parameters(net) == catalogue.parameters(ResNet(10, 3, 1))


def test_widening_multiplies_the_filters_of_the_stacks_but_not_the_stem() -> None:
    net = ResNet(10, 3, 1, widening=5)
    stacks = (net.stack1, net.stack2, net.stack3)
    assert [stack[0].conv2.out_channels for stack in stacks] == [80, 160, 320]
    assert net.stem.out_channels == 16 and net.stack1[0].projection is not None


@pytest.mark.parametrize("bottleneck", [False, True])
@pytest.mark.parametrize("preactivation", [False, True])
def test_dropout_of_everything_silences_the_last_convolution_of_a_block(bottleneck: bool, preactivation: bool) -> None:
    block = Block(8, 2 if bottleneck else 8, 1, bottleneck=bottleneck, preactivation=preactivation, drop_probability=1)
    last = block.norm3 if bottleneck else block.norm2
    x = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(block(x), x if preactivation else last(x).relu())
    block.eval()
    assert not torch.allclose(block(x), x)


# Table 4.4.


def test_bn_vgg_has_thirteen_convolutions_and_two_connected_layers() -> None:
    net = BNVGG(10, 3, 32)
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    filters = [layer.out_channels for layer in convolutions]
    assert filters == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert [layer.out_features for layer in net.modules() if isinstance(layer, nn.Linear)] == [512, 10]
    dropped = [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)]
    assert dropped == [0.3] + [0.4] * 7 + [0.5]


def test_bn_vgg_by_hand() -> None:
    widths = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    convolutions = sum(9 * a * b + 2 * b for a, b in pairwise(widths))
    assert catalogue.parameters(BNVGG(10, 3, 32)) == convolutions + 512 * 512 + 2 * 512 + 512 * 10 + 10


def test_bn_vgg_takes_larger_images() -> None:
    assert BNVGG(4, 1, 70).eval()(torch.zeros(2, 1, 70, 70)).shape == (2, 4)


# Section 4.6.


@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_dense_layer_keeps_what_it_got_and_adds_its_growth(bottleneck: bool) -> None:
    layer = Layer(10, 6, bottleneck=bottleneck, drop_probability=0.0).eval()
    x = torch.randn(2, 10, 5, 5)
    grown = layer(x)
    assert grown.shape == (2, 16, 5, 5) and torch.equal(grown[:, :10], x)
    inner = x if layer.squeeze is None else layer.squeeze(layer.squeeze_norm(x).relu())
    assert inner.shape[1] == (24 if bottleneck else 10)
    torch.testing.assert_close(grown[:, 10:], layer.conv(layer.norm(inner).relu()))


def test_a_transition_averages_what_its_convolution_kept() -> None:
    transition = Transition(10, 5, 0.0).eval()
    x = torch.randn(2, 10, 6, 6)
    convolved = transition.conv(transition.norm(x).relu())
    torch.testing.assert_close(transition(x), nn.functional.avg_pool2d(convolved, 2))


def test_the_maps_of_a_densenet_grow_and_are_compressed() -> None:
    x = torch.randn(1, 3, 16, 16)
    net = DenseNet(10, 3, 4, 12).eval()
    first = net.block1(net.stem(x))
    assert first.shape[1:] == (16 + 48, 16, 16) and net.transition1(first).shape[1:] == (64, 8, 8)
    assert net.features(x).shape[1:] == (16 + 3 * 48, 4, 4)
    compressed = DenseNet(10, 3, 4, 12, bottleneck=True, compression=0.5).eval()
    first = compressed.block1(compressed.stem(x))
    assert first.shape[1:] == (24 + 48, 16, 16) and compressed.transition1(first).shape[1:] == (36, 8, 8)


def _depth(net: nn.Module) -> int:
    return sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net.modules())


def test_the_depth_of_a_densenet_is_3n_plus_4_and_of_its_bottleneck_form_6n_plus_4() -> None:
    assert _depth(DenseNet(10, 3, 5, 2)) == 3 * 5 + 4
    assert _depth(DenseNet(10, 3, 5, 2, bottleneck=True)) == 6 * 5 + 4


def test_dropout_of_everything_leaves_only_the_stem_of_a_densenet() -> None:
    net = DenseNet(10, 3, 2, 4, drop_probability=1.0)
    grown = net.block1(net.stem(torch.randn(2, 3, 8, 8)))
    assert not grown[:, 16:].any() and grown[:, :16].any()
    assert not net.transition1(grown).any()


# Initialisation.


@pytest.mark.parametrize("name", [name for name in NETS if name != "nin"])
def test_weights_start_by_he(name: str) -> None:
    torch.manual_seed(0)
    for layer in _new(name, 10, 3, 32).modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight[0].numel()
            count = layer.weight.numel()
            assert layer.weight.detach().std() == pytest.approx((2 / fan_in) ** 0.5, rel=4 / (2 * count) ** 0.5)
            assert layer.bias is None or not layer.bias.any()


def test_nin_starts_by_the_gaussian_of_table_4_2() -> None:
    torch.manual_seed(0)
    layers = [layer for layer in NiN(10, 3, WIDTHS["cifar"]).modules() if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 9
    for layer in layers:
        count = layer.weight.numel()
        assert layer.weight.detach().std() == pytest.approx(0.05, rel=4 / (2 * count) ** 0.5)
        assert layer.bias is not None and layer.bias.unique().tolist() == [float(layer is layers[-1])]


def test_no_class_of_nin_starts_below_its_last_relu() -> None:
    torch.manual_seed(0)
    for widths in WIDTHS.values():
        assert NiN(10, 1, widths)(torch.randn(2, 1, 28, 28)).min() > 0.5


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
