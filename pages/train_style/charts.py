"""Curves of the training of a style network: the losses, those of each style, the gradient, the learning rate."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from core.runs.comparison import Points, thinned
from core.runs.values import is_number
from ui.charts import CONFIG, LEGEND_ROW, LOSS_TICKS, end_labels, with_ends

HEIGHT, LOW = 240, 150
MAX_POINTS = 300
WINDOWS = 40  # a curve is the mean over a window, of which so many fit: single crops jump
RATE = "learning_rate"
MOST = 4  # styles that the theme has colours for at once

Rows = Sequence[Mapping[str, Any]]


def quantity(rows: Rows, steps: int, key: str, title: str, low: bool = False) -> alt.Chart:
    """Draw a key of the rows, "style" or "gradient", on a logarithmic axis; the learning rate on a linear one."""
    points = _points(rows, key)
    y = alt.Y("value:Q", title=title, axis=alt.Axis(format="~g", tickCount=3))
    chart = _lines({title: points}, steps, y if key == RATE else _logarithmic(title, points), legend=False)
    return chart.properties(height=LOW if low else HEIGHT)


def losses(rows: Rows, steps: int, titles: Mapping[str, str]) -> alt.LayerChart:
    """Draw keys of the rows (key -> title), one line each, on one logarithmic axis, with labels at their ends."""
    named = {title: _points(rows, key) for key, title in titles.items()}
    both = alt.Chart(with_ends(named, "step", "value", "{:.3g}")).encode(
        x=_steps_axis(steps),
        y=_logarithmic("loss", [point for points in named.values() for point in points]),
        color=alt.Color("split:N", scale=alt.Scale(domain=list(named)), legend=None),
        tooltip=["split:N", "step:Q", alt.Tooltip("value:Q", format=".4~g")],
    )
    dashes = alt.Scale(domain=list(named), range=[[1, 0], [4, 2]])
    line = both.mark_line(aria=False, strokeWidth=2.5).encode(
        strokeDash=alt.StrokeDash("split:N", scale=dashes, legend=None)
    )
    return alt.layer(line, *end_labels(both)).configure(**CONFIG)


def of_styles(rows: Rows, steps: int, kind: str, titles: Mapping[str, str]) -> alt.Chart:
    """Draw the "content" or "style" loss of each style (name -> title) on one axis."""
    named = {title: _points(rows, f"{kind}/{name}") for name, title in titles.items()}
    y = _logarithmic(f"{kind} loss", [point for points in named.values() for point in points])
    return _lines(named, steps, y, legend=True).properties(height=HEIGHT + LEGEND_ROW * len(named))


def smoothed(points: Points) -> Points:
    """Return each value replaced by the mean of those before it and itself, over a WINDOWS-th part of all."""
    width = max(1, len(points) // WINDOWS)
    means = []
    for place, (step, _) in enumerate(points, 1):
        window = points[max(0, place - width) : place]
        means.append((step, sum(value for _, value in window) / len(window)))
    return means


def _points(rows: Rows, key: str) -> Points:
    """Return (step, value) of rows with a number above zero for `key`: a logarithmic axis has no place for others."""
    numbers = [(row["step"], row[key]) for row in rows if is_number(row.get(key)) and is_number(row.get("step"))]
    points = [(step, value) for step, value in numbers if value > 0]
    return thinned(points if key == RATE else smoothed(points), MAX_POINTS)


def ticks(values: Sequence[float]) -> list[float]:
    """Return the ticks of a logarithmic axis for `values`: round numbers within a decade, else 1, 2 and 5 in each."""
    if not values or max(values) >= 10 * min(values):
        return LOSS_TICKS
    candidates = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(min(values), max(values))
    return [float(f"{tick:.6g}") for tick in candidates if tick > 0]


def _logarithmic(title: str, points: Points) -> alt.Y:
    scale = alt.Scale(type="log", nice=False, padding=8)
    axis = alt.Axis(format="~g", values=ticks([value for _, value in points]), labelOverlap="greedy")
    return alt.Y("value:Q", title=title, scale=scale, axis=axis)


def _lines(named: Mapping[str, Points], steps: int, y: alt.Y, legend: bool) -> alt.Chart:
    points = [(step, name, value) for name, line in named.items() for step, value in line]
    shown = alt.Legend(orient="top", title=None, columns=1, labelLimit=260, symbolType="stroke") if legend else None
    return (
        alt.Chart(pd.DataFrame(points, columns=["step", "of", "value"]))
        .mark_line(aria=False, strokeWidth=2)
        .encode(
            x=_steps_axis(steps),
            y=y,
            color=alt.Color("of:N", scale=alt.Scale(domain=list(named)), legend=shown),
            tooltip=["of:N", "step:Q", alt.Tooltip("value:Q", format=".4~g")],
        )
        .configure(**CONFIG)
    )


def _steps_axis(steps: int) -> alt.X:
    return alt.X("step:Q", title="step", scale=alt.Scale(domain=[0, steps], nice=False), axis=alt.Axis(tickCount=5))
