"""Losses on the painted picture itself: that strokes follow the photograph and not the net's grid, and that its light
and the painting's colours stay. All take RGB in [0, 1], (N, 3, H, W), and return (N,)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.images import LUMINANCE
from core.style.losses import wide

LARGEST_MOVE = 3  # px; the net's grid has four
INNER_MARGIN = 16  # px that are left out at every edge, where a moved picture has other neighbours
TONE_MEANS = (4, 8, 16)  # sides of the squares whose means are compared, px
COLOUR_MEANS = (4, 16)
PHOTOGRAPH_TONE = (0.45, 0.25)  # usual mean and deviation of a photograph's luminance
LEAST_CONTRAST = 0.05  # deviation of a photograph's luminance, where its own counts: below lies noise
LEAST_DEVIATION = 0.16  # of a painting's luminance: a darker or flatter one is painted with this much contrast
TONES = 9  # luminances, from 0 to 1, at which colours are compared
TONE_WIDTH = 0.08  # deviation of the Gaussian window about each
LEAST_CHROMA = 0.05  # deviation that the colours of a nearly grey painting are measured by


def move(picture: Tensor, down: int, right: int) -> Tensor:
    """Return the picture moved by whole pixels; what leaves it at one edge enters at the opposite one."""
    return torch.roll(picture, (down, right), (2, 3))


def shift_loss(painted: Tensor, moved_back: Tensor) -> Tensor:
    """Return the mean squared difference of two paintings without INNER_MARGIN px (a quarter, if small) at the edges.

    `moved_back` is what the net makes of the moved photograph, moved back: the same picture, if strokes follow the
    photograph.
    """
    margin = min(INNER_MARGIN, min(painted.shape[2:]) // 4)
    difference = (wide(painted) - wide(moved_back))[:, :, margin:-margin, margin:-margin]
    return difference.square().mean((1, 2, 3))


def luminance(picture: Tensor) -> Tensor:
    """Return the luminance, the Y of YIQ, (N, 1, H, W)."""
    weights = torch.tensor(LUMINANCE, dtype=picture.dtype, device=picture.device)
    return (picture * weights[:, None, None]).sum(1, keepdim=True)


def tone_of(painting: Tensor) -> Tensor:
    """Return mean and deviation, at least LEAST_DEVIATION, of the luminance of paintings: (N, 2)."""
    light = luminance(wide(painting)).flatten(1)
    return torch.stack((light.mean(1), light.std(1).clamp_min(LEAST_DEVIATION)), 1)


def tone_loss(painted: Tensor, photograph: Tensor, tones: Tensor, own: bool = False) -> Tensor:
    """Return the mean squared difference of standardised luminance, over the means of squares of TONE_MEANS px.

    The photograph's luminance is standardised by PHOTOGRAPH_TONE and the painted one by its painting's row of
    `tones`, (N, 2) as `tone_of` returns them: subject and light stay, in the painting's range. With `own`, the
    photograph's is standardised by its own mean and deviation (at least LEAST_CONTRAST): the last normalisation gives
    every painted picture the same mean, so that of a dark photograph could not be met.
    """
    ours = (luminance(wide(painted)) - tones[:, :1, None, None]) / tones[:, 1:, None, None]
    light = luminance(wide(photograph))
    mean: Tensor | float
    deviation: Tensor | float
    mean, deviation = PHOTOGRAPH_TONE
    if own:
        mean = light.mean((1, 2, 3), keepdim=True)
        deviation = light.std((1, 2, 3), keepdim=True).clamp_min(LEAST_CONTRAST)
    theirs = (light - mean) / deviation
    terms = [F.avg_pool2d(ours - theirs, side).square().mean((1, 2, 3)) for side in TONE_MEANS]
    return torch.stack(terms).mean(0)


@dataclass(frozen=True)
class Palette:
    """Chroma (R - Y, B - Y) by luminance Y: at TONES luminances its mean and deviation, over squares of some px.

    `means` and `deviations` are (N, TONES, 2). `parts` (N, TONES) add up to one: how much of the picture has about
    that luminance. `spread` (N,) is the variance of all chroma, at least LEAST_CHROMA squared.
    """

    means: Tensor
    deviations: Tensor
    parts: Tensor
    spread: Tensor


def palette_of(picture: Tensor, side: int) -> Palette:
    """Return the palette of the means of squares of `side` px; differentiable in the chroma, not in the windows."""
    means = F.avg_pool2d(wide(picture), side).flatten(2)  # (N, 3, P)
    light = luminance(means[..., None])[..., 0]  # (N, 1, P)
    chroma = (means[:, (0, 2)] - light).transpose(1, 2)  # (N, P, 2)
    tones = torch.linspace(0, 1, TONES, dtype=light.dtype, device=light.device)[:, None]
    distances = -(light.detach() - tones).square() / (2 * TONE_WIDTH**2)  # (N, TONES, P)
    windows = distances.softmax(2)
    centres = windows @ chroma
    variances = windows @ chroma.square() - centres.square()
    parts = distances.exp().sum(2)
    return Palette(
        centres,
        (variances.clamp_min(0) + 1e-6).sqrt(),
        parts / parts.sum(1, keepdim=True),
        chroma.detach().var(1, correction=0).mean(1).clamp_min(LEAST_CHROMA**2),
    )


def colour_loss(painted: Palette, painting: Palette) -> Tensor:
    """Return the mean squared difference of two palettes, relative to the painting's spread.

    Each luminance counts as much as there is of it in the painted picture: that each light has the painting's colours
    at that light, whatever the photograph's are.
    """
    differences = (painted.means - painting.means).square() + (painted.deviations - painting.deviations).square()
    return (painted.parts * differences.mean(2)).sum(1) / painting.spread


def pixel_loss(painted: Tensor, photograph: Tensor) -> Tensor:
    """Return the mean squared difference of the pixels."""
    return (wide(painted) - wide(photograph)).square().mean((1, 2, 3))
