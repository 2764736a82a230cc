"""Class activation maps: the evidence for a class at each position of an image (section 5.1).

Maps are signed and unscaled; only `overlay` turns them into colours, on a scale that is an argument, so that two maps
shown together can share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import colormaps
from numpy.typing import NDArray
from torch import Tensor, nn

from core import images
from core.errors import UserError
from core.models.layers import AveragedMaps

MANY = 20  # a net with as many classes for each map that is wanted computes only these
COLOUR_MAP = "inferno"  # perceptually uniform: equal steps of evidence look equal

WHY_CAM = (
    "The net ends in global average pooling, so each class has a map in the same forward pass, "
    "and the mean of that map is exactly the class's score (equations 5.1 to 5.3)."
)
WHY_GRAD_CAM = (
    "The net ends in fully-connected layers or another pooling than the average, which give no map for a class, so "
    "the last feature maps are added up, each weighted by the mean gradient of the class's score "
    "(Selvaraju et al., 2017)."
)
WHY_GRAD_CAM_ANYWHERE = (
    "The last feature maps are added up, each weighted by the mean gradient of the class's score "
    "(Selvaraju et al., 2017)."
)

SIGNED_COLOUR_MAP = "RdBu_r"  # blue against the class, white for nothing, red for it


def _colours(name: str) -> NDArray[np.uint8]:
    return np.rint(colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255).astype(np.uint8)


_RAMP, _SIGNED_RAMP = _colours(COLOUR_MAP), _colours(SIGNED_COLOUR_MAP)


class Explainable(Protocol):
    """The interface of a net that can be explained, as all of core.models have it: forward(x) is head(features(x))."""

    ends_in_gap: bool

    def features(self, x: Tensor) -> Tensor:
        """Return the last feature maps (N, F, h, w) of images (N, C, H, W)."""

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, F, h, w)."""

    def class_maps(self, features: Tensor) -> Tensor:
        """Return class maps (N, classes, h, w) whose mean is the logit; only if `ends_in_gap`."""


@dataclass(frozen=True)
class Grid:
    """Where the cells of maps lie in an image: the centre of the first and the step to the next, each (down, right).

    Both are in shares of the image's height and width, so they hold for a picture of any size.
    """

    first: tuple[float, float]
    step: tuple[float, float]


@dataclass(frozen=True)
class Explanation:
    """The logits of N images, and K maps for each.

    `logits` (N, classes); `classes` (N, K), the class of every map; `maps` (N, K, h, w), raw and signed;
    `method` is the title of the method, such as "CAM", and `why` a sentence about it. `grid` says where the maps' cells
    lie in the images; None: they divide them evenly.
    """

    logits: Tensor
    classes: Tensor
    maps: Tensor
    method: str
    why: str
    grid: Grid | None = None

    @property
    def probabilities(self) -> Tensor:
        """Return the softmax of the logits, (N, classes)."""
        return self.logits.softmax(1)


def explain(net: nn.Module, x: Tensor, classes: Tensor | None = None) -> Explanation:
    """Return logits and class activation maps for normalised images `x` (N, C, H, W).

    `classes` (N, K) selects the maps; the default is the predicted class of each image. The maps of a net that ends
    in global average pooling are its own (equation 5.3), those of any other are by Grad-CAM. The net is neither
    hooked nor changed, so threads may share it. Raises ValueError for a net in training mode, and UserError where a
    logit is not finite and for a class that the net does not have.
    """
    if net.training:
        raise ValueError("explain needs a net in evaluation mode: call net.eval() first")
    explainable = cast(Explainable, net)
    with torch.no_grad():
        features = explainable.features(x)
        logits = finite(explainable.head(features))
        explained = logits.argmax(1, keepdim=True) if classes is None else checked(classes, logits.shape[1])
        if explainable.ends_in_gap:
            maps = own_maps(explainable, features, explained)
            return Explanation(logits, explained, maps.float(), "CAM", WHY_CAM, grid(net, x))
    maps = grad_cam(explainable, features, explained)
    return Explanation(logits, explained, maps, "Grad-CAM", WHY_GRAD_CAM, grid(net, x))


def grid(net: nn.Module, x: Tensor) -> Grid | None:
    """Return where the cells of a net's last maps lie in images `x` (N, C, H, W); None: they divide them evenly."""
    cells = getattr(net, "cells", None)
    if cells is None:
        return None
    height, width = x.shape[-2:]
    return Grid((cells.first / height, cells.first / width), (cells.step / height, cells.step / width))


