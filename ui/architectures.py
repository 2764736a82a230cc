"""What the Architectures page draws: nets whose stages open, their costs by stage, and how DenseNets use their maps."""

from collections.abc import Sequence
from html import escape

import altair as alt
import pandas as pd
import streamlit as st

from core.models.blueprint import Blueprint
from core.models.importance import Importance
from ui import blueprint_drawing as drawing

BAR_ROW = 22  # px a stage
HEAT_ROW = 3.0  # px a map, at least
HEAT_HEIGHT = 300

# A stage is a <details>: it opens without asking the server, by click, tap or key.
_CSS = """
.net { max-width: 480px; font-family: var(--st-font); color: var(--st-text-color); line-height: 0; }
.net svg { display: block; overflow: visible; }
summary { cursor: pointer; list-style: none; border-radius: 6px; }
summary::-webkit-details-marker { display: none; }
summary:hover, summary:focus-visible { background: var(--st-secondary-background-color); outline: none; }
summary:focus-visible { box-shadow: 0 0 0 2px var(--st-primary-color); }
.layers { border-left: 2px solid var(--st-border-color); margin: 2px 0 8px 4px; padding-left: 6px; }
"""
_JS = """
export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".net");
  if (place.dataset.net !== data.net) {  // a rerun leaves open what was opened
    place.dataset.net = data.net;
    place.innerHTML = data.html;
  }
}
"""
_net = st.components.v2.component("net_drawing", html='<div class="net"></div>', css=_CSS, js=_JS)


def net(plan: Blueprint, title: str, key: str) -> None:
    """The net from the image down, stage by stage; a click on a stage shows the layers of its blocks."""
    html = drawing.svg(drawing.source(plan), f"{title}: an image goes in") + "".join(
        f'<details data-stage="{escape(each.name)}"><summary>'
        f"{drawing.svg(drawing.stage(each, plan), drawing.description(each, plan))}</summary>"
        f'<div class="layers">{drawing.svg(drawing.layers(each), f"The layers of {each.name}")}</div></details>'
        for each in plan.stages
    )
    _net(data={"html": html, "net": f"{title} {plan.image} {plan.parameters}"}, key=key, height="content")


def costs(plans: Sequence[tuple[str, Blueprint]], what: str) -> alt.LayerChart:
    """Bars of "parameters" or "multiply-adds" by stage, of one net or several on one axis."""
    field = what.replace("-", "_")
    data = pd.DataFrame(
        {
            "net": title,
            "stage": stage.name if len(plans) == 1 else f"{title}, {stage.name}",
            "count": getattr(stage, field),
            "words": drawing.short(getattr(stage, field)),
        }
        for title, plan in plans
        for stage in plan.stages
    )
    base = alt.Chart(data).encode(
        y=alt.Y("stage:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=240)),
        x=alt.X(
            "count:Q",
            title=what,
            scale=alt.Scale(domain=[0, 1.3 * float(max(data["count"].max(), 1))]),
            axis=alt.Axis(format="~s", tickCount=3),
        ),
        tooltip=["net:N", "stage:N", alt.Tooltip("count:Q", format=",d", title=what)],
    )
    colour = drawing.PARAMETERS if what == "parameters" else drawing.MULTIPLY_ADDS
    bars = base.mark_bar(height=BAR_ROW - 8, cornerRadiusEnd=2, color=colour)
    words = base.mark_text(align="left", dx=5, color="gray").encode(text="words:N")
    return (bars + words).properties(height=BAR_ROW * len(data)).configure_view(strokeWidth=0)


def heat(found: Importance, *, by_layer: bool) -> alt.Chart:
    """Figure 4.25 for one dense block: a column a layer, each scaled to a largest value of 1.

    A row is a map, or with `by_layer` the mean over the maps of one layer, before it is scaled.
    """
    matrix = found.by_origin() if by_layer else found.matrix
    scaled = matrix / matrix.amax(0).clamp_min(1e-30)
    rows = range(len(matrix))
    origins = list(rows) if by_layer else found.origins
    data = pd.DataFrame(
        {
            "map": row,
            "from": "the block's input" if origins[row] == 0 else f"layer {origins[row]}",
            "layer": reader,
            "importance": scaled[row, column].item(),
            "mean squared weight": matrix[row, column].item(),
        }
        for column, reader in enumerate(found.readers)
        for row in rows
        if origins[row] <= column
    )
    what = "made by layer" if by_layer else "input map"
    axis = alt.Axis(values=[0, *range(4, len(matrix), 4)] if by_layer else None, labelOverlap=True, tickCount=6)
    kind = "O" if by_layer else "Q"
    y = alt.Y(f"map:{kind}", title=f"{what}{', 0: the input' if by_layer else ''}", axis=axis)
    if not by_layer:
        data["below"] = data["map"] + 1
        y = alt.Y("map:Q", title=what, axis=axis, scale=alt.Scale(domain=[0, len(matrix)], reverse=True, nice=False))
    chart = alt.Chart(data).mark_rect(strokeWidth=0)
    encoded = chart.encode(
        x=alt.X("layer:N", sort=None, title="read by layer", axis=alt.Axis(labelOverlap=True, labelAngle=0)),
        y=y,
        color=alt.Color(
            "importance:Q",
            scale=alt.Scale(scheme="viridis", domain=[0, 1]),
            legend=alt.Legend(title="importance, each column's largest = 1", orient="top", gradientLength=160),
        ),
        tooltip=[
            "layer:N",
            alt.Tooltip(f"map:{kind}", title=what),
            "from:N",
            alt.Tooltip("importance:Q", format=".2f"),
            alt.Tooltip("mean squared weight:Q", format=".2e"),
        ],
    )
    if not by_layer:
        encoded = encoded.encode(y2="below:Q")
    return encoded.properties(height=max(HEAT_HEIGHT, 0 if by_layer else int(len(matrix) * 1.2)))
