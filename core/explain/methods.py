"""Eight methods of explanation behind one interface (section 5.1, and the papers named in each).

All return signed, unscaled maps, one for each image. None hooks into a net or changes its mode: they use
`net.features`, `net.head` and gradients with respect to tensors of their own, so threads may share a net.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from core.errors import UserError
from core.explain import cam
from core.explain.cam import Explainable, Explanation

FORWARD_BATCH = 256  # altered copies of images in one forward pass, at most
FORWARD_PIXELS = 2**20  # of all copies in one forward pass, at most
OCCLUSION_CELLS = 8  # along a side of the occlusion map, as in the last maps of a ResNet for 32 pixels
OCCLUSION_SHARE = 0.25  # of the image's side that the patch covers

# Net, images (N, C, H, W), their last feature maps (N, F, h, w) and a class for each (N,) to maps (N, h, w).
Computation = Callable[[Explainable, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Method:
    """A method of explanation.

    `name` is for addresses and the command line, `title` for pictures; `measures` is one sentence. `needs_pooling`:
    only for nets that end in global average pooling. `compute` returns maps (N, h, w) of the size of the last feature
    maps or another, without checks; call `maps` or `explain`, which check their arguments.
    """

    name: str
    title: str
    measures: str
    needs_gradient: bool
    needs_pooling: bool
    compute: Computation
    of_features: bool = True


def names() -> tuple[str, ...]:
    """Return the names of all methods."""
    return tuple(_METHODS)


def named(name: str) -> Method:
    """Return the method of that name. Raises UserError, which lists all names, for another."""
    if name not in _METHODS:
        raise UserError(f'There is no method "{name}": choose one of {", ".join(names())}.')
    return _METHODS[name]


def fitting(net: nn.Module) -> tuple[Method, ...]:
    """Return the methods that can explain the net, first the one that `cam.explain` uses."""
    pooled = cast(Explainable, net).ends_in_gap
    return tuple(method for method in _METHODS.values() if pooled or not method.needs_pooling)


def maps(name: str, net: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Return maps (N, h, w), signed and unscaled, of the method `name` for normalised images `x` (N, C, H, W).

    `classes` (N,) is a class for each image. Raises as `explain`.
    """
    return explain(net, x, classes[:, None], name).maps[:, 0]


def explain(net: nn.Module, x: Tensor, classes: Tensor | None = None, method: str | None = None) -> Explanation:
    """Return logits and maps of normalised images `x` (N, C, H, W) by a method; by default as `cam.explain`.

    `classes` (N, K) selects the maps; the default is the predicted class of each image. Raises ValueError where the
    net is in training mode, and UserError where there is no such method, it does not fit the net, the net has no such
    class, or a logit is not finite.
    """
    if method is None:
        return cam.explain(net, x, classes)
    return explain_by(net, x, classes, [method])[0]


def explain_by(net: nn.Module, x: Tensor, classes: Tensor | None, names: Sequence[str]) -> list[Explanation]:
    """Return the explanations of normalised images `x` (N, C, H, W) by each of several methods, from one forward pass.

    The rest as for `explain`.
    """
    chosen, explainable = [named(name) for name in names], cast(Explainable, net)
    if net.training:
        raise ValueError("maps need a net in evaluation mode: call net.eval() first")
    for method in chosen:
        if method.needs_pooling and not explainable.ends_in_gap:
            others = ", ".join(other.title for other in fitting(net))
            raise UserError(
                f"{method.title} needs a net that ends in global average pooling, and this one does not: choose "
                f"{others}."
            )
    with torch.inference_mode(False):
        # Tensors made in inference mode cannot take part in a gradient.
        x, classes = _usable(x), None if classes is None else _usable(classes)
        with torch.no_grad():
            features = explainable.features(x)
            logits = cam.finite(explainable.head(features))
        explained = logits.argmax(1, keepdim=True) if classes is None else cam.checked(classes, logits.shape[1])
        maps = [_maps(method, explainable, x, features, explained) for method in chosen]
    grid = cam.grid(net, x)
    return [
        Explanation(logits, explained, one, method.title, method.measures, grid if method.of_features else None)
        for method, one in zip(chosen, maps, strict=True)
    ]


