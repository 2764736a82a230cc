"""Curves of a style transfer: what each term of equation 5.10 adds to the loss, step by step."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.runs.comparison import Points, thinned
from core.runs.values import is_number

HEIGHT = 260
MAX_POINTS = 400
TERMS = ("content", "style", "variation")
POWERS = [10.0**power for power in range(-9, 10)]
LOWEST = 1e-9  # a logarithmic axis has no place for zero: at the start the content loss is none

Rows = Sequence[Mapping[str, Any]]


def terms(rows: Rows, steps: int) -> alt.Chart:
    """Draw the three terms, each times its weight, on a logarithmic axis."""
    points = {
        term: [(row["step"], value) for row in rows if (value := weighted(row, term)) is not None] for term in TERMS
    }
    return lines(points, steps, "weighted loss")


def layers(rows: Rows, steps: int, kind: str) -> alt.Chart:
    """Draw the terms of the single layers of `kind` ("content", "style"), before its weight lambda."""
    names = [name for name in (rows[-1] if rows else {}) if name.startswith(f"{kind}/")]
    points = {
        name.removeprefix(f"{kind}/"): [
            (row["step"], max(LOWEST, row[name])) for row in rows if is_number(row.get(name))
        ]
        for name in names
    }
    return lines(points, steps, f"{kind} loss")


def weighted(row: Mapping[str, Any], term: str) -> float | None:
    """Return a term times its weight in that step; None where the row lacks either, or the product is nearly zero."""
    value, weight = row.get(term), row.get(f"weight/{term}")
    if not is_number(value) or not is_number(weight) or not is_number(row.get("step")):
        return None
    return value * weight if value * weight > LOWEST else None


def lines(named: Mapping[str, Points], steps: int, title: str) -> alt.Chart:
    """Draw a line over the steps for each name, of at most MAX_POINTS points."""
    points = [(step, name, loss) for name, line in named.items() for step, loss in thinned(line, MAX_POINTS)]
    return (
        alt.Chart(pd.DataFrame(points, columns=["step", "term", "loss"]))
        .mark_line(strokeWidth=2, aria=False)  # the chart has one text for all its marks, its `alt`
        .encode(
            x=alt.X("step:Q", title="step", scale=alt.Scale(domain=[0, steps], nice=False)),
            y=alt.Y("loss:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", values=POWERS)),
            color=alt.Color("term:N", scale=alt.Scale(domain=list(named)), legend=alt.Legend(orient="top", title=None)),
            tooltip=["term:N", "step:Q", alt.Tooltip("loss:Q", format=".4~g")],
        )
        .properties(height=HEIGHT)
    )
