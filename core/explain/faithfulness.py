"""Faithfulness of maps to the net they explain: the class's probability as the map's pixels are inserted or deleted.

Insertion and deletion (Petsiuk et al., 2018): pixels are shown, or hidden, in the order of the map, greatest evidence
first; for a faithful map the class's probability rises early and falls early. Average drop and increase (Chattopadhay
et al., 2018): the image is multiplied by the map, and the probabilities compared.

Hidden pixels are not black: deletion replaces them by the mean colour of the training images, and insertion begins
with a blurred image. Both choices affect the figures, so compare every method with the baselines of ORDERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import UserError
from core.explain import cam, methods
from core.trainers.trained import TrainedClassifier

STEPS = 32  # of the curves
BLUR = 0.1  # standard deviation of the blur, as a share of the image's side
BATCH = 512  # altered images in one forward pass
_IMAGES = 64  # that are explained at once

HIDDEN = "deletion replaces pixels by the mean colour of the training images, insertion begins with a blurred image"


def _random(side: tuple[int, int], generator: torch.Generator) -> Tensor:
    return torch.rand(side, generator=generator)


def _centre(side: tuple[int, int], generator: torch.Generator) -> Tensor:
    rows, columns = (torch.arange(length) - (length - 1) / 2 for length in side)
    distances = (rows[:, None] ** 2 + columns**2).sqrt()
    return distances.max() - distances


# Baselines, maps that do not depend on the image: a method should surpass them.
ORDERS: dict[str, Callable[[tuple[int, int], torch.Generator], Tensor]] = {"random": _random, "centre": _centre}


@dataclass(frozen=True)
class Faithfulness:
    """The faithfulness of a method on N images, each explained for one class.

    `shares` (T + 1,), of the pixels inserted or deleted, 0 to 1; `insertion` and `deletion` (T + 1,), the class's mean
    probability at each; `insertion_areas` and `deletion_areas` (N,), under each image's own curve, 0 to 1.
    `average_drop` in percent: the share of its probability that the class loses when the image is multiplied by the
    map; `average_increase` in percent: the share of images for which it gains.
    """

    method: str
    shares: Tensor
    insertion: Tensor
    deletion: Tensor
    insertion_areas: Tensor
    deletion_areas: Tensor
    average_drop: float
    average_increase: float

    def __len__(self) -> int:
        return len(self.insertion_areas)

    @property
    def insertion_area(self) -> float:
        """Return the mean area under the insertion curves, 0 to 1; higher is better."""
        return float(self.insertion_areas.mean())

    @property
    def deletion_area(self) -> float:
        """Return the mean area under the deletion curves, 0 to 1; lower is better."""
        return float(self.deletion_areas.mean())


def measure(
    trained: TrainedClassifier,
    images: Tensor,
    method: str,
    classes: Tensor | None = None,
    *,
    steps: int = STEPS,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Faithfulness:
    """Measure a method of `methods`, or one of ORDERS, on uint8 images (N, C, side, side).

    `classes` (N,) are explained, by default the predicted ones. `progress` is called with the images done and in all.
    Raises UserError for an unknown method, one that does not fit the net, and where there are no images.
    """
    if method not in ORDERS:
        methods.named(method)
    if not len(images):
        raise UserError("There are no images to measure on: give at least one.")
    generator = torch.Generator().manual_seed(0)
    parts = []
    for start in range(0, len(images), _IMAGES):
        x = trained.prepare(images[start : start + _IMAGES])
        explained = _predicted(trained.net, x) if classes is None else classes[start : start + _IMAGES]
        maps = _maps(trained.net, x, explained, method, generator)
        parts.append(_curves(trained.net, x, explained, maps, steps))
        progress(start + len(x), len(images))
    insertion, deletion, drops = (torch.cat(batches) for batches in zip(*parts, strict=True))
    return _summary(method, insertion, deletion, drops)


def _summary(method: str, insertion: Tensor, deletion: Tensor, drops: Tensor) -> Faithfulness:
    """Return the means over images of curves (N, T + 1) and of drops (N,)."""
    shares = torch.linspace(0, 1, insertion.shape[1])
    return Faithfulness(
        method,
        shares,
        insertion.mean(0),
        deletion.mean(0),
        torch.trapezoid(insertion, shares),
        torch.trapezoid(deletion, shares),
        100 * float(drops.clamp(min=0).mean()),
        100 * float((drops < 0).float().mean()),
    )


def _maps(net: nn.Module, x: Tensor, classes: Tensor, method: str, generator: torch.Generator) -> Tensor:
    """Return maps (N, H, W) in the size of the images."""
    size = (x.shape[-2], x.shape[-1])
    if method in ORDERS:
        return torch.stack([ORDERS[method](size, generator) for _ in range(len(x))])
    explanation = methods.explain(net, x, classes[:, None], method)
    return cam.upsample(explanation.maps[:, 0], size, explanation.grid)


@torch.no_grad()
def _predicted(net: nn.Module, x: Tensor) -> Tensor:
    return cam.finite(net(x)).argmax(1)


@torch.no_grad()
def _curves(net: nn.Module, x: Tensor, classes: Tensor, maps: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return insertion and deletion curves (N, T + 1), and the share of the probability (N,) lost under the map."""
    rank = ranks(maps)
    soft = blurred(x)
    mean_colour = torch.zeros(())  # since images are normalised
    counts = [round(step * rank[0].numel() / steps) for step in range(steps + 1)]
    insertion = _probabilities(net, (torch.where(rank < n, x, soft) for n in counts), classes)
    deletion = _probabilities(net, (torch.where(rank < n, mean_colour, x) for n in counts), classes)
    mask = maps.clamp(min=0)
    mask = mask / mask.amax((1, 2), keepdim=True).clamp(min=torch.finfo(mask.dtype).tiny)
    (masked,) = _probabilities(net, iter((x * mask[:, None],)), classes).unbind(1)
    whole = deletion[:, 0]
    return insertion, deletion, (whole - masked) / whole.clamp(min=torch.finfo(whole.dtype).tiny)


