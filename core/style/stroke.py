"""The stroke size: a picture is painted small first, and each larger round goes on from the draft of the one before.

After Drafting and Revision (Lin et al., CVPR 2021, arXiv 2104.05376), with one net for both.
"""

import math
from dataclasses import dataclass

import numpy as np

from core import images
from core.images import Picture
from core.style.network import MIN_SIDE

FIRST_SIDE = 256  # px, the long side of the first of all rounds
FACTOR = 1.75  # about that from round to round
LEAST_SIDE = 64  # px: the net's own strokes are nearly as wide
DRAFT_PART = 0.5  # of what the next round paints, in half of the steps of the training too


@dataclass(frozen=True)
class Draft:
    """A round before the last: the scale of its picture, and the part of its painting in the next round's picture."""

    scale: float
    part: float


def drafts(height: int, width: int, stroke: float) -> list[Draft]:
    """Return the rounds before the last for a picture of that size, the smallest first; none for a `stroke` of 0.

    With a `stroke` of 1 they begin at FIRST_SIDE and grow by about FACTOR. Below, fewer rounds are left, and the first
    of them has a smaller part, so that strokes grow without a jump.
    """
    side = max(height, width)
    first = min(FIRST_SIDE, side / FACTOR)
    if stroke == 0 or first < LEAST_SIDE:
        return []
    rounds = round(math.log(side / first) / math.log(FACTOR))
    count = math.ceil(stroke * rounds)
    first_part = DRAFT_PART * (stroke * rounds - (count - 1))
    return [
        Draft((first / side) ** (place / rounds), first_part if place == count else DRAFT_PART)
        for place in range(count, 0, -1)
    ]


def scaled(picture: Picture, scale: float) -> Picture:
    """Return uint8 (H, W, 3) at `scale` times its size, each side at least as long as the net needs."""
    height, width = picture.shape[:2]
    return images.resize(picture, max(MIN_SIDE, round(width * scale)), max(MIN_SIDE, round(height * scale)))


def with_draft(photograph: Picture, draft: Picture, part: float) -> Picture:
    """Return uint8 (H, W, 3): `part` of it the draft, enlarged to the photograph's size, the rest the photograph."""
    height, width = photograph.shape[:2]
    mixed = np.float32(part) * images.resize(draft, width, height)
    mixed += np.float32(1 - part) * photograph
    return np.rint(mixed, out=mixed).astype(np.uint8)
