"""Drawings by hand as strokes of a pen, and the text by which a link carries them."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

MAX_POINTS = 20_000
MAX_CHARS = 2000  # of a drawing as text; browsers and chat programs cut off addresses much longer than that
GRID = 255  # steps along a side of the pad, one byte each
UNREADABLE = "The drawing cannot be read: clear it and draw again."
BAD_LINK = "The drawing in this address cannot be read."

Stroke = NDArray[np.float64]
"""Points (P, 2), x and y, of one stroke of the pen, in the units of the pad."""


def _arc(x: float, y: float, across: float, down: float, start: int, end: int) -> tuple[tuple[float, float], ...]:
    angles = [math.radians(degrees) for degrees in range(start, end + 1, 15)]
    return tuple((round(x + across * math.cos(at), 3), round(y + down * math.sin(at), 3)) for at in angles)


# A 3 in one stroke, the example before anything has been drawn; the pad's side is 1.
EXAMPLE = (_arc(0.49, 0.33, 0.17, 0.16, -150, 90) + _arc(0.49, 0.66, 0.2, 0.17, -90, 150),)


def read(value: Any) -> tuple[Stroke, ...]:
    """Return the strokes of a drawing as the pad hands them over: lists of strokes, of points, of two numbers.

    Raises UserError for anything else, and for a drawing of more than MAX_POINTS points.
    """
    try:
        points = tuple(np.asarray(stroke, dtype=np.float64).reshape(-1, 2) for stroke in value if len(stroke))
    except (TypeError, ValueError) as error:
        raise UserError(UNREADABLE) from error
    if not all(np.isfinite(stroke).all() for stroke in points) or sum(map(len, points)) > MAX_POINTS:
        raise UserError("The drawing has too many points, or some that are not finite: clear it and draw again.")
    return points


def to_text(drawn: Sequence[Stroke]) -> str:
    """Return a drawing on a pad of side 1 as text for an address: letters, digits, "-", "_" and "." between strokes.

    Points are rounded to the GRID and those on a straight line left out, more of them where the text would be longer
    than MAX_CHARS. Raises UserError where no text is short enough, because the drawing has hundreds of strokes.
    """
    on_grid = [np.clip(np.rint(stroke * GRID), 0, GRID) for stroke in drawn]
    for tolerance in (0.5, 1, 2, 4, 8):
        text = ".".join(_packed(_simplified(stroke, tolerance)) for stroke in on_grid)
        if len(text) <= MAX_CHARS:
            return text
    raise UserError("The drawing has too many strokes: clear it and draw again.")


def from_text(text: str) -> tuple[Stroke, ...]:
    """Return the drawing that `to_text` wrote, on a pad of side 1. Raises UserError for any other text."""
    if len(text) > MAX_CHARS:
        raise UserError(BAD_LINK)
    return tuple(_unpacked(part) for part in text.split(".")) if text else ()


def _simplified(stroke: Stroke, tolerance: float) -> Stroke:
    """Return the points of a stroke from which the others are nowhere farther than `tolerance` (Douglas, Peucker)."""
    kept = np.zeros(len(stroke), dtype=bool)
    kept[[0, -1]] = True
    spans = [(0, len(stroke) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _distances(stroke[first + 1 : last], stroke[first], stroke[last])
        farthest = int(away.argmax())
        if away[farthest] > tolerance:
            middle = first + 1 + farthest
            kept[middle] = True
            spans += [(first, middle), (middle, last)]
    return stroke[kept]


def _distances(points: Stroke, start: Stroke, end: Stroke) -> NDArray[np.float64]:
    """Return the distances of points (P, 2) from the segment between two others."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0, 1) if length else np.zeros(len(points))
    return np.linalg.norm(points - start - share[:, None] * along, axis=1)


def _packed(stroke: Stroke) -> str:
    return base64.urlsafe_b64encode(stroke.astype(np.uint8).tobytes()).decode().rstrip("=")


def _unpacked(text: str) -> Stroke:
    try:
        points = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(BAD_LINK) from error
    if not points or len(points) % 2:
        raise UserError(BAD_LINK)
    return np.frombuffer(points, dtype=np.uint8).reshape(-1, 2) / GRID
