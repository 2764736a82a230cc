"""One image through the epochs of a training: what the net said of it as it learned, and what it went by (section 5.1).

It needs the weights that the training left behind on its way, see `core.trainers.kept_epochs`.
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
    """What E epochs made of one image of true class `label`.

    `views` has one for each of `epochs`, in order, each with the maps of `classes`: `rival` and `label`.
    """

    epochs: tuple[int, ...]
    views: tuple[View, ...]
    rival: int
    label: int

    @property
    def classes(self) -> tuple[int, int]:
        """The classes whose maps every view has."""
        return self.rival, self.label

    @property
    def probabilities(self) -> Tensor:
        """Of every class after every epoch, (E, classes)."""
        return torch.stack([seen.probabilities for seen in self.views])

    @property
    def scale(self) -> tuple[float, float]:
        """The raw range that the colours of all maps of all epochs span."""
        return view.common_scale(self.views)

    def foremost(self, count: int) -> list[int]:
        """`rival`, `label` and the classes that were most probable at any epoch, `count` in all.

        They come in the order of their last probabilities, the greatest first.
        """
        peaks = self.probabilities.max(0).values
        peaks[list(self.classes)] = 2.0  # above every probability
        among = peaks.argsort(descending=True, stable=True)[:count].tolist()
        return sorted(among, key=lambda i: -float(self.views[-1].probabilities[i]))

    def answers(self) -> list[tuple[int, int, int]]:
        """What it was taken for in turn: (class, first epoch, last epoch) of each stretch of equal answers."""
        said = [(seen.predicted, epoch) for seen, epoch in zip(self.views, self.epochs, strict=True)]
        stretches = [
            (answer, [epoch for _, epoch in group]) for answer, group in groupby(said, key=lambda pair: pair[0])
        ]
        return [(answer, epochs[0], epochs[-1]) for answer, epochs in stretches]


def rival_of(seen: View, label: int) -> int:
    """What the net takes the image for; where that is the truth, what it holds most probable besides."""
    return next(i for i in seen.top(2) if i != label)


def story(
    run: Run, image: Tensor, label: int, rival: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> Story:
    """Ask the net about one image, uint8 (C, side, side), as it was after every epoch that the run kept.

    Each is one forward pass. `progress` is called with the epochs done and the epochs in all. Raises UserError where
    the run kept none.
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
    """Why there is nothing to see of a net, and how to come by it."""
    return (
        f"{title} kept no weights along the way. Train it anew with “Epochs kept” under More on page Train, or with "
        "--keep-epochs 8, and see here how its answer came about."
    )
