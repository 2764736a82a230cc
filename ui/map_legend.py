"""The legend of class maps: their colours, and the raw values at both ends."""

import streamlit as st

from core.explain import view
from core.images import encode

MINUS = "\N{MINUS SIGN}"
WIDTH, SMALL_WIDTH = 160, 90  # px of the strip of colours

Scale = tuple[float, float]


def draw(scale: Scale, *, signed: bool = False, each_alone: bool = False, small: bool = False) -> None:
    """Draw the colours of the raw range `scale`; with `each_alone` every map spans its own range, so no values stand.

    A `small` legend takes only the width it needs, so that something else fits beside it.
    """
    low, high = (f"{_number(scale[0])} against" if signed else "0"), f"{_number(scale[1])} evidence"
    if each_alone:
        low, high = ("against" if signed else "0"), "each map's maximum"
    place = st.container(
        horizontal=True, vertical_alignment="center", gap="small", width="content" if small else "stretch"
    )
    with place:
        st.caption(low, width="content")
        colours = "blue against, red for it" if signed else "from none to most"
        strip = encode(view.scale_picture(signed=signed), "PNG")
        st.image(strip, width=SMALL_WIDTH if small else WIDTH, alt=f"The colours of the scale: {colours}")
        st.caption(high, width="content")


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)
