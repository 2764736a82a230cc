"""Samples of a data set as a gallery: a column a class, all of them one picture, which is there at once."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core.datasets import Split, gallery
from core.explain import boxes
from core.images import Picture, encode

ACROSS = 10  # tiles beside each other, about
SHAPE = 0.8  # height of a gallery by its width: that of the place for a result
GAP = 6  # px between tiles, of which the screen shows about two thirds
FRAME = 5  # px of a box around an object
CRISP = 64  # px a side: smaller images are shown pixel by pixel


@dataclass(frozen=True)
class View:
    """What a gallery shows: classes as (label, name), and by `turn` which images of each.

    With `box_rgb` the true box of every object is drawn in that colour. `ground` is the grey between the images.
    """

    classes: tuple[tuple[int, str], ...]
    turn: int = 0
    box_rgb: tuple[int, int, int] | None = None
    ground: int = 255


def samples(split: Split, view: View) -> Picture:
    """Return a column of images for each class of the view, as many as fill a gallery; empty where a class has none."""
    across = max(1, round(ACROSS / len(view.classes)))
    down = max(1, round(SHAPE * across * len(view.classes)))
    shown = []
    for label, _ in view.classes:
        indices = gallery.samples(split, label, across * down, view.turn).tolist()
        tiles = framed(split, indices, view.box_rgb) if view.box_rgb else gallery.tiles(split.images[indices])
        shown.append(tiles)
    side = gallery.zoom(split.images.shape[3]) * split.images.shape[3]
    empty = np.full((side, side, 3), view.ground, np.uint8)
    places = [
        tiles[row * across + place] if row * across + place < len(tiles) else empty
        for row in range(down)
        for tiles in shown
        for place in range(across)
    ]
    return sheet(places, across * len(shown), down, view.ground)


def framed(split: Split, indices: list[int], rgb: tuple[int, int, int]) -> list[Picture]:
    """Return the images, each with the true box of its object drawn on it."""
    assert split.boxes is not None
    corners = [tuple(box) for box in split.boxes[indices].tolist()]
    return [
        boxes.draw(tile, box, rgb, zoom=gallery.zoom(split.images.shape[3]), line=FRAME)
        for tile, box in zip(gallery.tiles(split.images[indices]), corners, strict=True)
    ]


def sheet(tiles: Sequence[Picture], across: int, down: int, ground: int = 255) -> Picture:
    """Return tiles of one size as one picture of `across` columns and `down` rows, row by row."""
    high, wide = tiles[0].shape[:2]
    picture = np.full((down * (high + GAP) - GAP, across * (wide + GAP) - GAP, 3), ground, np.uint8)
    for place, tile in enumerate(tiles[: across * down]):
        top, left = place // across * (high + GAP), place % across * (wide + GAP)
        picture[top : top + high, left : left + wide] = tile
    return picture


def encoded(picture: Picture, side: int) -> bytes:
    """Return a picture of images of this side as a file: lossless where single pixels are seen."""
    return encode(picture, "PNG") if side < CRISP else encode(picture, "JPEG", quality=90)


def html(split: Split, view: View) -> str:
    """Return the samples as one picture, under the name of each class."""
    file = encoded(samples(split, view), split.images.shape[3])
    kind = "png" if file.startswith(b"\x89PNG") else "jpeg"
    names = [escape(name) for _, name in view.classes]
    captions = "".join(f'<span title="{name}">{name}</span>' for name in names)
    return (
        f'<div class="gallery"><div style="grid-template-columns:repeat({len(names)},minmax(0,1fr))">{captions}</div>'
        f'<img src="data:image/{kind};base64,{base64.b64encode(file).decode()}" '
        f'alt="Images of the classes {", ".join(names)}, a column each"></div>'
    )
