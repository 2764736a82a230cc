"""Which colour and shape each run has in the charts, beside them: over them it would cover the curves."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from pages.runs.charts import COLOURS, SHAPES

_PATHS = {
    "circle": "M8 3a5 5 0 1 0 .01 0z",
    "square": "M3.5 3.5h9v9h-9z",
    "triangle-up": "M8 3l5.5 10h-11z",
    "diamond": "M8 2l5 6-5 6-5-6z",
    "triangle-down": "M8 13L2.5 3h11z",
    "cross": "M6 3h4v3h3v4h-3v3H6v-3H3V6h3z",
    "triangle-right": "M13 8L3 2.5v11z",
    "triangle-left": "M3 8l10-5.5v11z",
}


def draw(names: Mapping[str, str]) -> None:
    """Draw the labels of the runs, `names` by id, each with its mark in the charts."""
    rows = "".join(_row(place, name) for place, name in enumerate(names.values()))
    st.html(f'<ul aria-label="Runs in the charts" style="list-style:none;margin:0;padding:0">{rows}</ul>')


def _row(place: int, name: str) -> str:
    path, colour = _PATHS[SHAPES[place % len(SHAPES)]], COLOURS[place % len(COLOURS)]
    return (
        '<li style="display:flex;gap:0.5rem;align-items:baseline;line-height:1.5">'
        f'<svg width="16" height="16" aria-hidden="true" style="flex:none;align-self:center">'
        f'<path d="{path}" fill="{colour}"/></svg><span>{escape(name)}</span></li>'
    )
