"""The perceptual losses of section 5.2, equations 5.4 to 5.10, each per sample of the batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Features = Mapping[str, Tensor]  # layer name -> feature maps (N, C, H, W)


class Correlation(torch.autograd.Function):
    """F^T F of (N, P, C); its gradient is one product, where autograd takes two and a sum of unlike layouts."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:
        ctx.save_for_backward(flat)
        return flat.transpose(1, 2) @ flat

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        return flat @ (gradient + gradient.transpose(1, 2)).to(flat.dtype)


def gram(features: Tensor) -> Tensor:
    """Gram matrices (N, C, C) of feature maps (N, C, H, W), divided by H*W alone (equation 5.7)."""
    samples, channels, height, width = features.shape
    flat = features.permute(0, 2, 3, 1).reshape(samples, height * width, channels)
    return Correlation.apply(flat) / (height * width)


def layer_content_loss(painted: Tensor, content: Tensor) -> Tensor:
    """One term of equation 5.5 with unit weight: the mean squared difference, (N,), in float32 or wider."""
    difference = wide(painted) - wide(content)
    return difference.square().mean((1, 2, 3))


def content_loss(painted: Features, content: Features, weights: Mapping[str, float]) -> Tensor:
    """Equation 5.5 with `weights` per layer, each term divided by the variance of its target: (N,).

    The division makes layers of any scale comparable. A target without variance divides by one.
    """
    terms = []
    for layer, weight in weights.items():
        target = wide(content[layer])
        variance = target.var((1, 2, 3), correction=0)
        variance = torch.where(variance > 0, variance, torch.ones_like(variance))
        terms.append(weight * layer_content_loss(painted[layer], target) / variance)
    return torch.stack(terms).sum(0)


def layer_style_loss(painted: Tensor, target: Tensor) -> Tensor:
    """One term of equation 5.8 with unit weight: mean squared difference of Gram matrices (N, C, C): (N,)."""
    return (wide(painted) - wide(target)).square().mean((1, 2))


def style_loss(painted: Features, targets: Features, weights: Mapping[str, float]) -> Tensor:
    """Equation 5.8 with `weights` per layer, each divided by the mean square of its target Gram matrix: (N,).

    `painted` holds feature maps (N, C, H, W), `targets` Gram matrices (N, C, C) or (1, C, C). With the
    division one style weight serves every painting, whatever its contrast.
    """
    terms = []
    for layer, weight in weights.items():
        target = wide(targets[layer])
        size = target.square().mean((1, 2))
        terms.append(weight * layer_style_loss(gram(painted[layer]), target) / size)
    return torch.stack(terms).sum(0)


def total_variation(picture: Tensor) -> Tensor:
    """Equation 5.9 with beta = 2, as a mean over the pixels of (N, C, H, W) so that no size is favoured: (N,)."""
    picture = wide(picture)
    down = (picture[:, :, 1:, :] - picture[:, :, :-1, :]).square().sum((1, 2, 3))
    right = (picture[:, :, :, 1:] - picture[:, :, :, :-1]).square().sum((1, 2, 3))
    return (down + right) / picture[0].numel()


@dataclass(frozen=True)
class Terms:
    """The three losses of equation 5.10 before their weights, each (N,)."""

    content: Tensor
    style: Tensor
    variation: Tensor


def total_loss(terms: Terms, content: float, style: Tensor | float, variation: float) -> Tensor:
    """Equation 5.10 (5.4 when `variation` is zero): the weighted sum, (N,). `style` may differ per sample, (N,)."""
    return content * terms.content + style * terms.style + variation * terms.variation


def wide(x: Tensor) -> Tensor:
    """Half-width numbers as float32, since squares of small differences vanish in bfloat16."""
    return x if x.dtype == torch.float64 else x.float()
