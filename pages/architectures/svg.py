"""Elements of the drawings: lines, boxes and words as SVG.

Everything takes the colour of the text around it, so that a drawing is as legible in the dark as in the light.
"""

from dataclasses import dataclass
from html import escape

WIDTH = 400  # units; a phone shows nearly as many pixels
BLOCK = "#5B76E8"


@dataclass(frozen=True)
class Piece:
    """Part of a drawing: its elements from y = 0 down, as SVG, and its height."""

    marks: str
    height: float


def standalone(piece: Piece, label: str) -> str:
    """Return a piece as an <svg> of its own, as wide as there is room."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {piece.height:g}" width="100%" role="img" '
        f'aria-label="{escape(label)}" font-size="12">{piece.marks}</svg>'
    )


def at(x: float, y: float, marks: str) -> str:
    """Return the elements moved by (x, y)."""
    return f'<g transform="translate({x:g} {y:g})">{marks}</g>'


def line(path: str, opacity: float, width: float = 1.3) -> str:
    """Return an open path."""
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="{opacity}" '
        f'stroke-width="{width}" stroke-linejoin="round"/>'
    )


def filled(colour: str) -> str:
    """Return the attributes of a shape with an outline and a pale filling."""
    return f'fill="{colour}" fill-opacity=".22" stroke="{colour}" stroke-width="1.2"'


def text(x: float, y: float, words: str, *, bold: bool = False, faint: bool = False, anchor: str = "start") -> str:
    """Return words whose baseline is at y."""
    look = ' font-size="14" font-weight="600"' if bold else ""
    look += ' fill-opacity=".72"' if faint else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="currentColor"{look}>{escape(words)}</text>'
