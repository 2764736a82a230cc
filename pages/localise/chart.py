"""Localisation accuracy over the threshold, with the threshold that is set and the boxes that look at no image."""

import altair as alt
import pandas as pd

from core.explain.localise import LEVELS, Curve, Report
from ui import theme

HEIGHT = 280
# One hue, for the three say the same thing more or less strictly.
_LIGHT, _DARK = ("#93A4E8", "#5A72D6", "#2A46A8"), ("#5468C4", "#8096FF", "#CDD6FF")


def over_threshold(report: Report, threshold: float) -> alt.LayerChart:
    """A line for each level of IoU; dotted where the box in the middle stands; upright at `threshold`, and dashed at
    the one that was chosen.
    """
    curve = report.curve
    levels = [f"IoU {level:g}" for level in LEVELS]
    colour = alt.Color(
        "level:N",
        scale=alt.Scale(domain=levels, range=list(_DARK if theme.is_dark() else _LIGHT)),
        legend=alt.Legend(orient="top", title=None, symbolType="stroke", symbolSize=300),
    )
    y = alt.Y("accuracy:Q", title="boxes that reach it, %", scale=alt.Scale(domain=[0, 100]))
    x = alt.X(
        "threshold:Q",
        title="threshold, share of the map's maximum",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(tickCount=10),
    )
    lines = alt.Chart(_rows(curve, range(len(curve.thresholds)))).mark_line(strokeWidth=2)
    here = alt.Chart(_rows(curve, [curve.at(threshold)])).mark_point(filled=True, size=70, opacity=1)
    tooltip = ["level:N", alt.Tooltip("threshold:Q", format=".2f"), alt.Tooltip("accuracy:Q", format=".1f")]
    encoded = [mark.encode(x=x, y=y, color=colour, tooltip=tooltip) for mark in (lines, here)]
    middle = pd.DataFrame({"level": levels, "accuracy": report.centre.accuracy})
    centre = alt.Chart(middle).mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(y=y, color=colour)
    marks = pd.DataFrame({"threshold": [threshold]})
    chosen = pd.DataFrame({"threshold": [report.threshold]})
    upright = alt.Chart(marks).mark_rule(color=theme.colours().prediction, strokeWidth=1.5).encode(x=x)
    dashed = alt.Chart(chosen).mark_rule(color="gray", strokeDash=[6, 4]).encode(x=x)
    return alt.layer(centre, dashed, upright, *encoded).properties(height=HEIGHT)


def _rows(curve: Curve, positions: range | list[int]) -> pd.DataFrame:
    rows = [
        (f"IoU {level:g}", float(curve.thresholds[i]), float(values[i]))
        for level in LEVELS
        for values in (curve.accuracy(level),)
        for i in positions
    ]
    return pd.DataFrame(rows, columns=["level", "threshold", "accuracy"])
