"""Probabilities as bars: the true class green, a wrong prediction vermilion, each named in words as well."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from ui import charts, theme

ROW = 24  # px a bar
THICKEST = 28  # px


def probabilities(
    names: Sequence[str], values: Sequence[float], predicted: str, truth: str | None = None, *, row: int = ROW
) -> alt.LayerChart:
    """Return bars of the probabilities `values` in [0, 1] of the classes `names`, in that order from the top.

    Each takes `row` px of the height.
    """
    colours = theme.colours()
    roles = [_role(name, predicted, truth) for name in names]
    data = pd.DataFrame(
        {
            "class": list(names),
            "probability": list(values),
            "role": roles,
            "words": [
                f"{100 * value:.1f}%{', ' + role if role != 'other' else ''}"
                for value, role in zip(values, roles, strict=True)
            ],
        }
    )
    base = alt.Chart(data).encode(
        y=alt.Y("class:N", sort=list(names), title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8)),
        x=alt.X("probability:Q", scale=alt.Scale(domain=[0, 1.5]), axis=None),
        tooltip=["class:N", alt.Tooltip("probability:Q", format=".2%")],
    )
    palette = {
        "predicted": colours.prediction,
        "true class": colours.truth,
        "correct": colours.truth,
        "other": "#8A8578",
    }
    bars = base.mark_bar(height=min(row - 8, THICKEST), cornerRadiusEnd=2).encode(
        color=alt.Color("role:N", legend=None, scale=alt.Scale(domain=list(palette), range=list(palette.values())))
    )
    text = base.mark_text(align="left", dx=6, color=theme.text_colour()).encode(text="words:N")
    drawn = (bars + text).properties(height=row * len(names))
    return drawn.configure(**charts.CONFIG, view=alt.ViewConfig(strokeWidth=0))


def _role(name: str, predicted: str, truth: str | None) -> str:
    if name == predicted:
        return "correct" if name == truth else "predicted"
    return "true class" if name == truth else "other"
