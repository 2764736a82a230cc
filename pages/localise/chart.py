"""Localisation accuracy over the threshold, with the threshold that is set and the centre box."""

from typing import Any

import altair as alt
import pandas as pd

from core.explain.localise import LEVELS, Curve, Report
from ui import charts, theme

HEIGHT = 340
# One hue: the three are the same measure, more or less strict.
_LIGHT, _DARK = ("#93A4E8", "#5A72D6", "#2A46A8"), ("#5468C4", "#8096FF", "#CDD6FF")


def over_threshold(report: Report, threshold: float) -> alt.LayerChart:
    """Return a line for each level of IoU, and a dotted one for the centre box.

    Upright lines mark `threshold` and, dashed, the threshold that was chosen.
    """
    levels = [f"IoU {level:g}" for level in LEVELS]
    colour = alt.Color(
        "level:N",
        scale=alt.Scale(domain=levels, range=list(_DARK if theme.is_dark() else _LIGHT)),
        legend=alt.Legend(
            orient="top",
            title="IoU",
            titleOrient="left",
            labelExpr="replace(datum.label, 'IoU ', '')",
            symbolType="stroke",
            symbolSize=200,
        ),
    )
    y = alt.Y("accuracy:Q", title="boxes that reach the IoU, %", scale=alt.Scale(domain=[0, 100]))
    x = alt.X(
        "threshold:Q",
        title="threshold, share of the map's maximum",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(tickCount=10),
    )
    curve = report.curve
    lines = alt.Chart(_rows(curve, range(len(curve.thresholds)))).mark_line(strokeWidth=2)
    here = alt.Chart(_rows(curve, [curve.at(threshold)])).mark_point(filled=True, size=70, opacity=1)
    tooltip = ["level:N", alt.Tooltip("threshold:Q", format=".2f"), alt.Tooltip("accuracy:Q", format=".1f")]
    encoded = [mark.encode(x=x, y=y, color=colour, tooltip=tooltip) for mark in (lines, here)]
    middle = pd.DataFrame({"level": levels, "accuracy": report.centre.accuracy})
    centre = alt.Chart(middle).mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(y=y, color=colour)
    marks = [_upright(report.threshold, color="gray", strokeDash=[6, 4])]
    marks += [_upright(threshold, color=theme.colours().prediction, strokeWidth=1.5)]
    return (
        alt.layer(centre, *(mark.encode(x=x) for mark in marks), *encoded)
        .properties(height=HEIGHT)
        .configure(**charts.CONFIG)
    )


def _upright(threshold: float, **look: Any) -> alt.Chart:
    return alt.Chart(pd.DataFrame({"threshold": [threshold]})).mark_rule(**look)


def _rows(curve: Curve, positions: range | list[int]) -> pd.DataFrame:
    rows = [
        (f"IoU {level:g}", float(curve.thresholds[i]), float(values[i]))
        for level in LEVELS
        for values in (curve.accuracy(level),)
        for i in positions
    ]
    return pd.DataFrame(rows, columns=["level", "threshold", "accuracy"])
