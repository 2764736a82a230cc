"""The strength of a painting: blended rows of the net from photograph to painting (equation 5.14), and the light and
colours of the photograph, which instance normalisation takes and no row can give back."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.style.network import mixture
from core.style.rows import PHOTOGRAPH, SOFT, Rows

SOFT_AT = 0.5  # the strength at which the soft rows alone paint
OCTAVES = 6  # halvings of the picture between the finest band and the coarsest
MOST_CONTRAST = 2.0  # a painting is stretched no further: halos and grain would be, too


@dataclass(frozen=True)
class Ends:
    """The strengths from which on the finest and the coarsest band of a painting are the net's alone."""

    finest: float
    coarsest: float


# Found on four photographs in eight styles: the distance to the photograph then rises nearly evenly.
BY_ROWS = Ends(0.25, 0.45)  # of a net whose rows lead to the photograph themselves
WITHOUT_ROWS = Ends(0.5, 1.0)


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


def led_back(painted: Tensor, photograph: Tensor, strength: float, ends: Ends) -> Tensor:
    """Return a painting led back to its photograph, both (1, 3, H, W) in [0, 1]: at `strength` 0 the photograph.

    The means and deviations of the channels are 1 - `strength` times the photograph's and else the painting's. Below
    `ends` the difference of the two is added octave by octave, the coarsest for longest: each band comes nearly
    whole from one of the two, and where both meet they agree, so that no second picture shines through.
    """
    if strength >= 1:
        return painted
    result = torch.empty_like(painted)
    for channel in range(painted.shape[1]):  # one by one, since a large print fills the memory
        one, target = painted[:, channel : channel + 1], photograph[:, channel : channel + 1]
        one = torch.lerp(one, with_moments(one, target), 1 - strength)
        if strength < ends.coarsest:
            one += weighted_bands(target - one, strength, ends)
        result[:, channel : channel + 1] = one
    return result


def with_moments(painted: Tensor, photograph: Tensor) -> Tensor:
    """Return a painting (1, 3, H, W) with the means and deviations of the photograph's channels."""
    axes = (2, 3)
    contrast = photograph.std(axes, keepdim=True) / painted.std(axes, keepdim=True).clamp_min(1e-6)
    mean, target = painted.mean(axes, keepdim=True), photograph.mean(axes, keepdim=True)
    return torch.addcmul(target, painted - mean, contrast.clamp_max(MOST_CONTRAST))


def weighted_bands(difference: Tensor, strength: float, ends: Ends) -> Tensor:
    """Return the octaves of (1, C, H, W) summed, each times 1 at `strength` 0, less up to its end, and then nothing."""
    levels = [difference]
    while len(levels) <= OCTAVES and min(levels[-1].shape[-2:]) >= 4:
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))
    coarser = levels.pop()
    total = max(0.0, 1 - strength / ends.coarsest) * coarser
    for octave, finer in reversed(list(enumerate(levels))):
        end = ends.finest + (ends.coarsest - ends.finest) * octave / OCTAVES
        weight = max(0.0, 1 - strength / end)
        larger = F.interpolate(total - weight * coarser, size=finer.shape[-2:], mode="bilinear", align_corners=False)
        total, coarser = larger + weight * finer, finer
    return total
