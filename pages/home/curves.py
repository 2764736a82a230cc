"""Lines over an axis as HTML with an SVG inside: a chart on the first page needs no chart library."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.theme import DARK, LIGHT

TRAIN = f"light-dark({LIGHT.train}, {DARK.train})"
HELD_OUT = f"light-dark({LIGHT.validation}, {DARK.validation})"
TRUTH = f"light-dark({LIGHT.truth}, {DARK.truth})"
PREDICTION = f"light-dark({LIGHT.prediction}, {DARK.prediction})"
EARLIER = "light-dark(#8A8578, #8A8578)"
WIDTH, HEIGHT = 1000, 100  # of the drawing, which is stretched to its place


@dataclass(frozen=True)
class Line:
    """A line through (x, y) points with its colour; `label` names it in words, in the row below the chart."""

    label: str
    points: Sequence[tuple[float, float]]
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Axes:
    """The greatest x, where the ticks of y stand, and what x counts; errors in percent are nearly logarithmic."""

    across: float
    ticks: Sequence[float]
    unit: str
    height: int = 230  # px


def chart(lines: Sequence[Line], axes: Axes, description: str) -> str:
    """Return HTML of the lines over labelled axes; `description` stands for it where it cannot be seen."""
    top = _place(max(axes.ticks))
    marks = "".join(_path(line, axes, top) for line in lines if line.points)
    grid = "".join(_rule(HEIGHT * (1 - _place(tick) / top)) for tick in axes.ticks)
    labels = "".join(_tick(tick, 100 * (1 - _place(tick) / top)) for tick in axes.ticks)
    return (
        f'<div style="padding: 0.6rem 0.25rem 0 2.6rem; font-size: 0.8rem">'
        f'<div style="position: relative; height: {axes.height}px">'
        f'<svg role="img" aria-label="{escape(description)}" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" '
        f'height="{axes.height}" preserveAspectRatio="none" style="display: block; overflow: visible">'
        f"<title>{escape(description)}</title>{grid}{marks}</svg>{labels}</div>"
        f'<div style="display: flex; justify-content: space-between; margin-top: 0.3rem">'
        f"<span>{escape(axes.unit)} 0</span>{_legend(lines)}<span>{axes.across:g}</span></div></div>"
    )


def _place(percent: float) -> float:
    """Return where an error in percent stands on the axis: logarithmic above 1%, with a place for zero."""
    return math.log1p(max(0.0, percent))


def _path(line: Line, axes: Axes, top: float) -> str:
    points = " L".join(
        f"{WIDTH * min(1.0, x / axes.across):.1f} {HEIGHT * (1 - min(1.0, _place(y) / top)):.2f}"
        for x, y in line.points
    )
    dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
    return (
        f'<path d="M{points}" fill="none" vector-effect="non-scaling-stroke"{dashes} '
        f'style="stroke: {line.colour}; stroke-width: 2.5px; stroke-linejoin: round"></path>'
    )


def _rule(y: float) -> str:
    return (
        f'<line x1="0" x2="{WIDTH}" y1="{y:.2f}" y2="{y:.2f}" vector-effect="non-scaling-stroke" '
        'style="stroke: currentColor; stroke-opacity: 0.18; stroke-width: 1px"></line>'
    )


def _tick(value: float, share: float) -> str:
    place = f"position: absolute; right: calc(100% + 0.4rem); top: calc({share:.1f}% - 0.6rem)"
    return f'<span style="{place}">{value:g}%</span>'


def _legend(lines: Sequence[Line]) -> str:
    """Return the lines' labels behind a stroke of their colours; the words are in the text's, which can be read."""
    entries = "".join(
        '<span style="white-space: nowrap"><span style="display: inline-block; width: 1.2rem; vertical-align: middle; '
        f'margin-right: 0.35rem; border-top: 3px {"dashed" if line.dashed else "solid"} {line.colour}"></span>'
        f"{escape(line.label)}</span>"
        for line in lines
    )
    return f'<span style="display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: center">{entries}</span>'
