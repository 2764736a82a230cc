"""Pictures with the predicted box and the true ones, which differ in their lines as well as in their colours."""

from collections.abc import Iterable

import numpy as np

from core.explain import boxes
from core.images import Picture
from ui import theme

LINE = 4  # px of a frame, with a dark one on either side
_DARK = (0, 0, 0)
_DASH = 12  # px


def framed(
    picture: Picture, zoom: float, predicted: boxes.Box | None, truth: Iterable[boxes.Box], *, line: int = LINE
) -> Picture:
    """Return a copy of the uint8 picture (H, W, 3) with the true boxes dashed and over them the `predicted` one solid.

    Boxes are in pixels that the picture shows `zoom` times as large; frames are `line` px wide.
    """
    colours = theme.colours()
    framed = picture
    for box in truth:
        framed = _framed(framed, box, _rgb(colours.truth), zoom, line, dashed=True)
    return (
        framed if predicted is None else _framed(framed, predicted, _rgb(colours.prediction), zoom, line, dashed=False)
    )


def _framed(
    picture: Picture, box: boxes.Box, colour: tuple[int, int, int], zoom: float, line: int, *, dashed: bool
) -> Picture:
    # The dark line stands out from bright pictures, the bright one from dark ones.
    dark = boxes.draw(picture, box, _DARK, zoom=zoom, line=line + 2)
    x0, y0, x1, y1 = (round(edge * zoom) for edge in box)
    inset = (x0 + 1, y0 + 1, max(x0 + 2, x1 - 1), max(y0 + 2, y1 - 1))
    bright = boxes.draw(dark, inset, colour, line=line)
    if not dashed:
        return bright
    down, across = np.indices(picture.shape[:2])
    gap = (down + across) // _DASH % 3 == 2
    return np.where(gap[..., None], dark, bright)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue
