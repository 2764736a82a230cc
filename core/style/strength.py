"""The strength of a painting: blended rows of the net from photograph to painting (equation 5.14), and the light and
colours of the photograph, which instance normalisation takes and no row can give back."""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from core.style.network import mixture
from core.style.rows import PHOTOGRAPH, SOFT, Rows

SOFT_AT = 0.5  # the strength at which the soft rows alone paint
OCTAVES = 6  # halvings of the picture between the finest band and the coarsest
FINEST_END = 0.55  # of the way from photograph to painting, at which the finest band is the painting's alone
MOST_CONTRAST = 2.0  # a painting is stretched no further: halos and grain would be, too
SAMPLE_SIDE = 256  # px, of the pictures on which the way is measured
HALVINGS = 10  # of the interval in which the place on the way is searched: to a thousandth


def blend_of(styles: Mapping[str, float], strength: float, rows: Rows) -> Tensor:
    """Return the row (1, rows) that blends a net's parameters (equation 5.14) for a `strength` from 0 to 1.

    From 0 to SOFT_AT the photograph's row gives way to the soft rows of `styles` (name -> weight), from there on these
    to the full ones. A net without such rows always paints in full. Raises UserError as `mixture`.
    """
    full = mixture(dict(styles), rows.styles)[0].tolist()
    shares = {name: share for name, share in zip(rows.styles, full, strict=True) if share}
    if not rows.soften:
        return mixture(shares, rows.names)
    soft = min(strength, 1 - strength) / SOFT_AT
    weights = {PHOTOGRAPH: max(0.0, 1 - strength / SOFT_AT)}
    weights |= {name + SOFT: soft * share for name, share in shares.items()}
    weights |= {name: max(0.0, strength / SOFT_AT - 1) * share for name, share in shares.items()}
    return mixture(weights, rows.names)


def led_back(painted: Tensor, photograph: Tensor, strength: float, distance: float) -> Tensor:
    """Return a painting led back to its photograph, both (1, 3, H, W) in [0, 1]: at `strength` 0 the photograph.

    The means and deviations of the channels are 1 - `strength` times the photograph's and else the painting's. Where
    the mean absolute difference of the two is then above `strength` times `distance`, that of the painting in full,
    the difference is added octave by octave, the coarsest for longest, until it is not: so the slider works evenly on
    every picture. Nearly each band comes from one of the two, and where both meet they agree: no second picture shines
    through.
    """
    if strength >= 1:
        return painted
    result = torch.empty_like(painted)
    for channel in channels(painted):  # one by one, since a large print fills the memory
        result[:, channel] = torch.lerp(
            painted[:, channel], with_moments(painted[:, channel], photograph[:, channel]), 1 - strength
        )
    total = sum(float((result[:, one] - photograph[:, one]).abs().mean()) for one in channels(painted))
    if (mean := total / painted.shape[1]) <= strength * distance:
        return result
    place = place_at(result, photograph, strength * distance / mean)
    for channel in channels(painted):
        result[:, channel] += weighted_bands(photograph[:, channel] - result[:, channel], place)
    return result


def channels(picture: Tensor) -> list[slice]:
    """Return the slices of the single channels of (1, C, H, W)."""
    return [slice(channel, channel + 1) for channel in range(picture.shape[1])]


def place_at(painted: Tensor, photograph: Tensor, part: float) -> float:
    """Return the place on the way from photograph, 0, to painting, 1, at which `part` of their difference is left.

    It is searched on copies of at most SAMPLE_SIDE px, whose finest bands are left out.
    """
    halvings = max(0, math.ceil(math.log2(max(painted.shape[-2:]) / SAMPLE_SIDE)))
    step = 2**halvings
    small = [F.avg_pool2d(photograph[:, one] - painted[:, one], step, ceil_mode=True) for one in channels(painted)]
    difference = torch.cat(small, 1)
    whole = float(difference.abs().mean())
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        left = difference - weighted_bands(difference, middle, halvings)
        low, high = (middle, high) if float(left.abs().mean()) < part * whole else (low, middle)
    return low


def with_moments(painted: Tensor, photograph: Tensor) -> Tensor:
    """Return a painting (1, 3, H, W) with the means and deviations of the photograph's channels."""
    axes = (2, 3)
    contrast = photograph.std(axes, keepdim=True) / painted.std(axes, keepdim=True).clamp_min(1e-6)
    mean, target = painted.mean(axes, keepdim=True), photograph.mean(axes, keepdim=True)
    return torch.addcmul(target, painted - mean, contrast.clamp_max(MOST_CONTRAST))


def weighted_bands(difference: Tensor, place: float, halvings: int = 0) -> Tensor:
    """Return the octaves of (1, C, H, W) summed, each times 1 at `place` 0, less up to its end, and then nothing.

    The picture was halved so many times before: its finest band is the coarser.
    """
    levels = [difference]
    while len(levels) <= OCTAVES - halvings and min(levels[-1].shape[-2:]) >= 4:
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))
    coarser = levels.pop()
    total = (1 - place) * coarser
    for octave, finer in reversed(list(enumerate(levels, halvings))):
        end = FINEST_END + (1 - FINEST_END) * min(1.0, octave / OCTAVES)
        weight = max(0.0, 1 - place / end)
        larger = F.interpolate(total - weight * coarser, size=finer.shape[-2:], mode="bilinear", align_corners=False)
        total, coarser = larger + weight * finer, finer
    return total
