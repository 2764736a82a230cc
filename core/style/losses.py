"""The perceptual losses of section 5.2, equations 5.4 to 5.10, per sample of the batch and layer by layer."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import UserError
from core.runs.values import is_number

Features = Mapping[str, Tensor]  # layer name -> feature maps (N, C, H, W)
# What a Gram matrix is divided by: the thesis' equation 5.7, or its code's `--norm_by_channels`. The second makes the
# style loss smaller by the square of the channels, so weights for one mean nothing for the other.
CONVENTIONS = ("HW", "CHW")
MIN_STYLE_SIDE = 32  # px: below that the deepest layers see nothing but the border
LONGEST_STYLE = 8  # times as long as wide: shrunk to the size that is learnt, a longer one has too short a side


class Correlation(torch.autograd.Function):
    """F^T F of (N, P, C); its gradient is one product, where autograd takes two and a sum of unlike layouts."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:
        ctx.save_for_backward(flat)
        # Sample by sample: the batched product of bfloat16 copies the transposed maps, and takes eight times as long.
        return torch.stack([maps.t() @ maps for maps in flat])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        return flat @ (gradient + gradient.transpose(1, 2)).to(flat.dtype)


def gram(features: Tensor, convention: str = "HW") -> Tensor:
    """Return Gram matrices (N, C, C) of feature maps (N, C, H, W), divided by H*W (equation 5.7) or by C*H*W.

    `convention` is one of CONVENTIONS; UserError for another.
    """
    if convention not in CONVENTIONS:
        raise UserError(f"There is no Gram convention {convention!r}; choose {' or '.join(CONVENTIONS)}.")
    samples, channels, height, width = features.shape
    flat = features.permute(0, 2, 3, 1).reshape(samples, height * width, channels)
    return Correlation.apply(flat) / (height * width * (channels if convention == "CHW" else 1))


class Distance(torch.autograd.Function):
    """Mean squared difference (N,) of two (N, C, H, W), summed in float32 or wider; differentiable in the
    first alone.

    Autograd reads the maps several times as often, in turn along and across their layout in memory.
    """

    @staticmethod
    def forward(ctx: Any, painted: Tensor, content: Tensor) -> Tensor:
        difference = painted - content.to(painted.dtype)
        ctx.save_for_backward(difference)
        return wide(difference).square().mean((1, 2, 3))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        scale = 2 / difference[0].numel() * gradient
        return difference * scale.to(difference.dtype)[:, None, None, None], None


def layer_content_loss(painted: Tensor, content: Tensor) -> Tensor:
    """Return one term of equation 5.5 with unit weight: the mean squared difference, (N,), in float32 or wider."""
    return Distance.apply(painted, content)


def content_terms(
    painted: Features, content: Features, weights: Mapping[str, float], *, relative: bool = True
) -> dict[str, Tensor]:
    """Return the weighted terms of equation 5.5 by layer, each (N,).

    `relative` divides each term by the variance of its target, which makes layers of any scale comparable; without
    it the terms are the equation's own. A target without variance divides by one.
    """
    terms = {}
    for layer, weight in weights.items():
        target = content[layer]
        size = unless_zero(wide(target).var((1, 2, 3), correction=0)) if relative else 1.0
        terms[layer] = weight * layer_content_loss(painted[layer], target) / size
    return terms


def content_loss(
    painted: Features, content: Features, weights: Mapping[str, float], *, relative: bool = True
) -> Tensor:
    """Return equation 5.5 with `weights` per layer, each term `relative` to its target (see `content_terms`): (N,)."""
    return torch.stack(list(content_terms(painted, content, weights, relative=relative).values())).sum(0)


def layer_style_loss(painted: Tensor, target: Tensor) -> Tensor:
    """Return one term of equation 5.8 with unit weight: mean squared difference of Gram matrices (N, C, C): (N,)."""
    return (wide(painted) - wide(target)).square().mean((1, 2))


def style_terms(
    painted: Features,
    targets: Features,
    weights: Mapping[str, float],
    *,
    convention: str = "HW",
    relative: bool = True,
) -> dict[str, Tensor]:
    """Return the weighted terms of equation 5.8 by layer, each (N,).

    `painted` holds feature maps (N, C, H, W), `targets` Gram matrices (N, C, C) or (1, C, C) of the same
    `convention`. `relative` divides each term by the mean square of its target Gram matrix, so that one style weight
    serves every painting, whatever its contrast; the convention then no longer matters.
    """
    terms = {}
    for layer, weight in weights.items():
        target = wide(targets[layer])
        size = unless_zero(target.square().mean((1, 2))) if relative else 1.0
        terms[layer] = weight * layer_style_loss(gram(painted[layer], convention), target) / size
    return terms


