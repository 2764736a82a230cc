"""Curves of several runs on shared axes, on the screen; a run is a colour and a shape."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from core.runs import comparison
from core.runs.comparison import Curve
from core.runs.run import Run

HEIGHT = 240  # px of a chart after the first
TITLES = {
    "error": "error, %",
    "loss": "loss",
    "content": "content loss",
    "style": "style loss",
    "variation": "total variation",
    "objective": "weighted loss",
    "learning_rate": "learning rate",
}
AXES = {"epoch": "epoch", "step": "step", "time": "minutes of training"}
# After Okabe and Ito, without black and with a lighter blue, and four more: both themes can show them all.
COLOURS = (
    ["#2F86C6", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # fmt: skip
    + ["#8A6FC2", "#A3703A", "#3A9BA3", "#C2504D"]
)
SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left"]
POINTS = 8000  # of a chart; more than a browser draws at ease
CURVE_POINTS = 400  # of one curve: about as many as there are pixels for it
ERROR_TICKS = [0, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100]


def points_a_curve(runs: int) -> int:
    """Return how many points each of the two curves of so many runs may have."""
    return max(60, min(CURVE_POINTS, POINTS // (2 * max(1, runs))))


def curves(runs: Sequence[Run], axis: str) -> dict[str, list[Curve]]:
    """Return for every quantity the curves that the runs have of it, over one of AXES."""
    return comparison.side_by_side(runs, axis, points_a_curve(len(runs)))


def overlay(curves: Sequence[Curve], names: Mapping[str, str], quantity: str, logarithmic: bool) -> alt.LayerChart:
    """Draw the curves of one quantity; train dashed, the validation or test split solid with points.

    `names` are the runs' labels. The run under the pointer stands out.
    """
    labels = list(names.values())
    selection = alt.selection_point(fields=["run"], on="pointerover", clear="pointerout")
    x_title, data = AXES[curves[0].axis], _data(curves, names, quantity, logarithmic)
    base = alt.Chart(data).encode(
        x=alt.X("x:Q", title=x_title, scale=alt.Scale(nice=False), axis=alt.Axis(format="~r", tickCount=6)),
        y=_y(quantity, logarithmic, data["y"]),
        color=_colour(labels),
        opacity=alt.condition(selection, alt.value(1.0), alt.value(0.15)),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("split:N"),
            alt.Tooltip("x:Q", title=x_title, format=".4~g"),
            alt.Tooltip("y:Q", title=TITLES[quantity], format=".4~g"),
        ],
    )
    return alt.layer(_lines(base), _dots(base, labels)).add_params(selection)


def _data(curves: Sequence[Curve], names: Mapping[str, str], quantity: str, logarithmic: bool) -> pd.DataFrame:
    rows = [(names[curve.run], curve.split or "all", x, y) for curve in curves for x, y in curve.points]
    data = pd.DataFrame(rows, columns=["run", "split", "x", "y"])
    if logarithmic:
        data["y"] = data["y"].clip(lower=_lowest(quantity, data["y"]))
    return data


def _lines(base: alt.Chart) -> alt.Chart:
    return base.mark_line(strokeWidth=1.8, aria=False).encode(
        strokeDash=alt.condition(alt.datum.split == "train", alt.value([4, 3]), alt.value([1, 0])),
        detail="split:N",
    )


def _dots(base: alt.Chart, labels: Sequence[str]) -> alt.Chart:
    evaluated = (alt.datum.split != "train") & (alt.datum.split != "all")
    shapes = alt.Scale(domain=labels, range=[SHAPES[i % len(SHAPES)] for i in range(len(labels))])
    dots = base.mark_point(filled=True, size=22, aria=False).encode(shape=alt.Shape("run:N", scale=shapes, legend=None))
    return dots.transform_filter(evaluated)


def _colour(labels: Sequence[str]) -> alt.Color:
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(labels))]
    return alt.Color("run:N", scale=alt.Scale(domain=labels, range=colours), legend=None)


def _y(quantity: str, logarithmic: bool, values: pd.Series) -> alt.Y:
    return alt.Y(
        "y:Q",
        title=TITLES[quantity],
        scale=_scale(quantity, logarithmic, values),
        axis=_axis(quantity, logarithmic),
    )


def _lowest(quantity: str, values: pd.Series) -> float:
    """Return the smallest value that a logarithmic axis has a place for; the error's may be zero."""
    if quantity == "error":
        return 0.0
    return 1e-7 if quantity == "loss" else max(1e-12, 1e-5 * values.max())


def _scale(quantity: str, logarithmic: bool, values: pd.Series) -> alt.Scale:
    if not logarithmic:
        return alt.Scale(zero=quantity != "loss")
    if quantity == "error":
        return alt.Scale(type="symlog", constant=0.5, domainMin=0.7 * float(values.min()), nice=False)
    return alt.Scale(type="log", nice=True)


def _axis(quantity: str, logarithmic: bool) -> alt.Axis:
    if quantity == "error" and logarithmic:
        return alt.Axis(values=ERROR_TICKS, labelExpr="datum.value", labelOverlap="greedy")
    return alt.Axis(format="~r", tickCount=5, labelOverlap="greedy")
