"""Sheets of painted pictures for the eye: one a style, at full size, and a small one of all styles."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.scores import scaled
from core import images
from core.images import Picture
from core.style.painter import Painter

SIDE = 1024  # long side of the pictures of a style's sheet, px
SMALL = 256  # the same on the sheet of all styles, px
GAP = 8  # px of white between pictures


@dataclass(frozen=True)
class Sheets:
    """Where the sheets of `styles` go, the photographs on them, and the nets that paint them, one column each."""

    path: Path
    styles: tuple[str, ...]
    photographs: Sequence[Picture]
    nets: Sequence[Painter]

    def save(self) -> list[Path]:
        """Write the sheets and return their paths, that of all styles first.

        PATH has a row for each style, NAME_STYLE beside it a row for each photograph: it unpainted and as the nets
        paint it at SIDE px. Raises UserError for a file name or folder that cannot be written.
        """
        photographs = [scaled(photograph, SIDE) for photograph in self.photographs]
        strips = [beside([scaled(photograph, SMALL) for photograph in photographs])]
        paths = [self.path]
        for style in self.styles:
            rows = [[photograph, *self.painted(photograph, style)] for photograph in photographs]
            path = self.path.with_name(f"{self.path.stem}_{style}{self.path.suffix}")
            images.save(below([beside(row) for row in rows]), path)
            paths.append(path)
            strips += [beside([scaled(row[net], SMALL) for row in rows]) for net in range(1, len(self.nets) + 1)]
        images.save(below(strips), self.path)
        return paths

    def painted(self, photograph: Picture, style: str) -> list[Picture]:
        """Return the photograph as each net that has the style paints it; white for a net that lacks it."""
        return [
            net.paint(photograph, {style: 1.0}) if style in net.names else np.full_like(photograph, 255)
            for net in self.nets
        ]


def beside(pictures: Sequence[Picture]) -> Picture:
    """Return pictures in a row, their upper edges in line, with GAP px of white between them and below the lower."""
    height = max(len(picture) for picture in pictures)
    cells = [np.pad(each, ((0, height - len(each)), (0, GAP), (0, 0)), constant_values=255) for each in pictures]
    return np.concatenate(cells, 1)


def below(strips: Sequence[Picture]) -> Picture:
    """Return strips one below another, their left edges in line, with GAP px of white between them."""
    width = max(strip.shape[1] for strip in strips)
    rows = [np.pad(each, ((0, GAP), (0, width - each.shape[1]), (0, 0)), constant_values=255) for each in strips]
    return np.concatenate(rows)
