"""How far the cells of a net's last maps lie from the usual places, measured by what their values react to.

Maps are usually laid over an image as if cell i covered the pixels from i to i + 1 times the step. Where padding is
uneven, or a stride takes the first of every two places, a cell reads pixels to one side of that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

from core import images
from core.trainers.trained import TrainedClassifier

DRAWS = 4  # random signs of the features for each image and cell


@dataclass(frozen=True)
class Offset:
    """Centroids of the central cells' squared input gradients, less the usual centres (i + 1/2) * step.

    `right` and `down` are means in px of the input, `error` the greater of their standard errors; `step` is the px
    from cell to cell, `placed` the offset by which the net's maps are placed already.
    """

    right: float
    down: float
    error: float
    step: float
    placed: float


def measure(trained: TrainedClassifier, draws: int = DRAWS) -> Offset:
    """Return the offset of the cells of a net in the sample pictures and their mirror images, at the net's size.

    The gradient is that of the features, each with a random sign, so that its square is that of all of them on average.
    """
    generator = torch.Generator().manual_seed(0)
    places, step = [], 0.0
    for batch in _batches(trained):
        x = trained.prepare(batch).requires_grad_()
        features = trained.net.features(x)  # type: ignore[operator]
        step = x.shape[-1] / features.shape[-1]
        for cell in _central(features):
            usual = torch.tensor([(place + 0.5) * step for place in cell])
            value = features[:, :, cell[0], cell[1]]
            for _ in range(draws):
                signs = torch.randint(0, 2, value.shape, generator=generator) * 2.0 - 1
                (gradient,) = torch.autograd.grad((value * signs).sum(), x, retain_graph=True)
                places += list(_centroids(gradient) - usual)
    offsets = torch.stack(places)
    down, right = offsets.mean(0).tolist()
    cells = getattr(trained.net, "cells", None)
    error = float((offsets.std(0) / len(offsets) ** 0.5).max())
    return Offset(right, down, error, step, 0.0 if cells is None else cells.first - step / 2)


def _batches(trained: TrainedClassifier) -> Iterator[Tensor]:
    """Yield each sample picture's central square with its mirror images, uint8 (4, C, side, side)."""
    square = replace(trained, whole=False)
    for name in images.sample_names():
        small = square.prepare_picture(images.sample(name))
        upright = torch.cat([small, small.flip(-1)])
        yield torch.cat([upright, upright.flip(-2)])


def _central(features: Tensor) -> list[tuple[int, int]]:
    """Return the one, two or four cells at the middle of maps (N, F, h, w)."""
    rows, columns = ({(side - 1) // 2, side // 2} for side in features.shape[-2:])
    return list(product(sorted(rows), sorted(columns)))


def _centroids(gradient: Tensor) -> Tensor:
    """Return the centroids (M, 2), down and right in px, of the squares of gradients (N, C, H, W) that are not zero."""
    energy = gradient.double().square().sum(1)
    total = energy.sum((1, 2))
    energy, total = energy[total > 0], total[total > 0]
    down, right = (torch.arange(side) + 0.5 for side in energy.shape[1:])
    return torch.stack([energy.sum(2) @ down.double(), energy.sum(1) @ right.double()], 1) / total[:, None]