def style_loss(
    painted: Features,
    targets: Features,
    weights: Mapping[str, float],
    *,
    convention: str = "HW",
    relative: bool = True,
) -> Tensor:
    """Return equation 5.8 with `weights` per layer, each term `relative` to its target (see `style_terms`): (N,)."""
    terms = style_terms(painted, targets, weights, convention=convention, relative=relative)
    return torch.stack(list(terms.values())).sum(0)


def total_variation(picture: Tensor, exponent: float = 2.0) -> Tensor:
    """Return equation 5.9 with beta = `exponent`, as a mean over (N, C, H, W), so that no size is favoured: (N,).

    The last row has no pixel below it and the last column none beside it; those differences count as zero.
    Raises UserError for an exponent below 1, whose gradient has no bound near flat places.
    """
    if not 1 <= exponent < math.inf:
        raise UserError(f"The exponent of the total variation is {exponent}; give a number of 1 or more.")
    picture = wide(picture)
    down = (picture[:, :, 1:, :] - picture[:, :, :-1, :]).square()
    right = (picture[:, :, :, 1:] - picture[:, :, :, :-1]).square()
    if exponent == 2:
        return (down.sum((1, 2, 3)) + right.sum((1, 2, 3))) / picture[0].numel()
    squares = F.pad(down, (0, 0, 0, 1)) + F.pad(right, (0, 1, 0, 0))
    # Where nothing changes the root has no gradient; those pixels are flat already.
    changes = squares > 0
    powers = torch.where(changes, squares, torch.ones_like(squares)).pow(exponent / 2)
    return torch.where(changes, powers, torch.zeros_like(powers)).mean((1, 2, 3))


def check_weights(weights: Mapping[str, float], what: str, layers: Collection[str] | None = None) -> None:
    """Raise UserError for weights of `what` that are negative or no numbers, or name none of `layers`."""
    for name, weight in weights.items():
        if layers is not None and name not in layers:
            raise UserError(f"There is no loss layer {name!r}; the layers are {', '.join(layers)}.")
        if not is_number(weight):
            raise UserError(f"The {what} weight of {name} is {weight!r}; it must be a number of zero or more.")
        if not (math.isfinite(weight) and weight >= 0):
            raise UserError(f"The {what} weight of {name} is {weight}; it must be a number of zero or more.")


def check_style(picture: Any, what: str = "The style picture") -> None:
    """Raise UserError for a picture (H, W, 3) of one colour, or too small or too long to have a style to imitate."""
    height, width = picture.shape[:2]
    if (picture == picture[:1, :1]).all():
        raise UserError(f"{what} is of one colour and has no strokes to imitate; choose a painting.")
    if min(height, width) < MIN_STYLE_SIDE:
        raise UserError(
            f"{what} is {width} x {height} px; each side needs at least {MIN_STYLE_SIDE}, so take a larger copy."
        )
    if max(height, width) > LONGEST_STYLE * min(height, width):
        raise UserError(
            f"{what} is {width} x {height} px, too long and narrow to learn from; cut out a part that is at most "
            f"{LONGEST_STYLE} times as long as wide."
        )


@dataclass(frozen=True)
class Terms:
    """The three losses of equation 5.10 before their weights, each (N,), and by name those that a recipe adds."""

    content: Tensor
    style: Tensor
    variation: Tensor
    added: Mapping[str, Tensor] = field(default_factory=dict)


def total_loss(terms: Terms, content: Tensor | float, style: Tensor | float, variation: Tensor | float) -> Tensor:
    """Return equation 5.10 (5.4 when `variation` is zero): the weighted sum, (N,). A weight is a number or (N,)."""
    return content * terms.content + style * terms.style + variation * terms.variation


def unless_zero(sizes: Tensor) -> Tensor:
    """Return divisors (N,) with ones for zeros."""
    return torch.where(sizes > 0, sizes, torch.ones_like(sizes))


def wide(x: Tensor) -> Tensor:
    """Return 16-bit numbers as float32, since squares of small differences vanish in bfloat16."""
    return x if x.dtype == torch.float64 else x.float()
