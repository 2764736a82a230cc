"""How faithful maps are to the net they explain: what becomes of a class when the map's pixels come and go.

Insertion and deletion (Petsiuk et al., 2018): pixels are shown, or hidden, in the order of the map, greatest evidence
first, and the class's probability is followed; a faithful map lets it rise early and fall early. Average drop and
increase (Chattopadhay et al., 2018): the image is darkened to what the map lights up, and the probability compared.

Hidden pixels are not black: deletion hides them behind the mean colour of the training images, and insertion begins
with a blurred image. Both choices colour the figures, so every method is to be compared with ORDERS that know nothing.
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
BATCH = 512  # altered images that the net is shown at once
_IMAGES = 64  # that are explained at once

HIDDEN = "deletion hides pixels behind the mean colour of the training images, insertion begins with a blurred image"


def _random(side: tuple[int, int], generator: torch.Generator) -> Tensor:
    return torch.rand(side, generator=generator)


def _centre(side: tuple[int, int], generator: torch.Generator) -> Tensor:
    rows, columns = (torch.arange(length) - (length - 1) / 2 for length in side)
    distances = (rows[:, None] ** 2 + columns**2).sqrt()
    return distances.max() - distances


# Maps that have not seen the image: whatever they reach, a method has to surpass.
ORDERS: dict[str, Callable[[tuple[int, int], torch.Generator], Tensor]] = {"random": _random, "centre": _centre}


@dataclass(frozen=True)
class Faithfulness:
    """What a method reaches on N images, each explained for one class.

    `shares` (T + 1,), of the pixels that came or went, 0 to 1; `insertion` and `deletion` (T + 1,), the class's mean
    probability then; `insertion_areas` and `deletion_areas` (N,), under each image's own curve, 0 to 1. `average_drop`
    and `average_increase` in percent: how much of its probability the class loses when only the map's part is shown,
    and for how many images it gains.
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
        """The mean area under the insertion curves: greater is better."""
        return float(self.insertion_areas.mean())

    @property
    def deletion_area(self) -> float:
        """The mean area under the deletion curves: smaller is better."""
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

    `classes` (N,) are explained; left out, the predicted ones. `progress` hears of images done and in all. Raises
    UserError for an unknown method, one that does not fit the net, and where there are no images.
    """
    if method not in ORDERS:
        methods.named(method)
    if not len(images):
        raise UserError("There are no images to measure on: give at least one.")
    generator = torch.Generator().manual_seed(0)
    parts = []
    for start in range(0, len(images), _IMAGES):
        x = trained.prepare(images[start : start + _IMAGES])
        wanted = _predicted(trained.net, x) if classes is None else classes[start : start + _IMAGES]
        size = (x.shape[-2], x.shape[-1])
        if method in ORDERS:
            maps = torch.stack([ORDERS[method](size, generator) for _ in range(len(x))])
        else:
            maps = cam.upsample(methods.maps(method, trained.net, x, wanted), size)
        parts.append(_followed(trained.net, x, wanted, maps, steps))
        progress(start + len(x), len(images))
    insertion, deletion, drops = (torch.cat(found) for found in zip(*parts, strict=True))
    shares = torch.linspace(0, 1, steps + 1)
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


@torch.no_grad()
def _predicted(net: nn.Module, x: Tensor) -> Tensor:
    return cam.finite(net(x)).argmax(1)


@torch.no_grad()
def _followed(net: nn.Module, x: Tensor, classes: Tensor, maps: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Insertion and deletion curves (N, T + 1), and the share of the probability (N,) lost to the map's own mask."""
    place = ranks(maps)
    soft = blurred(x)
    hidden = torch.zeros(())  # the mean colour, for normalised images
    counts = [round(step * place[0].numel() / steps) for step in range(steps + 1)]
    insertion = _probabilities(net, (torch.where(place < n, x, soft) for n in counts), classes)
    deletion = _probabilities(net, (torch.where(place < n, hidden, x) for n in counts), classes)
    lit = maps.clamp(min=0)
    lit = lit / lit.amax((1, 2), keepdim=True).clamp(min=torch.finfo(lit.dtype).tiny)
    (kept,) = _probabilities(net, iter((x * lit[:, None],)), classes).unbind(1)
    whole = deletion[:, 0]
    return insertion, deletion, (whole - kept) / whole.clamp(min=torch.finfo(whole.dtype).tiny)


def ranks(maps: Tensor) -> Tensor:
    """The place of each pixel of maps (N, H, W) in its image's order, (N, 1, H, W): 0 has the greatest evidence.

    Equal ones come in an order drawn by lot, the same for all, so that none is preferred for being at the top left.
    """
    flat = maps.flatten(1)
    lot = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(0))
    order = lot[flat[:, lot].argsort(dim=1, descending=True, stable=True)]
    places = torch.empty_like(order).scatter_(1, order, torch.arange(flat.shape[1]).expand_as(order))
    return places.view(maps.shape).unsqueeze(1)


def blurred(x: Tensor) -> Tensor:
    """Images (N, C, H, W) through a Gaussian of BLUR times the side, cut off at three deviations, edges mirrored."""
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
    """The probability (N, M) of each image's class in every one of M altered batches (N, C, H, W)."""
    found: list[Tensor] = []
    waiting: list[Tensor] = []

    def ask() -> None:
        x = torch.cat(waiting).contiguous(memory_format=torch.channels_last)
        probabilities = net(x).float().softmax(1)
        found.extend(probabilities.gather(1, classes.repeat(len(waiting))[:, None])[:, 0].split(len(classes)))
        waiting.clear()

    for batch in altered:
        waiting.append(batch)
        if len(waiting) * len(classes) >= BATCH:
            ask()
    if waiting:
        ask()
    return torch.stack(found, 1)
