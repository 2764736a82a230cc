"""Class activation maps: where in an image a net finds its evidence for a class (section 5.1).

Maps stay signed and unscaled here; only `overlay` turns them into colours, on a scale that the caller gives,
so that two maps shown together can share it.
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

COLOUR_MAP = "inferno"  # perceptually uniform: equal steps of evidence look equal

WHY_CAM = (
    "The net ends in global average pooling, so each class has a map in the same forward pass, "
    "and the mean of that map is exactly the class's score (equations 5.1 to 5.3)."
)
WHY_GRAD_CAM = (
    "The net ends in fully-connected layers or another pooling than the average, which keep no map for a class, so "
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
    """What a net must offer to be explained, as all of core.models do: forward(x) is head(features(x))."""

    ends_in_gap: bool

    def features(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) -> the last feature maps (N, F, h, w)."""

    def head(self, features: Tensor) -> Tensor:
        """Feature maps -> logits (N, classes)."""

    def class_maps(self, features: Tensor) -> Tensor:
        """Feature maps -> class maps (N, classes, h, w) whose mean is the logit; only if `ends_in_gap`."""


@dataclass(frozen=True)
class Explanation:
    """What a net answers for N images, and K maps for each.

    `logits` (N, classes); `classes` (N, K), the class of every map; `maps` (N, K, h, w), raw and signed;
    `method` is "CAM" or "Grad-CAM", `why` the sentence that says why it is that one.
    """

    logits: Tensor
    classes: Tensor
    maps: Tensor
    method: str
    why: str

    @property
    def probabilities(self) -> Tensor:
        """Softmax of the logits, (N, classes)."""
        return self.logits.softmax(1)


def explain(net: nn.Module, x: Tensor, classes: Tensor | None = None) -> Explanation:
    """Logits and class activation maps for normalised images `x` (N, C, H, W).

    `classes` (N, K) says which maps are wanted; left out, it is the predicted class of each image. A net that
    ends in global average pooling gives its own maps (equation 5.3), any other is explained by Grad-CAM.
    There are no hooks and the net is not touched, so threads may share it; it must be in evaluation mode
    (ValueError). Raises UserError where the net answers with values that are not numbers, and for a class that it
    does not have.
    """
    if net.training:
        raise ValueError("explain needs a net in evaluation mode: call net.eval() first")
    explainable = cast(Explainable, net)
    with torch.no_grad():
        features = explainable.features(x)
        logits = finite(explainable.head(features))
        wanted = logits.argmax(1, keepdim=True) if classes is None else checked(classes, logits.shape[1])
        if explainable.ends_in_gap:
            maps = _picked(explainable.class_maps(features), wanted)
            return Explanation(logits, wanted, maps.float(), "CAM", WHY_CAM)
    maps = grad_cam(explainable, features, wanted)
    return Explanation(logits, wanted, maps, "Grad-CAM", WHY_GRAD_CAM)


def _picked(class_maps: Tensor, classes: Tensor) -> Tensor:
    """The maps (N, K, h, w) of `classes` (N, K) out of all (N, classes, h, w)."""
    height, width = class_maps.shape[-2:]
    return class_maps.gather(1, classes[:, :, None, None].expand(-1, -1, height, width))


