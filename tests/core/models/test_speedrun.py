import pytest
import torch
from torch import nn

from core.models import catalogue
from core.models.speedrun import LOGIT_SCALE, Speedrun

pytestmark = pytest.mark.slow


def _pictures(count: int, channels: int, side: int) -> torch.Tensor:
    """Noise whose neighbouring pixels and channels go together, as those of pictures do."""
    noise = torch.randn(count, channels, side + 2, side + 2)
    smooth = nn.functional.avg_pool2d(noise, 3, stride=1) * 3
    return smooth + smooth.roll(1, dims=1) / 2


@pytest.mark.parametrize("channels", [1, 3])
def test_prepared_it_whitens_the_patches_of_the_images(channels: int) -> None:
    torch.manual_seed(0)
    images = _pictures(200, channels, 16)
    net = Speedrun(10, channels)
    net.prepare(images)
    responses = net.whitening(images).transpose(0, 1).flatten(1)
    half = len(responses) // 2
    covariance = responses[:half] @ responses[:half].T / responses.shape[1]
    assert torch.allclose(covariance, torch.eye(half), atol=0.02)
    assert torch.allclose(responses[half:], -responses[:half], atol=1e-4)
    assert not torch.allclose(torch.cov(images.transpose(0, 1).flatten(1)), torch.eye(channels), atol=0.2)


def test_directions_in_which_nothing_varies_are_not_blown_up() -> None:
    net = Speedrun(10, 3)
    net.prepare(torch.zeros(10, 3, 8, 8))
    assert net.whitening.weight.isfinite().all()
    assert net.whitening.weight.abs().max() < 50


def test_the_first_layer_is_not_learnt() -> None:
    net = Speedrun(10, 3)
    learnt = [name for name, parameter in net.named_parameters() if parameter.requires_grad]
    assert "whitening.weight" not in learnt and "groups.0.conv1.weight" in learnt and "output.weight" in learnt


def test_a_fresh_convolution_passes_its_inputs_on() -> None:
    net = Speedrun(10, 3)
    x = torch.randn(2, 64, 5, 5)
    conv = net.groups[1].conv1
    assert torch.allclose(conv(x)[:, :64], x, atol=1e-6)
    assert not torch.allclose(conv(x)[:, 64:128], x, atol=0.1)


def test_the_first_logits_are_as_good_as_equal() -> None:
    torch.manual_seed(0)
    net = Speedrun(10, 3)
    net.prepare(_pictures(50, 3, 32))
    assert net(_pictures(50, 3, 32)).std() < 0.3


@pytest.mark.parametrize(("channels", "side", "last"), [(1, 28, (64, 3)), (3, 32, (256, 3)), (3, 64, (256, 7))])
def test_logits_are_the_head_of_the_features(channels: int, side: int, last: tuple[int, int]) -> None:
    net = Speedrun(7, channels).eval()
    x = torch.randn(2, channels, side, side)
    features = net.features(x)
    assert features.shape == (2, last[0], last[1], last[1])
    assert torch.allclose(net(x), net.head(features))
    by_hand = features.amax((2, 3)) @ net.output.weight.T * LOGIT_SCALE
    assert torch.allclose(net(x), by_hand, atol=1e-6)


@pytest.mark.parametrize("side", [2, 3, 8, 9, 15])
def test_small_images_leave_something_for_every_group(side: int) -> None:
    net = catalogue.build("speedrun", classes=3, channels=1, side=side)
    logits = net(torch.randn(4, 1, side, side))
    logits.sum().backward()
    assert logits.shape == (4, 3) and logits.isfinite().all()


def test_training_reaches_every_learnt_parameter_in_bf16_channels_last() -> None:
    net = Speedrun(10, 3).to(memory_format=torch.channels_last)
    x = _pictures(4, 3, 32).to(memory_format=torch.channels_last)
    net.prepare(x)
    with torch.autocast("cpu", torch.bfloat16):
        features = net.features(x)
        logits = net.head(features)
    assert features.is_contiguous(memory_format=torch.channels_last)
    nn.functional.cross_entropy(logits.float(), torch.tensor([0, 1, 2, 3])).backward()
    for name, parameter in net.named_parameters():
        reached = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        assert reached == parameter.requires_grad, name


def test_it_has_no_class_maps_to_offer() -> None:
    net = catalogue.build("speedrun", classes=10, channels=3, side=32)
    assert not net.ends_in_gap and not hasattr(net, "class_maps")
