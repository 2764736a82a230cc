"""Charts of nets: their costs by stage, and how the layers of a DenseNet use their input maps (Figure 4.25)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from core.models.blueprint import Blueprint
from core.models.importance import Importance
from pages.architectures import labels
from pages.architectures.blueprint_svg import MULTIPLY_ADDS, PARAMETERS

BAR_ROW = 22  # px a stage
AXIS = 50  # px under a plot


def costs(plans: Sequence[tuple[str, Blueprint]], what: str) -> alt.LayerChart:
    """Draw bars of "parameters" or "multiply-adds" by stage, of one net or several on one axis."""
    field = what.replace("-", "_")
    data = pd.DataFrame(
        {
            "net": title,
            "stage": stage.name if len(plans) == 1 else f"{title}, {stage.name}",
            "count": getattr(stage, field),
            "words": labels.short(getattr(stage, field)),
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
    bars = base.mark_bar(
        aria=False, height=BAR_ROW - 8, cornerRadiusEnd=2, color=PARAMETERS if what == "parameters" else MULTIPLY_ADDS
    )
    words = base.mark_text(aria=False, align="left", dx=5, color="gray").encode(text="words:N")
    return (bars + words).properties(height=BAR_ROW * len(data) + AXIS).configure_view(strokeWidth=0)


def heat(block: Importance, *, by_layer: bool) -> alt.Chart:
    """Draw Figure 4.25 for one dense block: a column a layer, each scaled to a largest value of 1.

    A row is a map, or with `by_layer` the mean over the maps of one layer, before it is scaled.
    """
    data = _cells(block, by_layer=by_layer)
    legend = alt.Legend(title="share of the column's largest", orient="top", gradientLength=160)
    chart = (
        alt.Chart(data)
        .mark_rect(aria=False, strokeWidth=0)
        .encode(
            x=alt.X("layer:N", sort=None, title="read by layer", axis=alt.Axis(labelOverlap=True, labelAngle=0)),
            color=alt.Color("importance:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1]), legend=legend),
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
        return chart.properties(title=block.block.capitalize())
    maps = len(block.matrix)
    scale = alt.Scale(domain=[0, maps], reverse=True, nice=False)
    chart = chart.encode(y=alt.Y("map:Q", title="input map", scale=scale), y2="below:Q")
    return chart.properties(title=block.block.capitalize())


def _cells(block: Importance, *, by_layer: bool) -> pd.DataFrame:
    """Return a row for each map, or each layer's maps, and each layer that reads it."""
    matrix = block.by_origin() if by_layer else block.matrix
    scaled = matrix / matrix.amax(0).clamp_min(1e-30)
    origins = list(range(len(matrix))) if by_layer else block.origins
    return pd.DataFrame(
        {
            "map": row,
            "below": row + 1,
            "from": "the block's input" if origins[row] == 0 else f"layer {origins[row]}",
            "layer": reader,
            "importance": scaled[row, column].item(),
            "mean squared weight": matrix[row, column].item(),
        }
        for column, reader in enumerate(block.readers)
        for row in range(len(matrix))
        if origins[row] <= column
    )
