"""Learning curves: error and loss of both splits and the learning rate, epoch by epoch."""

from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
import pandas as pd

HEIGHT = 260
RATE_HEIGHT = 130
# Where the ticks of the error axis stand: it is nearly logarithmic, but can show an error of zero.
ERROR_TICKS = [0, 0.5, 1, 2, 5, 10, 20, 50, 100]

Rows = Iterable[Mapping[str, Any]]


def error_curves(rows: Rows, epochs: int, held_out: str) -> alt.LayerChart:
    """Error in percent over the epochs, of the training split and of the split `held_out` ("test")."""
    scale = alt.Scale(type="symlog", constant=1, domainMin=0, nice=False)
    axis = alt.Axis(values=ERROR_TICKS, format="~g")
    return _curves(rows, epochs, held_out, "error", "error, %", scale, axis, ".2f")


def loss_curves(rows: Rows, epochs: int, held_out: str) -> alt.LayerChart:
    """Mean cross-entropy (natural logarithm) over the epochs, of both splits, on a logarithmic axis."""
    scale = alt.Scale(type="log", nice=False)
    return _curves(rows, epochs, held_out, "loss", "loss", scale, alt.Axis(format="~g", tickCount=5), ".4f")


def rate_curve(rows: Rows, epochs: int) -> alt.Chart:
    """The learning rate over the epochs."""
    data = pd.DataFrame(
        [{"epoch": row["epoch"], "rate": row["learning_rate"]} for row in rows if row.get("learning_rate")],
        columns=["epoch", "rate"],
    )
    return (
        alt.Chart(data)
        .mark_line(interpolate="step-after", color="gray")
        .encode(
            x=_epochs(epochs),
            y=alt.Y("rate:Q", title="learning rate", axis=alt.Axis(format="~g", tickCount=3)),
            tooltip=["epoch:Q", alt.Tooltip("rate:Q", format=".4~g", title="learning rate")],
        )
        .properties(height=RATE_HEIGHT)
    )


def _curves(
    rows: Rows,
    epochs: int,
    held_out: str,
    quantity: str,
    title: str,
    scale: alt.Scale,
    axis: alt.Axis,
    number: str,
) -> alt.LayerChart:
    lines = alt.Chart(_long(rows, quantity, held_out)).encode(
        x=_epochs(epochs),
        y=alt.Y("value:Q", title=title, scale=scale, axis=axis),
        # No colours here: the theme's are taken in the order of the domain, in light and in dark.
        color=alt.Color("split:N", scale=alt.Scale(domain=["train", held_out]), legend=_legend()),
        tooltip=["split:N", "epoch:Q", alt.Tooltip("value:Q", format=number, title=title)],
    )
    dashes = alt.StrokeDash(
        "split:N", scale=alt.Scale(domain=["train", held_out], range=[[5, 3], [1, 0]]), legend=_legend()
    )
    return alt.layer(
        lines.mark_line(strokeWidth=2).encode(strokeDash=dashes), lines.mark_point(filled=True, size=36)
    ).properties(height=HEIGHT)


def _long(rows: Rows, quantity: str, held_out: str) -> pd.DataFrame:
    """One row a point: epoch, split ("train" or `held_out`), value. Points that are missing are left out."""
    points = [
        {"epoch": row["epoch"], "split": split, "value": row[f"{split}_{quantity}"]}
        for row in rows
        for split in ("train", held_out)
        if row.get(f"{split}_{quantity}") is not None
    ]
    return pd.DataFrame(points, columns=["epoch", "split", "value"])


def _epochs(epochs: int) -> alt.X:
    return alt.X(
        "epoch:Q", title="epoch", scale=alt.Scale(domain=[0, epochs], nice=False), axis=alt.Axis(tickMinStep=1)
    )


def _legend() -> alt.Legend:
    """Above the plot, where it covers nothing."""
    return alt.Legend(orient="top", title=None, symbolType="stroke", symbolSize=300)
