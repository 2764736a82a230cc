"""Boxes from class activation maps: weakly supervised localisation, without boxes in training (section 5.1.1).

A box is (x0, y0, x1, y1) in pixels, half-open: x runs from x0 to x1 - 1, so the width is x1 - x0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.errors import UserError
from core.images import Picture

Box = tuple[int, int, int, int]
Boxes = NDArray[np.int64]
"""Boxes (..., 4). Four zeros stand for no box: the map was positive nowhere."""

THRESHOLD = 0.5  # share of the map's maximum
COMPONENTS = "components"  # a box for each region, where RULES give one box for a map
SPECK = 0.05  # of the largest region's pixels: a region with fewer is a speck and has no box
_TOUCHING = np.ones((3, 3), dtype=bool)  # pixels that meet at a corner belong to one region
_BATCH = 500  # maps that are thresholded at once


@dataclass(frozen=True)
class Rule:
    """A way to read a box off a map: `name` in addresses, `description` for people, and the default threshold."""

    name: str
    description: str
    threshold: float


RULES = {
    rule.name: rule
    for rule in (
        Rule("all", "the smallest box around everything above the threshold, as in the thesis", THRESHOLD),
        Rule("largest", "the box around the largest region above the threshold, as in Zhou et al. (2016)", 0.2),
    )
}


def rule(name: str) -> Rule:
    """Return the rule of that name. Raises UserError, which lists all names, for another."""
    if name not in RULES:
        raise UserError(f'There is no rule "{name}" for boxes: choose one of {", ".join(RULES)}.')
    return RULES[name]


def box(map: Tensor, threshold: float = THRESHOLD, by: str = "all") -> Box | None:
    """Return the box of the map (H, W) at `threshold` times its maximum, by one of RULES; None without positive values.

    "all" is the smallest box around all positions above the threshold, as in the thesis; "largest" the one around
    their largest connected region (Zhou et al., 2016). Raises UserError for a `threshold` outside (0, 1).
    """
    x0, y0, x1, y1 = over_thresholds(map.detach().numpy()[None], [threshold], by)[0, 0].tolist()
    return (x0, y0, x1, y1) if x1 else None


def components(map: Tensor, threshold: float = THRESHOLD) -> list[Box]:
    """Return a box around each connected region of the map (H, W) above `threshold` times its maximum.

    Positions that meet at a corner are connected. The region of most positions comes first, of equal ones the topmost.
    Regions with fewer than SPECK of its positions are left out. Empty without positive values. Raises UserError as
    `box` does.
    """
    from scipy import ndimage

    _check(threshold)
    values = map.detach().numpy()
    if not values.max() > 0:
        return []
    regions, count = ndimage.label(values > threshold * values.max(), _TOUCHING)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    order = [label for label in np.argsort(-sizes, kind="stable") if sizes[label] >= SPECK * sizes.max()]
    slices = ndimage.find_objects(regions)
    return [(slices[i][1].start, slices[i][0].start, slices[i][1].stop, slices[i][0].stop) for i in order]


def listed(map: Tensor, threshold: float = THRESHOLD, by: str = "all") -> list[Box]:
    """Return the boxes of the map (H, W): by COMPONENTS those of `components`, by one of RULES at most one.

    Raises UserError as `box` does.
    """
    if by == COMPONENTS:
        return components(map, threshold)
    one = box(map, threshold, by)
    return [] if one is None else [one]


def over_thresholds(maps: NDArray, thresholds: Sequence[float] | NDArray, by: str = "all") -> Boxes:
    """Return the boxes (N, T, 4) of maps (N, H, W) at each of T thresholds, by one of RULES; zeros for no box.

    Raises UserError as `box` does.
    """
    rule(by)
    for threshold in thresholds:
        _check(threshold)
    shares = np.asarray(thresholds, dtype=maps.dtype)
    boxes = np.zeros((len(maps), len(shares), 4), dtype=np.int64)
    for start in range(0, len(maps), _BATCH):
        part = slice(start, start + _BATCH)
        limits = shares * maps[part].max((1, 2))[:, None]
        boxes[part] = _around_all(maps[part], limits) if by == "all" else _around_largest(maps[part], limits)
    return boxes


def _check(threshold: float) -> None:
    if not 0 < threshold < 1:
        raise UserError(
            f"A threshold of {threshold:g} has no meaning: it is a share of the map's maximum, "
            "so give a number between 0 and 1, such as 0.5."
        )


def _around_all(maps: NDArray, limits: NDArray) -> Boxes:
    """Return boxes (N, T, 4) around all positions of maps (N, H, W) above `limits` (N, T); zeros for limits <= 0."""
    # A column holds a position above the limit exactly when its maximum is above it: no map is thresholded whole.
    columns, rows = (maps.max(axis)[:, None] > limits[:, :, None] for axis in (1, 2))
    return _bounds(columns, rows) * (limits > 0)[..., None]


def _around_largest(maps: NDArray, limits: NDArray) -> Boxes:
    """Return boxes (N, T, 4) around the largest region above `limits` (N, T), the topmost of equal ones."""
    from scipy import ndimage  # takes half a second to import, and the usual rule needs none of it

    planes = np.zeros((3, 3, 3), dtype=bool)
    planes[1] = _TOUCHING  # within one image, never from one to the next
    boxes = []
    for limit in limits.T:
        regions, count = ndimage.label(maps > limit[:, None, None], planes)
        sizes = np.bincount(regions.ravel(), minlength=count + 1)
        sizes[0] = 0  # what lies below the limit is no region
        largest = sizes[regions].reshape(len(maps), -1).argmax(1)
        label = np.take_along_axis(regions.reshape(len(maps), -1), largest[:, None], 1)
        inside = (regions == label[:, :, None]) & (regions > 0)
        boxes.append(_bounds(inside.any(1), inside.any(2)))
    return np.stack(boxes, 1) * (limits > 0)[..., None]


def _bounds(columns: NDArray, rows: NDArray) -> Boxes:
    """Return boxes (..., 4) from flags of occupied columns (..., W) and rows (..., H)."""
    edges = (_first(columns), _first(rows), columns.shape[-1] - _first(columns[..., ::-1]))
    return np.stack([*edges, rows.shape[-1] - _first(rows[..., ::-1])], -1)


def _first(flags: NDArray) -> NDArray:
    return flags.argmax(-1)


def iou(one: NDArray, other: NDArray) -> NDArray:
    """Return the intersection over union (...), 0 to 1, of boxes (..., 4) that broadcast; 0 where there is no box."""
    width = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    height = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    common = np.clip(width, 0, None) * np.clip(height, 0, None)
    union = _area(one) + _area(other) - common
    return np.divide(common, union, out=np.zeros(union.shape), where=union > 0)


def _area(box: NDArray) -> NDArray:
    return (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])


def draw(picture: Picture, box: Box, colour: tuple[int, int, int], *, zoom: float = 1, line: int = 2) -> Picture:
    """Return a copy of the uint8 picture (H, W, 3) with the box's frame, `line` px wide, drawn inside the box.

    `zoom` is the size of one of the box's pixels in the picture: 16 for a box of a 28 px image drawn at 448 px.
    """
    framed = picture.copy()
    x0, y0, x1, y1 = (round(edge * zoom) for edge in box)
    region = framed[y0:y1, x0:x1]
    region[:line] = region[-line:] = colour
    region[:, :line] = region[:, -line:] = colour
    return framed
