"""What an eye sees in a painted picture and a style loss does not: a lattice, strokes that stand still, lost light.

Transposed and strided convolutions repeat a pattern every few pixels (Odena et al., "Deconvolution and Checkerboard
Artifacts", Distill 2016). All figures are of luminance, 0 to 255, with the weights of ITU-R BT.601.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from core import images
from core.errors import UserError
from core.images import Picture

Luminance = NDArray[np.float64]

CELL = 4  # px: the style networks halve a picture twice, so what they repeat, they repeat every four pixels
SHIFT = 2  # px, to the right and down
WINDOW = 9  # px, of the mean that is taken off to leave the fine structure
MARGIN = 16  # px at every edge that `shift` leaves out, where the two paintings saw another padding
BLOCK = 16  # px, of the means of luminance that `tone` compares


def luminance(picture: Picture) -> Luminance:
    """Return the luminance (H, W), 0 to 255, of a picture (H, W, 3)."""
    return picture.astype(np.float64) @ np.array(images.LUMINANCE)


def lattice(picture: Picture, cell: int = CELL) -> float:
    """Return the range of the mean luminance over the places of a cell x cell square, of 255.

    Whole cells count, from the upper left corner. A pattern of that period with amplitude a gives a; a photograph
    gives about 1 or less. Raises UserError for a picture smaller than one cell.
    """
    means = blocks(luminance(picture), cell).mean((0, 2))
    return float(means.max() - means.min())


def shift(painted: Picture, moved: Picture, pixels: int = SHIFT, margin: int = MARGIN) -> float:
    """Return the correlation, -1 to 1, of the fine structure of a painting and of one whose photograph was moved.

    `painted` is (H, W, 3); `moved` is the painting of the photograph without its first `pixels` rows and columns,
    (H - pixels, W - pixels, 3). 1 means that the strokes follow the picture, not the sampling grid. The outer `margin`
    px are left out. Raises UserError for other shapes, or where nothing remains inside.
    """
    brought = painted[pixels:, pixels:]
    if brought.shape != moved.shape or min(moved.shape[:2]) < 2 * margin + WINDOW:
        raise UserError(
            f"Paintings of {painted.shape[:2]} and {moved.shape[:2]} px cannot be compared: the second must be "
            f"{pixels} px smaller, and at least {2 * margin + WINDOW} px a side."
        )
    inner = slice(margin, -margin or None)
    return correlation(*(fine_structure(luminance(picture[inner, inner])) for picture in (brought, moved)))


def tone(painted: Picture, photograph: Picture, block: int = BLOCK) -> float:
    """Return the correlation, -1 to 1, of the mean luminance of squares of `block` px in two pictures of one shape.

    1 means that light and dark lie where they lie in the photograph. Raises UserError for pictures of two shapes, or
    smaller than one square.
    """
    if painted.shape != photograph.shape:
        raise UserError(f"A painting of {painted.shape[:2]} px has no tone beside {photograph.shape[:2]} px.")
    return correlation(*(blocks(luminance(picture), block).mean((1, 3)) for picture in (painted, photograph)))


def blocks(values: Luminance, side: int) -> NDArray[np.float64]:
    """Return whole squares of (H, W) as (rows, side, columns, side). Raises UserError where there is none."""
    rows, columns = (length // side for length in values.shape)
    if not rows or not columns:
        raise UserError(f"The picture is {values.shape[1]} x {values.shape[0]} px; {side} px a side are needed.")
    return values[: rows * side, : columns * side].reshape(rows, side, columns, side)


def fine_structure(values: Luminance, window: int = WINDOW) -> Luminance:
    """Return (H, W) minus the mean of the `window` x `window` px around each place; the edges are left out."""
    edge = window // 2
    means = F.avg_pool2d(torch.from_numpy(np.ascontiguousarray(values))[None, None], window, 1)[0, 0].numpy()
    fine: Luminance = values[edge:-edge, edge:-edge] - means
    return fine


def correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Pearson's correlation of two arrays of one shape; 0 where one of them is constant."""
    one, other = first - first.mean(), second - second.mean()
    sizes = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / sizes if sizes > 1e-9 else 0.0
