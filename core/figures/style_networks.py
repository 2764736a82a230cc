"""Figures 5.9, 5.10 and 5.11: photographs painted by nets of one style each, and those beside one net of all styles.

As in the thesis, pictures are painted with a largest side of 1024 px and shown smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from core import images
from core.errors import UserError
from core.figures.transfers import row
from core.images import Picture
from core.style import painter

PAINTED_SIDE = 1024  # px, "generated with largest size of 1024px and are rescaled"
SHOWN_HEIGHT = 192  # px, of every picture of the figure
GAP = 8
SAMPLES = ("temple", "astronaut", "cat")


@dataclass(frozen=True)
class StyleNetworkFigure:
    """A figure of section 5.4 or 5.5: part `part` of `parts` of the styles; where `beside`, painted by both nets."""

    name: str
    title: str
    part: int = 0
    parts: int = 1
    beside: bool = False


FIGURES = {
    figure.name: figure
    for figure in (
        StyleNetworkFigure("5.9", "Stylisation by style networks of one style each (part 1)", 0, 2),
        StyleNetworkFigure("5.10", "Stylisation by style networks of one style each (part 2)", 1, 2),
        StyleNetworkFigure("5.11", "One net of many styles (left) beside nets of a single style (right)", beside=True),
    )
}


def rows_of(figure: StyleNetworkFigure) -> list[dict[str, str]]:
    """Return the styles of the figure as rows of `painter.styles`. Raises UserError where there are none."""
    rows = [style for style in painter.styles() if painter.single(style["name"])]
    if figure.beside:
        rows = [style for style in rows if painter.single(style["name"]) != style["net"]]
    size = -(-len(rows) // figure.parts)
    shown = rows[figure.part * size : (figure.part + 1) * size]
    if not shown:
        raise UserError(
            f"Figure {figure.name} shows nets of a single style, of which too few are shipped with this copy; "
            "train some with python -m training.pastiche --only and ship them with python -m training.ship."
        )
    return shown


def drawn(figure: StyleNetworkFigure, photographs: Sequence[Picture]) -> Picture:
    """Return the figure: `photographs`, uint8 (H, W, 3) each, in the first row, below them a row for each style.

    Of Figure 5.11 each photograph has two places in a row: painted by the net of many styles, and by the single one.
    """
    large = [at_painted_size(photograph) for photograph in photographs]
    copies = 2 if figure.beside else 1
    rows = [row([photograph for photograph in large for _ in range(copies)], SHOWN_HEIGHT, GAP)]
    for style in rows_of(figure):
        alone = painter.single(style["name"])
        nets = (style["net"], alone) if figure.beside else (alone,)
        painted = [painter.stylise(photograph, {style["name"]: 1.0}, net=net) for photograph in large for net in nets]
        rows.append(row(painted, SHOWN_HEIGHT, GAP))
    white = torch.full((GAP, rows[0].shape[1], 3), 255, dtype=torch.uint8)
    parts = [part for each in rows for part in (white, torch.from_numpy(each))]
    return torch.cat(parts[1:]).numpy()


def at_painted_size(picture: Picture) -> Picture:
    """Return the picture with a longer side of PAINTED_SIDE px, enlarged where it is smaller."""
    height, width = picture.shape[:2]
    scale = PAINTED_SIDE / max(height, width)
    return images.resize(
        picture, max(images.MIN_SIDE, round(width * scale)), max(images.MIN_SIDE, round(height * scale))
    )
