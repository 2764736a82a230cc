"""Boxes from class activation maps: where an object is, by a net that was never told (section 5.1.1).

A box is (x0, y0, x1, y1) in pixels, half-open: x runs from x0 to x1 - 1, so the width is x1 - x0.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from core.errors import UserError
from core.images import Picture

Box = tuple[int, int, int, int]

THRESHOLD = 0.5  # of the map's greatest value


def box(map: Tensor, threshold: float = THRESHOLD) -> Box | None:
    """The smallest box around all positions of the map (H, W) above `threshold` times its greatest value.

    All of them count, as in the thesis, and not only the largest connected region (Zhou et al.). A map that
    is positive nowhere has no box. `threshold` lies between 0 and 1, both excluded (UserError).
    """
    if not 0 < threshold < 1:
        raise UserError(
            f"A threshold of {threshold:g} has no meaning: it is a share of the map's greatest value, "
            "so give a number between 0 and 1, such as 0.5."
        )
    values = map.detach().numpy()
    peak = float(values.max())
    if not peak > 0:
        return None
    rows, columns = np.nonzero(values > threshold * peak)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def draw(picture: Picture, box: Box, colour: tuple[int, int, int], *, zoom: float = 1, line: int = 2) -> Picture:
    """A copy of the uint8 picture (H, W, 3) with the box's frame, `line` px wide, drawn inside the box.

    `zoom` is the picture's size in terms of the box's pixels: 16 where a box of a 28 px image is drawn at 448
    px.
    """
    framed = picture.copy()
    x0, y0, x1, y1 = (round(edge * zoom) for edge in box)
    region = framed[y0:y1, x0:x1]
    region[:line] = region[-line:] = colour
    region[:, :line] = region[:, -line:] = colour
    return framed
