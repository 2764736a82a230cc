"""One image through the epochs of a training: the net's predictions and maps after each checkpoint (section 5.1).

The checkpoints are those of `core.trainers.kept_epochs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from core.errors import UserError
from core.explain import view
from core.explain.view import View
from core.runs.run import Run
from core.trainers import trained


@dataclass(frozen=True)
class Story:
    """The predictions and maps of one image of true class `label` after E epochs.

    `views` has one for each of `epochs`, in order, each with the maps of `classes`: `rival` and `label`.
    """

    epochs: tuple[int, ...]
    views: tuple[View, ...]
    rival: int
    label: int

    @property
    def classes(self) -> tuple[int, int]:
        """Return the classes whose maps every view has."""
        return self.rival, self.label

    @property
    def probabilities(self) -> Tensor:
        """Return the probability of every class after every epoch, (E, classes)."""
        return torch.stack([epoch.probabilities for epoch in self.views])

    @property
    def scale(self) -> tuple[float, float]:
        """Return the raw range that the colours of all maps of all epochs span."""
        return view.common_scale(self.views)

    def foremost(self, count: int) -> list[int]:
        """Return `rival`, `label` and the classes of greatest probability at any epoch, `count` in all.

        They are sorted by their last probabilities, greatest first.
        """
        peaks = self.probabilities.max(0).values
        peaks[list(self.classes)] = 2.0  # above every probability
        foremost = peaks.argsort(descending=True, stable=True)[:count].tolist()
        return sorted(foremost, key=lambda i: -float(self.views[-1].probabilities[i]))

    def answers(self) -> list[tuple[int, int, int]]:
        """Return (predicted class, first epoch, last epoch) of each stretch of equal predictions, in order."""
        predictions = [(one.predicted, epoch) for one, epoch in zip(self.views, self.epochs, strict=True)]
        stretches = [
            (predicted, [epoch for _, epoch in group])
            for predicted, group in groupby(predictions, key=lambda pair: pair[0])
        ]
        return [(predicted, epochs[0], epochs[-1]) for predicted, epochs in stretches]


def rival_of(explained: View, label: int) -> int:
    """Return the most probable class other than `label`."""
    return next(i for i in explained.top(2) if i != label)


def story(
    run: Run, image: Tensor, label: int, rival: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> Story:
    """Return the net's answers for one image, uint8 (C, side, side), after every checkpoint of the run.

    Each is one forward pass. `progress` is called with the epochs done and in all. Raises UserError where the run has
    no checkpoints.
    """
    epochs = tuple(run.epoch_weights())
    if not epochs:
        raise UserError(missing(run.name))
    views = []
    for epoch in epochs:
        views.append(view.of_image(trained.open_epoch(run, epoch), image, (rival, label)))
        progress(len(views), len(epochs))
    return Story(epochs, tuple(views), rival, label)


def missing(title: str) -> str:
    """Return the sentence for a net without checkpoints, with the way to get some."""
    return (
        f"{title} has no checkpoints. Train it again with “Checkpoints” under More on page Train, or with "
        "--keep-epochs 8, and see here how its answer developed."
    )
