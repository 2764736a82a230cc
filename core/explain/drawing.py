"""Digits drawn by hand, preprocessed like the training images of a net: centred and scaled as MNIST's were.

LeCun et al. (1998) fitted each digit into a box of 20 x 20 pixels, with its proportions kept and its edges smoothed,
and put its centre of mass into the middle of 28 x 28. A drawing is a set of lines, so the pen has the same width
whatever the size of the digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from core.datasets import digits
from core.datasets.digits import BOX, FRAME
from core.datasets.name import parse
from core.errors import UserError
from core.explain.strokes import Stroke

PEN = 2.6  # px in the frame of 28: ten drawn digits then have as much ink as those of MNIST, 0.13 of the frame
FINE = 8  # cells along a side of a pixel while the lines are drawn


@dataclass(frozen=True)
class Manner:
    """How the digits of a data set were prepared: a `description`, and whether they were scanned at 8 x 8 pixels."""

    description: str
    coarse: bool


MANNERS = {
    "mnist": Manner(
        f"Your digit is preprocessed like those of MNIST: fitted into {BOX} x {BOX} pixels, drawn with a pen {PEN:g} "
        f"pixels wide, and its centre of mass put into the middle of {FRAME} x {FRAME}.",
        False,
    ),
    "digits": Manner(
        f"Your digit is preprocessed like the training images: scanned at 8 x 8 pixels, enlarged to {BOX} x {BOX}, "
        f"and put into the middle of {FRAME} x {FRAME}.",
        True,
    ),
}


def manner(dataset: str) -> Manner | None:
    """Return how the digits of the data set of that name were prepared; None where it has no digits to draw."""
    return MANNERS.get(parse(dataset).kind)


def as_digit(drawn: Sequence[Stroke], dataset: str) -> Tensor:
    """Return the drawing as an image of `dataset`: uint8 (1, 28, 28), black 0, ink 255.

    Raises UserError for an empty drawing, and for a data set whose `manner` is None.
    """
    how = manner(dataset)
    if how is None:
        raise UserError(f"A net trained on {dataset} classifies no digits: choose one for {' or '.join(MANNERS)}.")
    if not drawn:
        raise UserError("Nothing has been drawn yet: draw a digit first.")
    points = _in_box(drawn)
    if how.coarse:
        return _scanned(points)
    # The centre of mass of the ink, not of the points: a resting pen draws many points at one place.
    rows, columns = np.indices((FRAME * FINE, FRAME * FINE))
    ink = _ink(points)
    centre = np.array([(ink * columns).sum(), (ink * rows).sum()]) / ink.sum() + 0.5
    fine = _ink([stroke + FRAME / 2 - centre / FINE for stroke in points])
    grey = fine.reshape(FRAME, FINE, FRAME, FINE).mean((1, 3))
    return torch.from_numpy(np.rint(255 * grey).astype(np.uint8))[None]


def _in_box(drawn: Sequence[Stroke]) -> list[Stroke]:
    """Return the strokes scaled and centred so that their ink fits the box in the middle of the frame."""
    points = np.concatenate(drawn)
    low, high = points.min(0), points.max(0)
    longest = float((high - low).max())
    # A dot has no size of its own: it stays as large as the pen.
    scale = (BOX - PEN) / longest if longest > 0 else 1.0
    return [(stroke - (low + high) / 2) * scale + FRAME / 2 for stroke in drawn]


def _ink(drawn: Sequence[Stroke]) -> NDArray[np.float64]:
    """Return the strokes rasterised with FINE cells a pixel: 0 or 1, (28 FINE, 28 FINE)."""
    sheet = Image.new("L", (FRAME * FINE, FRAME * FINE))
    brush = ImageDraw.Draw(sheet)
    radius = PEN * FINE / 2
    for stroke in drawn:
        line = [(float(x), float(y)) for x, y in stroke * FINE]
        brush.line(line, fill=1, width=round(2 * radius))
        for x, y in line:  # round ends and corners
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.asarray(sheet, dtype=np.float64)


def _scanned(drawn: Sequence[Stroke]) -> Tensor:
    """Return the digit scanned as scikit-learn's were: the ink in each of 8 x 8 cells, 0 to 16, then enlarged."""
    margin = (FRAME - BOX) // 2 * FINE
    ink = torch.from_numpy(_ink(drawn))[margin:-margin, margin:-margin]
    cells = F.adaptive_avg_pool2d(ink[None], (8, 8))
    return digits.enlarge(cells.mul(16).round())[0]
