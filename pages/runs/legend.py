"""Which colour and shape each run has in the charts, beside them: over them it would cover the curves."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from pages.runs.charts import COLOURS, SHAPES

_SIGNS = dict(zip(SHAPES, "●■▲◆▼✚▶◀", strict=True))


def draw(names: Mapping[str, str]) -> None:
    """Draw the labels of the runs, `names` by id, each with its mark in the charts."""
    rows = "".join(_row(place, name) for place, name in enumerate(names.values()))
    st.html(f'<ul aria-label="Runs in the charts" style="list-style:none;margin:0;padding:0">{rows}</ul>')


def _row(place: int, name: str) -> str:
    sign, colour = _SIGNS[SHAPES[place % len(SHAPES)]], COLOURS[place % len(COLOURS)]
    return (
        '<li style="display:flex;gap:0.6rem;line-height:1.6">'
        f'<span aria-hidden="true" style="color:{colour};width:1em">{sign}</span><span>{escape(name)}</span></li>'
    )
