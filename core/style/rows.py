"""The rows of a style network: the scales and shifts of each painting in full, softly, and of the photograph."""

from collections.abc import Mapping
from dataclasses import dataclass

SOFT = "__soft"  # ends the name of the row that learns a painting with a part of the full style weight
PHOTOGRAPH = "photograph"  # the row that gives the photograph back


@dataclass(frozen=True)
class Rows:
    """The names of a net's rows, in the order of its parameters."""

    names: tuple[str, ...]

    @property
    def styles(self) -> tuple[str, ...]:
        """Return the names of the rows that paint a style in full."""
        return tuple(name for name in self.names if name != PHOTOGRAPH and not name.endswith(SOFT))

    @property
    def soften(self) -> bool:
        """Return whether every style has a soft row, and the photograph one."""
        return {PHOTOGRAPH, *(style + SOFT for style in self.styles)} <= set(self.names)


def rows_of(card: Mapping) -> tuple[str, ...]:
    """Return the names of the rows of the net that a card describes: its `rows`, on older cards those of its styles."""
    return tuple(card.get("rows") or (style["name"] for style in card["styles"]))
