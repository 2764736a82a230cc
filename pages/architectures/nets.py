"""What the Architectures page draws: nets whose stages open, their costs by stage, and how DenseNets use their maps."""

from collections.abc import Sequence
from html import escape

import altair as alt
import pandas as pd
import streamlit as st

from core.models.blueprint import Blueprint
from core.models.importance import Importance
from pages.architectures import blueprint_svg as drawing

BAR_ROW = 22  # px a stage
AXIS = 50  # px under a plot
HEAT_ROW = 1.2  # px a map
HEAT_HEIGHT = 330  # px, at least

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
    stages = alt.Axis(ticks=False, domain=False, labelLimit=240, labelOverlap=False)
    base = alt.Chart(data).encode(
        y=alt.Y("stage:N", sort=None, title=None, axis=stages),
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
    return (bars + words).properties(height=BAR_ROW * len(data) + AXIS).configure_view(strokeWidth=0)


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
            "below": row + 1,
            "from": "the block's input" if origins[row] == 0 else f"layer {origins[row]}",
            "layer": reader,
            "importance": scaled[row, column].item(),
            "mean squared weight": matrix[row, column].item(),
        }
        for column, reader in enumerate(found.readers)
        for row in rows
        if origins[row] <= column
    )
    chart = (
        alt.Chart(data)
        .mark_rect(strokeWidth=0)
        .encode(
            x=alt.X("layer:N", sort=None, title="read by layer", axis=alt.Axis(labelOverlap=True, labelAngle=0)),
            color=alt.Color(
                "importance:Q",
                scale=alt.Scale(scheme="viridis", domain=[0, 1]),
                legend=alt.Legend(title="share of the column's largest", orient="top", gradientLength=160),
            ),
            tooltip=[
                alt.Tooltip("layer:N", title="read by"),
                alt.Tooltip("from:N", title="made by"),
                *([] if by_layer else [alt.Tooltip("map:Q", title="input map")]),
                alt.Tooltip("importance:Q", format=".2f"),
                alt.Tooltip("mean squared weight:Q", format=".2e"),
            ],
        )
    )
    if by_layer:
        axis = alt.Axis(labelOverlap=True)
        chart = chart.encode(y=alt.Y("map:O", title="made by layer (0: the block's input)", axis=axis))
        return chart.properties(height=HEAT_HEIGHT)
    scale = alt.Scale(domain=[0, len(matrix)], reverse=True, nice=False)
    chart = chart.encode(y=alt.Y("map:Q", title="input map", scale=scale), y2="below:Q")
    return chart.properties(height=max(HEAT_HEIGHT, int(HEAT_ROW * len(matrix))))
