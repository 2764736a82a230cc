"""The losses on the picture itself, against numbers worked out by hand or by NumPy, and against finite differences."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from core.style import picture_losses
from core.style.network import PasticheNet, one_hot


def colours(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_a_moved_picture_that_is_moved_back_is_the_same():
    picture = colours(1, 3, 20, 24)
    moved = picture_losses.move(picture, 3, 1)
    assert moved[0, 0, 3, 1] == picture[0, 0, 0, 0] and moved[0, 2, 10, 10] == picture[0, 2, 7, 9]
    assert torch.equal(picture_losses.move(moved, -3, -1), picture)


def test_shift_is_the_mean_square_of_the_inner_part():
    painted, other = torch.zeros(2, 3, 40, 44), torch.zeros(2, 3, 40, 44)
    other[:, :, :10] = 9  # the margin of a picture of 40 px is 10
    other[0, :, 20, 20] = 0.5  # one of 20 x 24 pixels
    other[1] = 0.1
    expected = torch.tensor([0.25 / (20 * 24), 0.01])
    torch.testing.assert_close(picture_losses.shift_loss(painted, other), expected)
    large = torch.zeros(1, 3, 100, 100)
    large[:, :, 16, 16] = 1  # the margin of a large one is 16
    large[:, :, 15, 16] = 1
    assert picture_losses.shift_loss(large, torch.zeros_like(large)).item() == pytest.approx(1 / 68**2)


def test_a_net_with_a_grid_is_told_from_one_without():
    class Plain(torch.nn.Module):
        def forward(self, x):
            return 1 - x

    def printed(x):  # every fourth column darker, wherever the photograph lies
        mask = torch.ones_like(x)
        mask[..., ::4] = 0.5
        return (1 - x) * mask

    picture = colours(1, 3, 64, 64).float()
    moved = picture_losses.move(picture, 1, 2)
    losses = [
        picture_losses.shift_loss(net(picture), picture_losses.move(net(moved), -1, -2)).item()
        for net in (Plain(), printed)
    ]
    assert losses[0] < 1e-12 and losses[1] > 0.01


def test_the_style_network_has_a_grid_of_four_pixels():
    torch.manual_seed(0)
    net = PasticheNet(1, 0.25)
    picture, blend = colours(1, 3, 96, 96).float(), one_hot(torch.tensor([0]), 1)

    def loss(pixels: int) -> float:
        moved = net(picture_losses.move(picture, 0, pixels), blend)
        return picture_losses.shift_loss(net(picture, blend), picture_losses.move(moved, 0, -pixels)).item()

    with torch.no_grad():
        assert loss(4) < 0.2 * min(loss(1), loss(2), loss(3))


def test_luminance_is_that_of_television():
    red, white = torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    red[:, 0] = 1
    assert picture_losses.luminance(red).item() == pytest.approx(0.299)
    assert picture_losses.luminance(white).item() == pytest.approx(1.0)


def test_the_tone_of_a_painting_has_at_least_the_least_deviation():
    halves = torch.cat((torch.full((1, 3, 4, 4), 0.1), torch.full((1, 3, 4, 4), 0.9)), 3)
    mean, deviation = picture_losses.tone_of(halves)[0].tolist()
    assert mean == pytest.approx(0.5) and deviation == pytest.approx(0.4 * math.sqrt(32 / 31))
    grey = torch.full((1, 3, 8, 8), 0.3)
    assert picture_losses.tone_of(grey)[0].tolist() == pytest.approx([0.3, 0.16])


def test_tone_compares_standardised_means_of_squares():
    painted, photograph = colours(2, 3, 32, 32), colours(2, 3, 32, 32, seed=1)
    tones = torch.tensor([[0.6, 0.2], [0.3, 0.16]], dtype=torch.float64)
    expected = []
    for ours, theirs, (mean, deviation) in zip(painted.numpy(), photograph.numpy(), tones.numpy(), strict=True):
        weights = np.array([0.299, 0.587, 0.114])[:, None, None]
        difference = ((ours * weights).sum(0) - mean) / deviation - ((theirs * weights).sum(0) - 0.45) / 0.25
        squares = []
        for side in (4, 8, 16):
            count = 32 // side
            means = difference.reshape(count, side, count, side).mean((1, 3))
            squares.append((means**2).mean())
        expected.append(np.mean(squares))
    loss = picture_losses.tone_loss(painted, photograph, tones)
    torch.testing.assert_close(loss, torch.tensor(expected, dtype=torch.float64))


def test_tone_in_a_photograph_s_own_range_forgives_darkness():
    photograph = colours(2, 3, 16, 16)
    dark = 0.02 + 0.3 * photograph  # its deviation is still above the least
    light = picture_losses.luminance(photograph)
    standardised = (light - light.mean((1, 2, 3), keepdim=True)) / light.std((1, 2, 3), keepdim=True)
    painted = (0.7 + 0.2 * standardised).expand(2, 3, 16, 16)
    tones = torch.tensor([[0.7, 0.2]] * 2, dtype=torch.float64)
    for picture in (photograph, dark):
        loss = picture_losses.tone_loss(painted, picture, tones, own=True)
        torch.testing.assert_close(loss, torch.zeros(2, dtype=torch.float64), atol=1e-9, rtol=0)
    black = torch.zeros(2, 3, 16, 16, dtype=torch.float64)  # of no deviation at all
    means = [standardised.reshape(2, 16 // side, side, 16 // side, side).mean((2, 4)) for side in (4, 8, 16)]
    expected = torch.stack([mean.square().mean((1, 2)) for mean in means]).mean(0)
    torch.testing.assert_close(picture_losses.tone_loss(painted, black, tones, own=True), expected)


def test_a_photograph_in_the_painting_s_range_has_no_tone_loss():
    photograph = colours(1, 3, 16, 16)
    mean, deviation = 0.7, 0.2
    painted = (photograph - 0.45) / 0.25 * deviation + mean
    tones = torch.tensor([[mean, deviation]], dtype=torch.float64)
    assert picture_losses.tone_loss(painted, photograph, tones).item() == pytest.approx(0, abs=1e-12)


def numpy_palette(picture: np.ndarray, side: int):
    """Means, deviations, parts and spread of one (3, H, W), in plain loops."""
    _, height, width = picture.shape
    squares = [
        picture[:, i : i + side, j : j + side].mean((1, 2))
        for i in range(0, height - side + 1, side)
        for j in range(0, width - side + 1, side)
    ]
    light = np.array([0.299 * r + 0.587 * g + 0.114 * b for r, g, b in squares])
    chroma = np.array([[r - y, b - y] for (r, g, b), y in zip(squares, light, strict=True)])
    means, deviations, parts = [], [], []
    for tone in np.linspace(0, 1, 9):
        window = np.exp(-((light - tone) ** 2) / (2 * 0.08**2))
        mean = (window[:, None] * chroma).sum(0) / window.sum()
        means.append(mean)
        deviations.append(np.sqrt((window[:, None] * (chroma - mean) ** 2).sum(0) / window.sum() + 1e-6))
        parts.append(window.sum())
    return np.array(means), np.array(deviations), np.array(parts) / sum(parts), max(chroma.var(0).mean(), 0.05**2)


@pytest.mark.parametrize("side", picture_losses.COLOUR_MEANS)
def test_a_palette_is_the_chroma_by_luminance(side):
    picture = colours(1, 3, 48, 64)
    palette = picture_losses.palette_of(picture, side)
    means, deviations, parts, spread = numpy_palette(picture[0].numpy(), side)
    np.testing.assert_allclose(palette.means[0].numpy(), means, atol=1e-9)
    np.testing.assert_allclose(palette.deviations[0].numpy(), deviations, atol=1e-7)
    np.testing.assert_allclose(palette.parts[0].numpy(), parts, atol=1e-9)
    assert palette.spread.item() == pytest.approx(spread)


def test_colour_compares_palettes_where_the_painted_picture_has_light():
    painted, painting = colours(1, 3, 48, 48), colours(1, 3, 64, 32, seed=1) ** 2
    ours, theirs = numpy_palette(painted[0].numpy(), 4), numpy_palette(painting[0].numpy(), 4)
    differences = ((ours[0] - theirs[0]) ** 2 + (ours[1] - theirs[1]) ** 2).mean(1)
    expected = (ours[2] * differences).sum() / theirs[3]
    palettes = (picture_losses.palette_of(picture, 4) for picture in (painted, painting))
    assert picture_losses.colour_loss(*palettes).item() == pytest.approx(expected, rel=1e-6)


def test_the_right_colours_at_each_light_cost_nothing_and_others_do():
    gold, blue = torch.tensor([0.9, 0.8, 0.3]), torch.tensor([0.1, 0.15, 0.4])

    def halves(light: torch.Tensor, dark: torch.Tensor) -> torch.Tensor:
        return torch.cat(
            (light[None, :, None, None].expand(1, 3, 32, 16), dark[None, :, None, None].expand(1, 3, 32, 16)), 3
        )

    painting = picture_losses.palette_of(halves(gold, blue), 4)
    turned = picture_losses.palette_of(halves(blue, gold), 4)  # elsewhere, the same colours at the same light
    grey = [
        picture_losses.luminance(colour[None, :, None, None]).expand(1, 3, 1, 1)[0, :, 0, 0] for colour in (gold, blue)
    ]
    faded = picture_losses.palette_of(halves(*grey), 4)
    assert picture_losses.colour_loss(turned, painting).item() == pytest.approx(0, abs=1e-6)
    assert picture_losses.colour_loss(faded, painting).item() > 0.5


def test_pixels_are_compared_by_their_mean_square():
    painted, photograph = torch.full((2, 3, 4, 4), 0.5), torch.full((2, 3, 4, 4), 0.5)
    painted[1, 0] += 0.3
    torch.testing.assert_close(picture_losses.pixel_loss(painted, photograph), torch.tensor([0.0, 0.03]))


def test_gradients_agree_with_finite_differences():
    x, other = colours(1, 3, 16, 16).requires_grad_(), colours(1, 3, 16, 16, seed=1)
    tones = picture_losses.tone_of(other)
    assert gradcheck(lambda x: picture_losses.shift_loss(x, other), x)
    assert gradcheck(lambda x: picture_losses.tone_loss(x, other, tones), x)
    assert gradcheck(lambda x: picture_losses.pixel_loss(x, other), x)


def test_colour_changes_the_chroma_and_leaves_the_light():
    """The windows have no gradient: a darker pixel of another colour would be a cheap way out."""
    painting = picture_losses.palette_of(colours(1, 3, 16, 16, seed=1), 4)
    grey = torch.full((1, 3, 16, 16), 0.5, dtype=torch.float64, requires_grad=True)
    picture_losses.colour_loss(picture_losses.palette_of(grey, 4), painting).sum().backward()
    means = grey.grad.sum((0, 2, 3))
    # Chroma is R - Y and B - Y, so the same amount of R, G and B changes nothing.
    assert means.abs().max() > 0 and means.sum().item() == pytest.approx(0, abs=1e-9)
