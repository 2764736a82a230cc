"""Learning curves: error and loss of both splits and the learning rate, epoch by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.runs.comparison import smoothed, thinned
from core.runs.values import is_number
from ui import theme

HEIGHT = 280
LABEL = 14  # px, the labels at the ends of curves
LEGEND_ROW = 20  # px that a row of a legend adds to the height of a chart
MAX_POINTS = 500  # a longer history is thinned: more points than pixels only slow the browser
# Where the ticks of the error axis stand: it is nearly logarithmic, but can show an error of zero.
ERROR_TICKS = [0, 0.5, 1, 2, 5, 10, 20, 50, 100]
LOSS_TICKS = [digit * 10.0**power for power in range(-7, 7) for digit in (1, 2, 5)]

# The marks are no pictures of their own: the chart has one text for all of them, its `alt`.
CONFIG = {"aria": False, "mark": {"aria": False}, "background": "transparent"}
Rows = Sequence[Mapping[str, Any]]


def error_curves(rows: Rows, epochs: int, held_out: str) -> alt.LayerChart:
    """Draw the error in percent over the epochs, of the training split and of the split `held_out` ("test")."""
    scale = alt.Scale(type="symlog", constant=1, domainMin=0, nice=False)
    axis = alt.Axis(values=ERROR_TICKS, labelExpr="datum.value + '%'", labelOverlap="greedy")
    return _curves(rows, epochs, held_out, alt.Y("error:Q", title="error", scale=scale, axis=axis), "{:.2f}%")


def loss_curves(rows: Rows, epochs: int, held_out: str) -> alt.LayerChart:
    """Draw the mean cross-entropy (natural logarithm) of both splits over the epochs, on a logarithmic axis."""
    scale = alt.Scale(type="log", nice=True)
    axis = alt.Axis(values=LOSS_TICKS, format="~r", labelOverlap="greedy")
    return _curves(rows, epochs, held_out, alt.Y("loss:Q", title="loss", scale=scale, axis=axis), "{:.3g}")


def rate_curve(rows: Rows, epochs: int) -> alt.Chart:
    """Draw the learning rate over the epochs."""
    points = [
        (row["epoch"], row["learning_rate"])
        for row in rows
        if is_number(row.get("learning_rate")) and is_number(row.get("epoch"))
    ]
    return (
        alt.Chart(pd.DataFrame(thinned(points, MAX_POINTS), columns=["epoch", "rate"]))
        .mark_line(aria=False, color="gray")
        .encode(
            x=_epoch_axis(epochs),
            y=alt.Y("rate:Q", title="learning rate", axis=alt.Axis(format="~f", tickCount=3)),
            tooltip=["epoch:Q", alt.Tooltip("rate:Q", format=".4~g", title="learning rate")],
        )
        .properties(height=HEIGHT)
        .configure(**CONFIG)
    )


def trailing_mean(rows: Rows, key: str) -> list[tuple[float, float]]:
    """Return (epoch, value) for every row that has a number for `key`: the mean over the epoch that ends there.

    Single rows are measured on a few batches and jump; their mean over an epoch shows how good the net is.
    """
    return smoothed(rows, key, "epoch")


def _curves(rows: Rows, epochs: int, held_out: str, y: alt.Y, form: str) -> alt.LayerChart:
    """Draw a line for each split: train as the mean over an epoch, the held-out split as measured once an epoch.

    At its end stands what it is and its last value, in the format `form`.
    """
    quantity = str(y.shorthand).removesuffix(":Q")
    # A logarithmic axis has no place for a loss of exactly zero.
    lowest = 1e-7 if quantity == "loss" else 0.0
    lines = {
        split: [(epoch, max(value, lowest)) for epoch, value in thinned(trailing_mean(rows, key), MAX_POINTS)]
        for split, key in ((split, f"{split}_{quantity}") for split in ("train", held_out))
    }
    both = alt.Chart(with_ends(lines, "epoch", quantity, form)).encode(
        x=_epoch_axis(epochs),
        y=y,
        # No colours here: the theme's are taken in the order of the domain, in light and in dark.
        color=alt.Color("split:N", scale=alt.Scale(domain=["train", held_out]), legend=None),
        tooltip=["split:N", "epoch:Q", alt.Tooltip(f"{quantity}:Q", format=".3~f")],
    )
    dashes = alt.Scale(domain=["train", held_out], range=[[4, 2], [1, 0]])
    line = both.mark_line(aria=False, strokeWidth=2.5).encode(
        strokeDash=alt.StrokeDash("split:N", scale=dashes, legend=None)
    )
    dots = both.mark_point(aria=False, filled=True, size=36, opacity=1).transform_filter(alt.datum.split == held_out)
    return alt.layer(line, dots, *end_labels(both)).properties(height=HEIGHT).configure(**CONFIG)


def with_ends(lines: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str, form: str) -> pd.DataFrame:
    """Return the points of the lines, each with its line's name as "split", for a chart with `end_labels`.

    The last of each has a label: the name and the value in the format `form`. "end" says where it stands, so that the
    labels of ends close to each other are parted: that of the highest above its point, that of the lowest below.
    """
    ends = {name: points[-1][1] for name, points in lines.items() if points}
    ranked = sorted(ends, key=lambda name: -ends[name])
    places = dict.fromkeys(ranked, "middle") | dict.fromkeys(ranked[1:][-1:], "lower")
    places |= dict.fromkeys(ranked[:1], "upper")
    table = []
    for name, points in lines.items():
        table += [(at, name, value, "", "") for at, value in points[:-1]]
        table += [(at, name, value, f"{name} {form.format(value)}", places[name]) for at, value in points[-1:]]
    return pd.DataFrame(table, columns=[x, "split", y, "label", "end"])


def end_labels(lines: alt.Chart) -> list[alt.Chart]:
    """Return the labels at the ends of the lines of a chart of `with_ends`."""
    colour = theme.text_colour()  # that of the orange line is too pale for letters
    base = lines.encode(text="label:N", color=alt.value(colour), tooltip=alt.Undefined)
    return [
        base.mark_text(
            aria=False, align="left", baseline=baseline, dx=8, dy=dy, fontSize=LABEL, fontWeight=600
        ).transform_filter(alt.datum.end == end)
        for end, baseline, dy in (("upper", "bottom", 1), ("middle", "middle", 0), ("lower", "top", 2))
    ]


def _epoch_axis(epochs: int) -> alt.X:
    scale = alt.Scale(domain=[0, epochs], nice=False)
    return alt.X("epoch:Q", title="epoch", scale=scale, axis=alt.Axis(tickMinStep=1, format="d"))
