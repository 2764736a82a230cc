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

# Net, images (N, C, H, W), their last feature maps (N, F, h, w) and a class for each (N,) to maps (N, h, w).
Computation = Callable[[Explainable, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Method:
    """A way to explain a net.

    `name` stands in addresses and on the command line, `title` in a picture; `measures` is one sentence.
    `needs_pooling`: only for nets that end in global average pooling. `compute` gives maps (N, h, w) of the size of the
    last feature maps or another; call `maps` or `explain`, which check what it is given.
    """

    name: str
    title: str
    measures: str
    needs_gradient: bool
    needs_pooling: bool
    compute: Computation


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

    `classes` (N,) is a class for each image. Raises as `explain`.
    """
    return explain(net, x, classes[:, None], name).maps[:, 0]


def explain(net: nn.Module, x: Tensor, classes: Tensor | None = None, method: str | None = None) -> Explanation:
    """Logits and maps as `cam.explain` gives them, but by the named method; left out, by the one that suits the net.

    `classes` (N, K) says which maps are wanted; left out, it is the predicted class of each image. Raises ValueError
    where the net is in training mode, and UserError where there is no such method, it does not fit the net, the net has
    no such class, or answers with values that are not numbers.
    """
    if method is None:
        return cam.explain(net, x, classes)
    how, explainable = named(method), cast(Explainable, net)
    if net.training:
        raise ValueError("maps need a net in evaluation mode: call net.eval() first")
    if how.needs_pooling and not explainable.ends_in_gap:
        others = ", ".join(other.title for other in fitting(net))
        raise UserError(
            f"{how.title} needs a net that ends in global average pooling, and this one does not: choose {others}."
        )
    with torch.inference_mode(False):
        # What was made in inference mode cannot take part in a gradient.
        x, classes = _usable(x), None if classes is None else _usable(classes)
        with torch.no_grad():
            features = explainable.features(x)
            logits = cam.finite(explainable.head(features))
        wanted = logits.argmax(1, keepdim=True) if classes is None else cam.checked(classes, logits.shape[1])
        found = [how.compute(explainable, x, features, of_image).float() for of_image in wanted.unbind(1)]
    return Explanation(logits, wanted, torch.stack(found, 1), how.title, how.measures)


def _usable(tensor: Tensor) -> Tensor:
    return tensor.clone() if tensor.is_inference() else tensor


# From the feature maps and the gradient of the class's score with respect to them


def _gradient(net: Explainable, features: Tensor, classes: Tensor) -> Tensor:
    return cam.gradients(net, features, classes[:, None])[:, 0]


def _cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        return net.class_maps(features)[torch.arange(len(features)), classes]


def _grad_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    return cam.grad_cam(net, features, classes[:, None])[:, 0]


def _grad_cam_plus_plus(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    """Equations 19 and 11 of Chattopadhay et al. for the exponential of the score, a positive factor left out."""
    gradient = _gradient(net, features, classes)
    square = gradient**2
    divisor = 2 * square + features.sum((-2, -1), keepdim=True) * square * gradient
    # The divisor is naught where the gradient is, and may be for maps that are negative: such positions count nothing.
    shares = torch.where(divisor.abs() > torch.finfo(divisor.dtype).tiny, square / divisor, torch.zeros(()))
    return torch.einsum("nf,nfhw->nhw", (shares * gradient.relu()).sum((-2, -1)), features)


def _layer_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    return (_gradient(net, features, classes).relu() * features).sum(1)


def _hires_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    return (_gradient(net, features, classes) * features).sum(1)


# From the score of altered images


def _score_cam(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    with torch.no_grad():
        masks = cam.upsample(features, (x.shape[-2], x.shape[-1]))
        low, high = masks.amin((-2, -1), keepdim=True), masks.amax((-2, -1), keepdim=True)
        # A map that is the same everywhere masks everything: it points nowhere.
        masks = torch.where(high > low, (masks - low) / (high - low), torch.zeros(()))
        shown = (x[i] * masks[i, :, None] for i in range(len(x)))
        scores = torch.stack([_scores(net, copies, classes[i]) for i, copies in enumerate(shown)])
        return torch.einsum("nf,nfhw->nhw", scores.softmax(1), features)


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
    """Where the patch begins and ends along a side of the image: its middles are the middles of the map's cells."""
    cells = min(OCCLUSION_CELLS, side)
    half = OCCLUSION_SHARE * side / 2
    middles = [(cell + 0.5) * side / cells for cell in range(cells)]
    return [(max(0, round(middle - half)), min(side, max(round(middle + half), 1))) for middle in middles]


def _scores(net: Explainable, x: Tensor, classes: Tensor) -> Tensor:
    """The logits (N,) of `classes`, one for each image or one for all."""
    logits = torch.cat([net.head(net.features(part)).float() for part in x.split(FORWARD_BATCH)])
    return logits.gather(1, classes.expand(len(x))[:, None])[:, 0]


# From the gradient with respect to the image


def _saliency(net: Explainable, x: Tensor, features: Tensor, classes: Tensor) -> Tensor:
    with torch.enable_grad():
        pixels = x.detach().clone().requires_grad_()
        chosen = net.head(net.features(pixels)).gather(1, classes[:, None])
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