def ranks(maps: Tensor) -> Tensor:
    """Return the rank of each pixel of maps (N, H, W) in its image, (N, 1, H, W): 0 has the greatest evidence.

    Ties are broken by a fixed random order, so that no pixel is preferred for being at the top left.
    """
    flat = maps.flatten(1)
    shuffled = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(0))
    order = shuffled[flat[:, shuffled].argsort(dim=1, descending=True, stable=True)]
    places = torch.empty_like(order).scatter_(1, order, torch.arange(flat.shape[1]).expand_as(order))
    return places.view(maps.shape).unsqueeze(1)


def blurred(x: Tensor) -> Tensor:
    """Return images (N, C, H, W) after a Gaussian blur of BLUR times the side, cut at three deviations, reflected."""
    for axis in (-2, -1):
        side = x.shape[axis]
        reach = min(side - 1, round(3 * BLUR * side))
        bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / max(BLUR * side, 0.5)) ** 2)
        kernel = (bell / bell.sum()).view(1, 1, -1, 1) if axis == -2 else (bell / bell.sum()).view(1, 1, 1, -1)
        padding = (0, 0, reach, reach) if axis == -2 else (reach, reach, 0, 0)
        padded = F.pad(x, padding, mode="reflect" if reach else "constant")
        x = F.conv2d(padded, kernel.expand(x.shape[1], -1, -1, -1), groups=x.shape[1])
    return x


def _probabilities(net: nn.Module, altered: Iterator[Tensor], classes: Tensor) -> Tensor:
    """Return the probability (N, M) of each image's class in every one of M altered batches (N, C, H, W)."""
    probabilities: list[Tensor] = []
    pending: list[Tensor] = []

    def run_pending() -> None:
        x = torch.cat(pending).contiguous(memory_format=torch.channels_last)
        every_class = net(x).float().softmax(1)
        probabilities.extend(every_class.gather(1, classes.repeat(len(pending))[:, None])[:, 0].split(len(classes)))
        pending.clear()

    for batch in altered:
        pending.append(batch)
        if len(pending) * len(classes) >= BATCH:
            run_pending()
    if pending:
        run_pending()
    return torch.stack(probabilities, 1)
