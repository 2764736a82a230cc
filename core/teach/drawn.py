"""Drawn toys as samples: scenes of the toybox, drawn when they are wanted, for trying without pictures of one's own."""

from __future__ import annotations

import functools

from torch import Tensor

from core.datasets import toybox
from core.datasets.toybox import CLASSES, Scenes
from core.images import Picture, from_tensor

SIDE = 128  # px
AT_ONCE = 4  # scenes of each class that are drawn together: a fraction of a second
MOST = 48  # different ones of each class


@functools.lru_cache(maxsize=2 * MOST // AT_ONCE)
def _sheet(split: str, number: int) -> tuple[Tensor, Tensor]:
    drawn = toybox.sheet_of(split, number, Scenes(side=SIDE), AT_ONCE * len(CLASSES))
    return drawn.images, drawn.labels


def picture(label: str, number: int, split: str = "train") -> Picture:
    """Return a scene with a toy of a class of CLASSES, uint8 (SIDE, SIDE, 3); after MOST numbers they come again."""
    sheet, place = divmod(number % MOST, AT_ONCE)
    images, labels = _sheet(split, sheet)
    places = (labels == CLASSES.index(label)).nonzero()[:, 0]
    return from_tensor(images[places[place]])