def own_maps(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    """Return a net's own maps (N, K, h, w) of `classes` (N, K), of nets that end in global average pooling.

    Of a thousand classes only those few are computed, where the net can.
    """
    if isinstance(net, AveragedMaps) and MANY * classes.shape[1] < net.output.out_features:
        return net.class_maps_of(features, classes)
    class_maps = net.class_maps(features)
    height, width = class_maps.shape[-2:]
    return class_maps.gather(1, classes[:, :, None, None].expand(-1, -1, height, width))


def grad_cam(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    """Return Grad-CAM maps (N, K, h, w) of feature maps (N, F, h, w) for `classes` (N, K).

    Selvaraju et al., 2017, equations 1 and 2, without the ReLU, which `overlay` applies.
    """
    weights = gradients(net, features, classes).mean((-2, -1))
    return torch.einsum("nkf,nfhw->nkhw", weights, features.detach()).float()


def gradients(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    """Return gradients (N, K, F, h, w) of the logits of `classes` (N, K) by the feature maps (N, F, h, w)."""
    with torch.enable_grad():
        features = features.detach().requires_grad_()
        logits = net.head(features)
        selected = logits.gather(1, checked(classes, logits.shape[1]))
        # The head treats images separately, so the gradient of the batch's sum holds each image's own.
        last = selected.shape[1] - 1
        gradients = [
            torch.autograd.grad(scores.sum(), features, retain_graph=i < last)[0]
            for i, scores in enumerate(selected.unbind(1))
        ]
    return torch.stack(gradients, 1)


def finite(logits: Tensor) -> Tensor:
    """Return the logits as float32. Raises UserError where one is not finite."""
    if not math.isfinite(logits.sum()):  # one operation where isfinite().all() is five: faster for a single image
        raise UserError(
            "The net returns values that are not numbers, so its training has diverged: "
            "choose another net or train it again at a lower learning rate."
        )
    return logits.float()


def checked(classes: Tensor, count: int) -> Tensor:
    """Return the classes, of any shape. Raises UserError for one outside 0 to `count` - 1."""
    lowest, highest = (int(end) for end in classes.aminmax()) if classes.numel() else (0, 0)
    if lowest < 0 or highest >= count:
        wrong = lowest if lowest < 0 else highest
        raise UserError(
            f"The net has {count} classes, counted from 0 to {count - 1}, and {wrong} is none of them: "
            "choose one that it has."
        )
    return classes


def upsample(maps: Tensor, size: tuple[int, int], grid: Grid | None = None) -> Tensor:
    """Return maps (..., h, w) resized to `size` (height, width) by bilinear interpolation, as in the thesis.

    A `grid` places the cells; beyond the centres of the outermost ones their values are held.
    """
    if grid is not None:
        down, right = (_interpolation(*row) for row in zip(maps.shape[-2:], size, grid.first, grid.step, strict=True))
        return down @ maps @ right.T
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    return F.interpolate(flat, size, mode="bilinear", align_corners=False).reshape(*maps.shape[:-2], *size)


def _interpolation(cells: int, pixels: int, first: float, step: float) -> Tensor:
    """Return the weights (pixels, cells) of the cells along one side for each pixel, linear between their centres."""
    places = (((torch.arange(pixels) + 0.5) / pixels - first) / step).clamp(0, cells - 1)
    return (1 - (places[:, None] - torch.arange(cells)).abs()).clamp(min=0)


def scale(maps: Tensor, *, signed: bool = False) -> tuple[float, float]:
    """Return the raw range (vmin, vmax) that the colours of these maps span: from zero to their maximum.

    Evidence against a class is coloured like no evidence; `range_in_words` gives its amount. With the minimum as the
    low end, a map with much negative evidence would be bright where there is none at all. A `signed` scale colours
    both and is symmetric about zero.
    """
    if signed:
        furthest = float(maps.abs().max())
        return -furthest, furthest
    return 0.0, max(0.0, float(maps.max()))


def has_evidence(map: Tensor) -> bool:
    """Return whether the map is positive anywhere, which is evidence for its class."""
    return float(map.max()) > 0


def range_in_words(map: Tensor) -> str:
    """Return the raw range of a map in words, for the caption of a picture."""
    low, high = float(map.min()), float(map.max())
    greatest = max(abs(low), abs(high))
    decimals = 0 if greatest == 0 else max(0, 2 - math.floor(math.log10(greatest)))
    # A minus sign that is as wide as a plus, and no minus before a zero.
    span = f"{low:z.{decimals}f} to {high:z.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return span if has_evidence(map) else f"no positive evidence ({span})"


def overlay(
    picture: images.Picture, map: Tensor, vmin: float, vmax: float, alpha: float = 0.5, *, signed: bool = False
) -> images.Picture:
    """Return the uint8 picture (H, W, 3) under the map (H, W), coloured from `vmin` to `vmax`.

    `alpha` is the colours' share, 0 (the picture alone) to 1 (the map alone); `signed` ones pass through white. A
    scale without positive evidence leaves the picture as it is: colours would only amplify noise. Raises ValueError
    for a map of another size.
    """
    if tuple(map.shape) != picture.shape[:2]:
        raise ValueError(f"the map is {tuple(map.shape)}, the picture {picture.shape[:2]}: upsample the map first")
    if vmax <= 0:
        return picture.copy()
    position = (map.detach().numpy() - vmin) / (vmax - vmin)
    colours = np.rint(np.clip(position, 0, 1) * 255).astype(np.intp)
    # 256 values of a pixel under 256 colours: looking their mixture up is faster than computing it for each pixel.
    values = np.arange(256)
    mixed = np.rint((1 - alpha) * values + alpha * (_SIGNED_RAMP if signed else _RAMP).T[..., None]).astype(np.uint8)
    blended = np.empty_like(picture)
    for channel, table in enumerate(mixed):
        blended[..., channel] = table.ravel()[colours * 256 + picture[..., channel]]
    return blended


def ramp(width: int, height: int, *, signed: bool = False) -> NDArray[np.uint8]:
    """Return the colours from the scale's low end (left) to its high end, for a legend: uint8 (height, width, 3)."""
    return np.repeat((_SIGNED_RAMP if signed else _RAMP)[np.linspace(0, 255, width).astype(np.intp)][None], height, 0)
