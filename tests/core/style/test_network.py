"""The style network: Table 5.1, conditional normalisation (5.13), blending (5.14) and pictures of any size."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.errors import UserError
from core.style import network
from core.style.network import ConditionalNorm, InstanceNorm, NormedConvolution, PasticheNet, mixture, one_hot


def varied_net(styles: int = 3, width: float = 0.25) -> PasticheNet:
    torch.manual_seed(0)
    net = PasticheNet(styles, width)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if ".norm." in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return net


def test_the_convolutions_are_those_of_table_5_1():
    convolutions = [m for m in PasticheNet(1).modules() if isinstance(m, nn.Conv2d)]
    shapes = [(m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0]) for m in convolutions]
    assert shapes == [
        (3, 16, 9, 1),
        (16, 32, 3, 2),
        (32, 64, 3, 2),
        *[(64, 64, 3, 1)] * 10,
        (64, 32, 3, 1),
        (32, 16, 3, 1),
        (16, 3, 9, 1),
    ]


def test_all_sixteen_normalisations_know_the_style():
    norms = [m for m in PasticheNet(5).modules() if isinstance(m, ConditionalNorm)]
    assert len(norms) == 16
    assert all(len(norm.scale) == len(norm.shift) == 5 for norm in norms)


def test_weights_start_gaussian_with_the_table_s_deviation():
    torch.manual_seed(0)
    weight = PasticheNet(1).residuals[0].first.convolution.weight
    assert weight.std().item() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("style", range(3))
@pytest.mark.parametrize("learning", [True, False])
def test_conditional_norm_is_instance_norm_with_the_style_s_parameters(style, learning):
    torch.manual_seed(0)
    ours = ConditionalNorm(3, 4)
    theirs = nn.InstanceNorm2d(4, affine=True, eps=ours.epsilon)
    with torch.no_grad():
        ours.scale.normal_()
        ours.shift.normal_()
        theirs.weight.copy_(ours.scale[style])
        theirs.bias.copy_(ours.shift[style])
    x = 3 + 2 * torch.randn(2, 4, 7, 5)
    with torch.set_grad_enabled(learning):
        painted = ours(x, one_hot(torch.tensor([style]), 3))
    torch.testing.assert_close(painted, theirs(x), atol=1e-5, rtol=1e-5)


def test_gradient_of_instance_norm_agrees_with_finite_differences():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: InstanceNorm.apply(x, 1e-5), x)


def test_gradient_of_instance_norm_is_pytorch_s_in_channels_last():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    upstream = torch.randn(2, 3, 6, 5)
    (ours,) = torch.autograd.grad(InstanceNorm.apply(x, 1e-5), x, upstream)
    (theirs,) = torch.autograd.grad(F.instance_norm(x, eps=1e-5), x, upstream)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_four_small_convolutions_are_nearest_upsampling_and_one_large():
    torch.manual_seed(0)
    x = torch.randn(2, 5, 4, 7, dtype=torch.float64)
    weight = torch.randn(3, 5, 3, 3, dtype=torch.float64)
    doubled = F.interpolate(x, scale_factor=2, mode="nearest")
    expected = F.conv2d(F.pad(doubled, (1, 1, 1, 1), mode="reflect"), weight)
    torch.testing.assert_close(network.upsampled_convolution(x, weight), expected)


@pytest.mark.parametrize("pad", [1, 4])
def test_padding_without_gradients_reflects(pad):
    x = torch.randn(2, 3, 5, 9)
    expected = F.pad(x, (pad, pad, pad, pad), mode="reflect")
    with torch.no_grad():
        assert torch.equal(network.reflect(x, pad), expected)


@pytest.mark.parametrize("size", [(3, 5, 12, 10), (2, 4, 9, 9)])
def test_a_convolution_in_squares_is_the_convolution(size):
    torch.manual_seed(0)
    maps, channels, height, width = size
    x = torch.randn(2, channels, height + 8, width + 8, dtype=torch.float64)
    layer = NormedConvolution(1, channels, maps, 9).double()
    expected = layer.convolution(x)
    with torch.no_grad():
        torch.testing.assert_close(layer.convolved(x), expected)
        assert expected.shape[1:] == (maps, height, width)


def test_squares_of_pixels_take_the_place_of_the_last_convolution_where_nothing_is_learnt(monkeypatch):
    sizes = []
    in_squares = network.convolution_in_squares
    monkeypatch.setattr(
        network, "convolution_in_squares", lambda x, w: [sizes.append(tuple(w.shape)), in_squares(x, w)][1]
    )
    net, x, blend = varied_net(), torch.rand(1, 3, 13, 22), mixture({"a": 1}, ("a", "b", "c"))
    net(x, blend)
    assert not sizes
    with torch.no_grad():
        net(x, blend)
    assert sizes == [(3, 4, 9, 9)]


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (8, 11), (13, 30), (33, 50), (64, 47)])
@pytest.mark.parametrize("learning", [True, False])
def test_output_has_the_size_of_the_input(size, learning):
    with torch.set_grad_enabled(learning):
        painted = varied_net()(torch.rand(1, 3, *size), mixture({"a": 1}, ("a", "b", "c")))
    assert painted.shape == (1, 3, *size)
    assert torch.isfinite(painted).all()


def test_painting_with_and_without_gradients_is_the_same():
    net, x, blend = varied_net(), torch.rand(1, 3, 24, 20), mixture({"a": 1, "c": 2}, ("a", "b", "c"))
    learning = net(x, blend)
    with torch.no_grad():
        torch.testing.assert_close(net(x, blend), learning, atol=1e-5, rtol=1e-4)


def test_too_small_a_picture_is_refused_in_a_sentence():
    with pytest.raises(UserError, match="7 x 20 pixels; painting needs at least 8"):
        varied_net()(torch.rand(1, 3, 20, 7), torch.tensor([[1.0, 0, 0]]))


def test_output_stays_in_the_range_of_tanh():
    net = varied_net()
    with torch.no_grad():
        net.leave.norm.scale.fill_(1e4)
        painted = net(torch.rand(1, 3, 16, 16), torch.tensor([[1.0, 0, 0]])) * 255
    means = torch.tensor(network.MEANS).view(1, 3, 1, 1)
    torch.testing.assert_close((painted - means).abs().amax((0, 2, 3)), torch.full((3,), 150.0), atol=1e-2, rtol=0)


def test_samples_of_a_batch_may_have_different_styles():
    net, x = varied_net(), torch.rand(3, 3, 16, 20)
    together = net(x, one_hot(torch.tensor([2, 0, 1]), 3))
    alone = [net(x[i : i + 1], one_hot(torch.tensor([style]), 3)) for i, style in enumerate((2, 0, 1))]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_blending_averages_the_parameters_as_equation_5_14_says():
    net, x = varied_net(), torch.rand(1, 3, 20, 16)
    weights = (0.6, 0.0, 1.8)
    single = PasticheNet(1, 0.25)
    averaged = {}
    for name, tensor in net.state_dict().items():
        if ".norm." in name:
            tensor = sum(w * row for w, row in zip(weights, tensor, strict=True))[None] / sum(weights)
        averaged[name] = tensor
    single.load_state_dict(averaged)
    blended = net(x, mixture({"a": 0.6, "c": 1.8}, ("a", "b", "c")))
    torch.testing.assert_close(blended, single(x, torch.ones(1, 1)), atol=1e-5, rtol=1e-4)
    assert (blended - net(x, mixture({"a": 1}, ("a", "b", "c")))).abs().max() > 0.01


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"a": -0.1}, "weight of a is -0.1"),
        ({"a": 1.0, "b": float("nan")}, "weight of b is nan"),
        ({"a": float("inf")}, "weight of a is inf"),
        ({"a": 0.0, "b": 0.0}, "All style weights are zero"),
        ({}, "All style weights are zero"),
        ({"monet": 1.0}, "no style 'monet'; the styles are a, b"),
        ({"a": 1e308, "b": 1e308}, "too large"),
    ],
)
def test_weights_that_mean_nothing_are_refused_in_a_sentence(weights, sentence):
    with pytest.raises(UserError, match=sentence):
        mixture(weights, ("a", "b"))


def test_weights_count_only_against_each_other():
    torch.testing.assert_close(mixture({"a": 0.2, "b": 0.6}, ("a", "b")), torch.tensor([[0.25, 0.75]]))


@pytest.mark.parametrize(("styles", "width"), [(0, 1.0), (2, 0.0), (2, -1.0), (2, float("nan"))])
def test_a_net_of_nothing_is_refused(styles, width):
    with pytest.raises(UserError):
        PasticheNet(styles, width)


def test_a_new_net_can_start_from_a_palette():
    net = PasticheNet(2)
    means, deviations = torch.tensor([0.7, 0.4, 0.2]), torch.tensor([0.05, 0.08, 0.02])
    net.start_from_colours(1, means, deviations)
    painted = net(torch.rand(1, 3, 64, 64), torch.tensor([[0.0, 1.0]]))
    torch.testing.assert_close(painted.mean((0, 2, 3)), means, atol=0.02, rtol=0)
    torch.testing.assert_close(painted.std((0, 2, 3)), deviations, atol=0.01, rtol=0.1)
