"""EfficientNet-Lite0: the same answers as its companion package, at any size, folded or not, plain or finer."""

import copy

import pytest
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor

from core.models import blueprint, catalogue, fused_convolution, pretrained
from core.models.efficientnet import EfficientNetLite, Unit

PARAMETERS = 4_652_008  # of the paper's Lite form, as the companion package counts them


def small_weights(net: EfficientNetLite) -> None:
    """Give the normalisation other statistics than the initial ones, so that folding them changes something."""
    draw = torch.Generator().manual_seed(1)
    for name, tensor in net.state_dict().items():
        if name.endswith(("running_mean", "norm.bias")):
            tensor.copy_(0.2 * torch.randn(tensor.shape, generator=draw))
        elif name.endswith(("running_var", "norm.weight")):
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=draw))


@pytest.fixture(scope="module")
def net() -> EfficientNetLite:
    torch.manual_seed(0)
    net = EfficientNetLite(7, 3).eval().requires_grad_(False)
    small_weights(net)
    return net


def pictures(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def companion() -> EfficientNet:
    net = EfficientNet.from_name("efficientnet-lite0").eval().requires_grad_(False)
    net.load_state_dict(torch.load(pretrained.path(), weights_only=True))
    return net


@pytest.fixture(scope="module")
def trained_net() -> EfficientNetLite:
    net = EfficientNetLite(1000, 3).eval().requires_grad_(False)
    net.load_state_dict(pretrained.read())
    return net


@pytest.mark.parametrize("size", [(224, 224), (224, 352), (352, 256)])
def test_logits_are_those_of_the_companion_package(companion, trained_net, size):
    x = pictures(*size)
    torch.testing.assert_close(trained_net(x), companion(x), atol=5e-5, rtol=0)


def test_it_has_the_parameters_of_the_paper():
    with torch.device("meta"):
        net = catalogue.build("efficientnet_lite0", classes=1000, channels=3, side=224)
        plan = blueprint.read(net, 3, 224)
    assert catalogue.parameters(net) == plan.parameters == PARAMETERS
    weighted = [operation for stage in plan.stages for block in stage.blocks for operation in block.weighted]
    assert len(weighted) == catalogue.depth("efficientnet_lite0")
    assert plan.stages[-2].output == (1280, 7, 7)


@pytest.mark.parametrize("size", [(64, 96), (45, 71), (15, 352)])
def test_the_mean_of_a_map_is_the_logit(net, size):
    features = net.features(pictures(*size))
    assert features.shape[2:] == tuple(-(-side // 32) for side in size)
    torch.testing.assert_close(net.class_maps(features).mean((2, 3)), net.head(features), atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 12), (7, 11)])
def test_padding_puts_the_odd_pixel_at_the_bottom_right(kernel, size):
    unit = Unit(3, 3, kernel, 2, 3, activated=False).eval()
    x = pictures(*size)
    before = kernel // 2 - 1
    padded = F.pad(x, (before, kernel // 2 + size[1] % 2, before, kernel // 2 + size[0] % 2))
    expected = unit.norm(F.conv2d(padded, unit.conv.weight, stride=2, groups=3))
    torch.testing.assert_close(unit(x), expected)


def test_folding_changes_no_answer_and_no_weight(net):
    x, before = pictures(64, 96), {name: tensor.clone() for name, tensor in net.state_dict().items()}
    expected = net(x)
    net.fold()
    assert all(unit._folded for unit in net.modules() if isinstance(unit, Unit))
    torch.testing.assert_close(net(x), expected, atol=1e-4, rtol=1e-4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    net.train()
    assert not any(unit._folded for unit in net.modules() if isinstance(unit, Unit))
    net.eval()
    assert torch.equal(net(x), expected)


def test_fused_convolutions_give_what_the_usual_ones_give(net, monkeypatch):
    net.fold()
    answers = {}
    for usable in (True, False):
        monkeypatch.setattr(fused_convolution, "is_usable", lambda x, usable=usable: usable)
        answers[usable] = [net(pictures(*size)) for size in ((64, 96), (45, 71), (64, 96))]
    assert all(unit._packed for unit in net.modules() if isinstance(unit, Unit))
    torch.testing.assert_close(answers[True], answers[False], atol=1e-5, rtol=1e-5)


def test_a_gradient_goes_through_the_usual_convolutions(net):
    net.fold()
    x = pictures(64, 64).requires_grad_()
    assert fused_convolution.is_usable(x.detach()) and not fused_convolution.is_usable(x)
    (gradient,) = torch.autograd.grad(net(x).sum(), x)
    assert gradient.abs().sum() > 0


def test_a_folded_net_can_be_copied(net):
    net.fold()
    answer = net(pictures(64, 64))
    copied = copy.deepcopy(net)
    torch.testing.assert_close(copied(pictures(64, 64)), answer)
    assert not any(
        unit._packed is other._packed
        for unit, other in zip(net.modules(), copied.modules(), strict=True)
        if isinstance(unit, Unit)
    )


def test_in_bfloat16_the_head_stays_exact(net):
    net.fold(torch.bfloat16)
    x = pictures(64, 96)
    features = net.features(x)
    assert features.dtype == torch.float32
    torch.testing.assert_close(net.class_maps(features).mean((2, 3)), net.head(features), atol=2e-6, rtol=1e-5)
    net.fold()
    assert (net(x).softmax(1) - net.head(features).softmax(1)).abs().max() < 0.02


def test_few_of_the_maps_are_those_of_all(net):
    features = net.features(pictures(64, 96))
    few, every = net.class_maps_of(features, torch.tensor([[3], [6]])), net.class_maps(features)
    torch.testing.assert_close(few[:, 0], torch.stack([every[0, 3], every[1, 6]]))


def test_finer_maps_hold_the_plain_ones():
    torch.manual_seed(0)
    net = EfficientNetLite(7, 3).eval().requires_grad_(False)
    small_weights(net)
    x = pictures(320, 384)
    plain = net.features(x)
    net.make_finer()
    finer = net.features(x)
    assert finer.shape[2:] == (20, 24) and plain.shape[2:] == (10, 12)
    # Away from the edges, where padding differs, every other cell is the plain net's, computed the same way.
    torch.testing.assert_close(finer[..., 9:-9:2, 9:-9:2], plain[..., 4:-5, 4:-5], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(net.class_maps(finer).mean((2, 3)), net.head(finer), atol=2e-6, rtol=1e-5)


def test_training_reaches_every_parameter(net):
    learner = EfficientNetLite(7, 3)
    F.cross_entropy(learner(pictures(64, 64)), torch.tensor([1, 2])).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in learner.parameters())