def _maps(method: Method, net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    """Return the maps (N, K, h, w) of a method for `classes` (N, K)."""
    return torch.stack([method.compute(net, x, features, of_image).float() for of_image in classes.unbind(1)], 1)


def _usable(tensor: Tensor) -> Tensor:
    return tensor.clone() if tensor.is_inference() else tensor


# From the feature maps and the gradient of the class's score with respect to them


def _gradient(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    return cam.gradients(net, features, classes[:, None])[:, 0]


def _cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        return cam.own_maps(net, features, classes[:, None])[:, 0]


def _grad_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    return cam.grad_cam(net, features, classes[:, None])[:, 0]


def _grad_cam_plus_plus(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    """Return maps by equations 19 and 11 of Chattopadhay et al. (2018), for the exponential of the score, unscaled."""
    gradient = _gradient(net, features, classes)
    square = gradient**2
    divisor = 2 * square + features.sum((-2, -1), keepdim=True) * square * gradient
    # The divisor can be zero, also for negative maps; skip those positions.
    shares = torch.where(divisor.abs() > torch.finfo(divisor.dtype).tiny, square / divisor, torch.zeros(()))
    return torch.einsum("nf,nfhw->nhw", (shares * gradient.relu()).sum((-2, -1)), features)


def _layer_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    return (_gradient(net, features, classes).relu() * features).sum(1)


def _hires_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    return (_gradient(net, features, classes) * features).sum(1)


# From the score of altered images


def _score_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        scores = torch.stack([_masked_scores(net, *one) for one in zip(x, features, classes, strict=True)])
        return torch.einsum("nf,nfhw->nhw", scores.softmax(1), features)


def _masked_scores(net: Explainable, image: Tensor, features: Tensor, wanted: Tensor) -> Tensor:
    """Return the score (F,) of a class for an image (C, H, W) multiplied by each of its feature maps (F, h, w)."""
    scores = []
    for part in features.split(_copies_at_once(image)):
        masks = cam.upsample(part, (image.shape[-2], image.shape[-1]), cam.grid(cast(nn.Module, net), image[None]))
        low, high = masks.amin((-2, -1), keepdim=True), masks.amax((-2, -1), keepdim=True)
        # A constant map masks everything: it points nowhere.
        masks = torch.where(high > low, (masks - low) / (high - low), torch.zeros(()))
        scores.append(_scores(net, image * masks[:, None], wanted))
    return torch.cat(scores)


def _copies_at_once(images: Tensor) -> int:
    height, width = images.shape[-2:]
    return max(1, min(FORWARD_BATCH, FORWARD_PIXELS // (height * width)))


def _occlusion(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
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
    """Return (start, end) of each patch along a side of the image; its middle is that of a cell of the map."""
    cells = min(OCCLUSION_CELLS, side)
    half = OCCLUSION_SHARE * side / 2
    middles = [(cell + 0.5) * side / cells for cell in range(cells)]
    return [(max(0, round(middle - half)), min(side, max(round(middle + half), 1))) for middle in middles]


def _scores(net: Explainable, x: Tensor, classes: Tensor) -> Tensor:
    """Return the logits (N,) of `classes`, one for each image or one for all."""
    logits = torch.cat([net.head(net.features(part)).float() for part in x.split(_copies_at_once(x))])
    return logits.gather(1, classes.expand(len(x))[:, None])[:, 0]


# From the gradient with respect to the image


def _saliency(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    with torch.enable_grad():
        pixels = x.detach().clone().requires_grad_()
        scores = net.head(net.features(pixels)).gather(1, classes[:, None])
        (gradient,) = torch.autograd.grad(scores.sum(), pixels)
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
            "more where few of them are evidence for the class (Chattopadhay et al., 2018).",
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
            "The last feature maps are added up, each weighted by the class's score when the image is multiplied by "
            "that map (Wang et al., 2020).",
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
            of_features=False,
        ),
        Method(
            "occlusion",
            "Occlusion",
            "How far the class's score falls when a patch of a quarter of the side hides this place "
            "(Zeiler and Fergus, 2014).",
            False,
            False,
            _occlusion,
            of_features=False,
        ),
    )
}