def grad_cam(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    """Grad-CAM (N, K, h, w) of feature maps (N, F, h, w) for `classes` (N, K).

    Selvaraju et al., 2017, equations 1 and 2, without the ReLU, which is left to the picture.
    """
    weights = gradients(net, features, classes).mean((-2, -1))
    return torch.einsum("nkf,nfhw->nkhw", weights, features.detach()).float()


def gradients(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    """Gradients (N, K, F, h, w) of the logits of `classes` (N, K) with respect to the feature maps (N, F, h, w)."""
    with torch.enable_grad():
        features = features.detach().requires_grad_()
        logits = net.head(features)
        chosen = logits.gather(1, checked(classes, logits.shape[1]))
        # Images do not meet in the head, so the gradient of the batch's sum holds each image's own.
        last = chosen.shape[1] - 1
        found = [
            torch.autograd.grad(scores.sum(), features, retain_graph=i < last)[0]
            for i, scores in enumerate(chosen.unbind(1))
        ]
    return torch.stack(found, 1)


def finite(logits: Tensor) -> Tensor:
    """The logits as float32. Raises UserError where one is not a number."""
    if not math.isfinite(logits.sum()):  # one operation where isfinite().all() is five: it counts for a single image
        raise UserError(
            "The net answers with values that are not numbers, so its training has diverged: "
            "choose another net or train it again at a lower learning rate."
        )
    return logits.float()


def checked(classes: Tensor, known: int) -> Tensor:
    """The classes, of any shape. Raises UserError for one that a net of `known` classes does not have."""
    lowest, highest = (int(end) for end in classes.aminmax()) if classes.numel() else (0, 0)
    if lowest < 0 or highest >= known:
        wrong = lowest if lowest < 0 else highest
        raise UserError(
            f"The net has {known} classes, counted from 0 to {known - 1}, and {wrong} is none of them: "
            "choose one that it knows."
        )
    return classes


def upsample(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (..., h, w) brought to `size` (height, width) by bilinear interpolation, as in the thesis."""
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    return F.interpolate(flat, size, mode="bilinear", align_corners=False).reshape(*maps.shape[:-2], *size)


def scale(maps: Tensor, *, signed: bool = False) -> tuple[float, float]:
    """The raw range (vmin, vmax) that colours for these maps span: from zero to the greatest value of them all.

    What speaks against a class is coloured like what says nothing; how much of it there is, `range_in_words` tells.
    Were the least value the low end, a map with much negative evidence would glow where there is none at all.
    A `signed` view colours both, as far on either side of zero.
    """
    if signed:
        furthest = float(maps.abs().max())
        return -furthest, furthest
    return 0.0, max(0.0, float(maps.max()))


def has_evidence(map: Tensor) -> bool:
    """Whether the map speaks for its class anywhere: is positive at any position."""
    return float(map.max()) > 0


def range_in_words(map: Tensor) -> str:
    """The raw range of a map, as it stands under a picture."""
    low, high = float(map.min()), float(map.max())
    greatest = max(abs(low), abs(high))
    decimals = 0 if greatest == 0 else max(0, 2 - math.floor(math.log10(greatest)))
    # A minus sign that is as wide as a plus, and no minus before a zero.
    span = f"{low:z.{decimals}f} to {high:z.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return span if has_evidence(map) else f"no positive evidence ({span})"


def overlay(
    picture: images.Picture, map: Tensor, vmin: float, vmax: float, alpha: float = 0.5, *, signed: bool = False
) -> images.Picture:
    """Lay the map (H, W), coloured from `vmin` to `vmax`, over the uint8 picture (H, W, 3) of the same size.

    `alpha` is the colours' share, 0 (the picture alone) to 1 (the map alone); `signed` ones pass through white.
    Where the scale holds no positive evidence the picture comes back as it is: colours would only blow up noise.
    """
    if tuple(map.shape) != picture.shape[:2]:
        raise ValueError(f"the map is {tuple(map.shape)}, the picture {picture.shape[:2]}: upsample the map first")
    if vmax <= 0:
        return picture.copy()
    position = (map.detach().numpy() - vmin) / (vmax - vmin)
    colours = (_SIGNED_RAMP if signed else _RAMP)[np.rint(np.clip(position, 0, 1) * 255).astype(np.intp)]
    return np.rint((1 - alpha) * picture + alpha * colours).astype(np.uint8)


def ramp(width: int, height: int, *, signed: bool = False) -> NDArray[np.uint8]:
    """The colours from the scale's low end (left) to its high end, for a legend: uint8 (height, width, 3)."""
    return np.repeat((_SIGNED_RAMP if signed else _RAMP)[np.linspace(0, 255, width).astype(np.intp)][None], height, 0)
