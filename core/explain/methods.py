"""Eight ways to ask a net where its evidence is, behind one interface (section 5.1, and the papers that are named).

All give signed maps on no scale, one for each image. None hooks into a net or changes its mode: what they need is
`net.features`, `net.head` and gradients with respect to tensors of their own, so threads may share a net.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from core.errors import UserError
from core.explain import cam
from core.explain.cam import Explainable, Explanation

FORWARD_BATCH = 256  # altered copies of images that are shown to the net at once
OCCLUSION_CELLS = 8  # a side of the occlusion map, as in the last maps of a ResNet of 32 pixels
OCCLUSION_SHARE = 0.25  # of the image's side that the patch covers

Maps = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Method:
    """A way to explain a net.

    `name` stands in addresses and on the command line, `title` in a picture. `measures` is one sentence; `maps` takes a
    net in evaluation mode, normalised images (N, C, H, W) and a class for each (N,), and gives maps (N, h, w) float32,
    of the net's last feature maps' size or another. `needs_pooling`: only for nets that end in global average pooling.
    """

    name: str
    title: str
    measures: str
    needs_gradient: bool
    needs_pooling: bool
    maps: Maps


def names() -> tuple[str, ...]:
    """The methods that `named` knows."""
    return tuple(_METHODS)


def named(name: str) -> Method:
    """The method of that name. Raises UserError, listing all, for another."""
    if name not in _METHODS:
        raise UserError(f'There is no method "{name}": choose one of {", ".join(names())}.')
    return _METHODS[name]


def fitting(net: nn.Module) -> tuple[Method, ...]:
    """The methods that can explain the net; first the one that `cam.explain` uses."""
    pooled = cast(Explainable, net).ends_in_gap
    return tuple(method for method in _METHODS.values() if pooled or not method.needs_pooling)


def maps(name: str, net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Maps (N, h, w), signed and unscaled, of the method `name` for normalised images `x` (N, C, H, W).

    `classes` (N,) is a class for each image. Raises ValueError where the net is in training mode, and UserError where
    the method does not fit the net, or the net has no such class.
    """
    method = named(name)
    if net.training:
        raise ValueError("maps need a net in evaluation mode: call net.eval() first")
    if method.needs_pooling and not cast(Explainable, net).ends_in_gap:
        others = ", ".join(other.title for other in fitting(net))
        raise UserError(
            f"{method.title} needs a net that ends in global average pooling, and this one does not: choose {others}."
        )
    with torch.inference_mode(False):
        if x.is_inference() or classes.is_inference():  # such tensors cannot take part in a gradient
            x, classes = x.clone(), classes.clone()
        return method.maps(net, x, classes).detach().float()


def explain(net: nn.Module, x: Tensor, classes: Tensor | None = None, method: str | None = None) -> Explanation:
    """Logits and maps as `cam.explain` gives them, but by the named method; left out, by the one that suits the net.

    `classes` (N, K) says which maps are wanted; left out, it is the predicted class of each image. Raises as `maps`.
    """
    if method is None:
        return cam.explain(net, x, classes)
    how = named(method)
    with torch.no_grad():
        logits = cam.finite(net(x))
    wanted = logits.argmax(1, keepdim=True) if classes is None else cam.checked(classes, logits.shape[1])
    found = [maps(method, net, x, of_image) for of_image in wanted.unbind(1)]
    return Explanation(logits, wanted, torch.stack(found, 1), how.title, how.measures)


# From the feature maps and the gradient of the class's score with respect to them


