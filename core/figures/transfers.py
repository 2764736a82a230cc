"""Figures 5.6, 5.7 and 5.8 as rows of transfers: what changes from picture to picture, and everything else the same."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch

from core import images
from core.errors import UserError
from core.images import Picture
from core.style.optimisation_recipe import OptimisationRecipe


@dataclass(frozen=True)
class TransferFigure:
    """A row of pictures: `cells` are (label, what it changes in the recipe)."""

    name: str
    title: str
    takeaway: str
    cells: tuple[tuple[str, dict[str, Any]], ...]

    def recipes(self, recipe: OptimisationRecipe) -> list[tuple[str, OptimisationRecipe]]:
        """Return the label and the recipe of each cell: `recipe` with the changes of the cell.

        A weight is given as {"style": ("times", 4.0)}: a factor on the recipe's own.
        """
        return [(label, replace(recipe, **resolved(recipe, changes))) for label, changes in self.cells]


def resolved(recipe: OptimisationRecipe, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes, with factors multiplied out."""
    return {
        name: getattr(recipe, name) * value[1] if isinstance(value, tuple) else value for name, value in changes.items()
    }


FIGURES = {
    figure.name: figure
    for figure in (
        TransferFigure(
            "5.6",
            "From noise and from the photograph",
            "From noise every start ends in another picture; from the photograph more of its content stays.",
            (
                ("From noise", {"start": "noise", "seed": 0}),
                ("From other noise", {"start": "noise", "seed": 1}),
                ("From the photograph", {"start": "content"}),
            ),
        ),
        TransferFigure(
            "5.7",
            "Weights of the loss terms",
            "The style weight trades the photograph for the painting; the regulariser trades grain for blur.",
            (
                ("Small style weight", {"style": ("times", 0.1)}),
                ("Large style weight", {"style": ("times", 10.0)}),
                ("Small regularisation weight", {"variation": ("times", 0.02)}),
                ("Large regularisation weight", {"variation": ("times", 20.0)}),
            ),
        ),
        TransferFigure(
            "5.8",
            "Sizes of the style picture",
            "A larger painting gives larger strokes, for the loss network sees the same number of pixels at once.",
            tuple((f"Style at {size} px", {"style_size": size}) for size in (180, 256, 384, 512)),
        ),
    )
}


def figure(name: str) -> TransferFigure:
    """Return the figure of that number. Raises UserError, listing them, where there is none."""
    if name not in FIGURES:
        raise UserError(f"There is no preset for Figure {name}; there are {', '.join(FIGURES)}.")
    return FIGURES[name]


def row(pictures: Iterable[Picture], height: int = 256, gap: int = 8) -> Picture:
    """Return pictures (H, W, 3) side by side at one height, px, with a white gap between them."""
    parts: list[torch.Tensor] = []
    for picture in pictures:
        width = max(1, round(picture.shape[1] * height / picture.shape[0]))
        if parts:
            parts.append(torch.full((height, gap, 3), 255, dtype=torch.uint8))
        parts.append(torch.from_numpy(images.resize(picture, width, height)))
    return torch.cat(parts, 1).numpy()
