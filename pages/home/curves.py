"""Lines over an axis as HTML with an SVG picture inside: a chart on the first page needs no chart library."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

GREY = "#8A8578"  # of the grid, and of a line behind the others; on light and on dark
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
    """The greatest x, where the ticks of y stand, in percent, and the words at both ends of the x axis."""

    across: float
    ticks: Sequence[float]
    ends: tuple[str, str]
    height: int = 230  # px


def chart(lines: Sequence[Line], axes: Axes, description: str) -> str:
    """Return HTML of the lines over labelled axes; `description` stands for it where it cannot be seen."""
    top = _place(max(axes.ticks))
    marks = "".join(_path(line, axes, top) for line in lines if line.points)
    grid = "".join(_rule(HEIGHT * (1 - _place(tick) / top)) for tick in axes.ticks)
    labels = "".join(_tick(tick, 100 * (1 - _place(tick) / top)) for tick in axes.ticks)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -1 {WIDTH} {HEIGHT + 2}" preserveAspectRatio="none">'
        f"{grid}{marks}</svg>"
    )
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return (
        f'<div style="padding: 0.6rem 0.25rem 0 2.6rem; font-size: 0.8rem">'
        f'<div style="position: relative; height: {axes.height}px"><img src="{source}" alt="{escape(description)}" '
        f'style="display: block; width: 100%; height: {axes.height}px">{labels}</div>'
        f'<div style="display: flex; justify-content: space-between; margin-top: 0.3rem">'
        f"<span>{escape(axes.ends[0])}</span>{_legend(lines)}<span>{escape(axes.ends[1])}</span></div></div>"
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
        f'stroke="{line.colour}" stroke-width="2.5" stroke-linejoin="round"/>'
    )


def _rule(y: float) -> str:
    return (
        f'<line x1="0" x2="{WIDTH}" y1="{y:.2f}" y2="{y:.2f}" vector-effect="non-scaling-stroke" '
        f'stroke="{GREY}" stroke-opacity="0.4"/>'
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