def _features(net: nn.Module, x: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The last feature maps A (N, F, h, w) of images and the gradient G of each one's class score at them."""
    with torch.no_grad():
        features = cast(Explainable, net).features(x)
    return features, cam.gradients(cast(Explainable, net), features, classes[:, None])[:, 0]


def _cam(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        all_maps = cast(Explainable, net).class_maps(cast(Explainable, net).features(x))
    wanted = cam.checked(classes, all_maps.shape[1])
    return all_maps[torch.arange(len(x)), wanted]


def _grad_cam(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    features, gradient = _features(net, x, classes)
    return torch.einsum("nf,nfhw->nhw", gradient.mean((-2, -1)), features)


def _grad_cam_plus_plus(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Equations 19 and 11 of Chattopadhay et al. for the exponential of the score, a positive factor left out."""
    features, gradient = _features(net, x, classes)
    square = gradient**2
    divisor = 2 * square + features.sum((-2, -1), keepdim=True) * square * gradient
    # The divisor is naught where the gradient is, and may be for maps that are negative: such positions count nothing.
    shares = torch.where(divisor.abs() > torch.finfo(divisor.dtype).tiny, square / divisor, torch.zeros(()))
    return torch.einsum("nf,nfhw->nhw", (shares * gradient.relu()).sum((-2, -1)), features)


def _layer_cam(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    features, gradient = _features(net, x, classes)
    return (gradient.relu() * features).sum(1)


def _hires_cam(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    features, gradient = _features(net, x, classes)
    return (gradient * features).sum(1)


# From the score of altered images


def _score_cam(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        features = cast(Explainable, net).features(x)
        masks = cam.upsample(features, (x.shape[-2], x.shape[-1]))
        low, high = masks.amin((-2, -1), keepdim=True), masks.amax((-2, -1), keepdim=True)
        # A map that is the same everywhere masks everything: it points nowhere.
        masks = torch.where(high > low, (masks - low) / (high - low), torch.zeros(()))
        shown = (x[i] * masks[i, :, None] for i in range(len(x)))
        scores = torch.stack([_scores(net, copies, classes[i]) for i, copies in enumerate(shown)])
        return torch.einsum("nf,nfhw->nhw", scores.softmax(1), features)


def _occlusion(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    rows, columns = (_windows(side) for side in x.shape[-2:])
    with torch.no_grad():
        whole = _scores(net, x, classes)
        drops = []
        for top, bottom in rows:
            for left, right in columns:
                hidden = x.clone()
                hidden[..., top:bottom, left:right] = 0  # the mean colour of the training images
                drops.append(whole - _scores(net, hidden, classes))
    return torch.stack(drops, 1).unflatten(1, (len(rows), len(columns)))


def _windows(side: int) -> list[tuple[int, int]]:
    """Where the patch begins and ends along a side of the image: its middles are the middles of the map's cells."""
    cells = min(OCCLUSION_CELLS, side)
    half = OCCLUSION_SHARE * side / 2
    middles = [(cell + 0.5) * side / cells for cell in range(cells)]
    return [(max(0, round(middle - half)), min(side, max(round(middle + half), 1))) for middle in middles]


def _scores(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """The logits (N,) of `classes`, one for each image or one for all."""
    logits = torch.cat([net(part).float() for part in x.split(FORWARD_BATCH)])
    wanted = cam.checked(classes.expand(len(x)), logits.shape[1])
    return logits.gather(1, wanted[:, None])[:, 0]


# From the gradient with respect to the image


def _saliency(net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    with torch.enable_grad():
        pixels = x.detach().clone().requires_grad_()
        logits = net(pixels)
        chosen = logits.gather(1, cam.checked(classes, logits.shape[1])[:, None])
        (gradient,) = torch.autograd.grad(chosen.sum(), pixels)
    return gradient.abs().amax(1)


_METHODS = {
    method.name: method
    for method in (
        Method("cam", "CAM", cam.WHY_CAM, False, True, _cam),
        Method("grad-cam", "Grad-CAM", cam.WHY_GRAD_CAM_ANYWHERE, True, False, _grad_cam),
        Method(
            "grad-cam++",
            "Grad-CAM++",
            "The last feature maps are added up, each weighted by its positive gradients alone, those places counting "
            "more where few of them speak for the class (Chattopadhay et al., 2018).",
            True,
            False,
            _grad_cam_plus_plus,
        ),
        Method(
            "layercam",
            "LayerCAM",
            "Every value of the last feature maps counts with its own gradient where that is positive "
            "(Jiang et al., 2021).",
            True,
            False,
            _layer_cam,
        ),
        Method(
            "hirescam",
            "HiResCAM",
            "Every value of the last feature maps counts with its own gradient, positive or negative, so that a linear "
            "head's score is the sum of the map and its bias (Draelos and Carin, 2020).",
            True,
            False,
            _hires_cam,
        ),
        Method(
            "score-cam",
            "Score-CAM",
            "The last feature maps are added up, each weighted by the score that the class keeps when only what the "
            "map lights up is shown (Wang et al., 2020).",
            False,
            False,
            _score_cam,
        ),
        Method(
            "saliency",
            "Input gradient",
            "How strongly the class's score reacts to each pixel, in either direction: the greatest gradient of its "
            "channels (Simonyan et al., 2014).",
            True,
            False,
            _saliency,
        ),
        Method(
            "occlusion",
            "Occlusion",
            "How far the class's score falls when a patch of a quarter of the side hides this place "
            "(Zeiler and Fergus, 2014).",
            False,
            False,
            _occlusion,
        ),
    )
}
