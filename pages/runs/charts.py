"""Curves of several runs on shared axes, on the screen and as a picture to keep; a run is a colour and a shape."""

import io
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from core.runs.comparison import Curve
from ui.charts import LEGEND_ROW

HEIGHT, FIRST_HEIGHT = 240, 320
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
MARKERS = "os^DvP><"
POINTS = 8000  # of a chart; more than a browser draws at ease
CURVE_POINTS = 400  # of one curve: about as many as there are pixels for it
ERROR_TICKS = [0, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100]


def points_a_curve(runs: int) -> int:
    """How finely each of the two curves of so many runs may be drawn."""
    return max(60, min(CURVE_POINTS, POINTS // (2 * max(1, runs))))


def overlay(
    curves: Sequence[Curve], names: Mapping[str, str], quantity: str, logarithmic: bool, first: bool
) -> alt.LayerChart:
    """The curves of one quantity; train dashed, the held-out split solid with points. `names` are the runs' labels.

    The first chart of several is taller and has the legend.
    """
    axis = curves[0].axis
    rows = [(names[curve.run], curve.split or "all", x, y) for curve in curves for x, y in curve.points]
    data = pd.DataFrame(rows, columns=["run", "split", "x", "y"])
    if logarithmic:
        data["y"] = data["y"].clip(lower=_lowest(quantity, data["y"]))
    labels = list(names.values())
    columns = 1 if len(labels) < 6 else 2
    shown = alt.Legend(orient="top", title=None, columns=columns, labelLimit=300, symbolType="stroke")
    chosen = alt.selection_point(fields=["run"], bind="legend")
    base = alt.Chart(data).encode(
        x=alt.X("x:Q", title=AXES[axis], scale=alt.Scale(nice=False), axis=alt.Axis(format="~r", tickCount=6)),
        y=alt.Y(
            "y:Q",
            title=TITLES[quantity],
            scale=_scale(quantity, logarithmic, data["y"]),
            axis=_axis(quantity, logarithmic),
        ),
        color=alt.Color(
            "run:N",
            scale=alt.Scale(domain=labels, range=[COLOURS[i % len(COLOURS)] for i in range(len(labels))]),
            legend=shown if first else None,
        ),
        opacity=alt.condition(chosen, alt.value(1.0), alt.value(0.15)),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("split:N"),
            alt.Tooltip("x:Q", title=AXES[axis], format=".4~g"),
            alt.Tooltip("y:Q", title=TITLES[quantity], format=".4~g"),
        ],
    )
    line = base.mark_line(strokeWidth=1.8).encode(
        strokeDash=alt.condition(alt.datum.split == "train", alt.value([4, 3]), alt.value([1, 0])),
        detail="split:N",
    )
    held_out = (alt.datum.split != "train") & (alt.datum.split != "all")
    shapes = alt.Scale(domain=labels, range=[SHAPES[i % len(SHAPES)] for i in range(len(labels))])
    dots = base.mark_point(filled=True, size=22).encode(shape=alt.Shape("run:N", scale=shapes, legend=None))
    height = FIRST_HEIGHT + LEGEND_ROW * -(-len(labels) // columns) if first else HEIGHT
    return alt.layer(line, dots.transform_filter(held_out)).add_params(chosen).properties(height=height)


def picture(charts: Mapping[str, Sequence[Curve]], names: Mapping[str, str], logarithmic: bool) -> bytes:
    """The same curves as a PNG, one panel a quantity that has any, to put into a text or a talk."""
    drawn = {quantity: curves for quantity, curves in charts.items() if curves}
    figure = Figure(figsize=(8, 0.5 + 3.2 * max(1, len(drawn)) + 0.22 * len(names)), layout="constrained")
    ids = list(names)
    for place, (quantity, curves) in enumerate(drawn.items(), 1):
        panel = figure.add_subplot(len(drawn), 1, place)
        for curve in curves:
            number = ids.index(curve.run)
            held_out = curve.split not in ("", "train")
            panel.plot(
                *zip(*curve.points, strict=True),
                color=COLOURS[number % len(COLOURS)],
                linestyle="--" if curve.split == "train" else "-",
                marker=MARKERS[number % len(MARKERS)] if held_out else None,
                markersize=3,
                markevery=max(1, len(curve.points) // 40),
                linewidth=1.3,
            )
        panel.set_xlabel(AXES[curves[0].axis])
        panel.set_ylabel(TITLES[quantity])
        panel.grid(alpha=0.25)
        if logarithmic and any(y > 0 for curve in curves for _, y in curve.points):
            panel.set_yscale("symlog", linthresh=0.1) if quantity == "error" else panel.set_yscale("log")
            plainly = FuncFormatter(lambda value, _: f"{value:g}")
            panel.yaxis.set_major_formatter(plainly)
            if quantity == "loss":
                panel.yaxis.set_minor_formatter(plainly)
            if quantity == "error":
                panel.set_yticks(ERROR_TICKS)
                panel.set_ylim(max(0, 0.8 * min(y for curve in curves for _, y in curve.points)), None)
    if drawn:
        lines = [
            Line2D([], [], color=COLOURS[i % len(COLOURS)], marker=MARKERS[i % len(MARKERS)], markersize=4, label=name)
            for i, name in enumerate(names.values())
        ]
        figure.legend(handles=lines, loc="outside upper left", fontsize=8, frameon=False)
        figure.text(0.99, 0.99, "dashed: train, solid: held out", ha="right", va="top", fontsize=7, color="gray")
    kept = io.BytesIO()
    figure.savefig(kept, format="png", dpi=150)
    return kept.getvalue()


def _lowest(quantity: str, values: pd.Series) -> float:
    """The smallest value that a logarithmic axis has a place for; the error's may be zero."""
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
