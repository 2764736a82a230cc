"""The sliders of how a picture is painted: strength, stroke size and colours; the address carries them."""

import streamlit as st

from core.style.paint_settings import PaintSettings
from web import address

OLDER = "share"  # of the photograph, in addresses of older versions: 1 - strength
KEYS = ("strength", "stroke", "colours", OLDER)  # in the address
USUAL = PaintSettings()


def choose_strength() -> float:
    """Return the strength, from 0, the photograph, to 1, the painting."""
    follow_older_address()
    return address.slider(
        "strength",
        "Strength",
        (0.0, 1.0, 0.05),
        USUAL.strength,
        help="From the photograph to the painting, on the way through a softer one. The net itself paints each "
        "strength: its scales and shifts are blended by equation (5.14), not the pictures.",
        format="percent",
    )


def choose_rest(strength: float) -> PaintSettings:
    """Return the settings with a `strength` and the stroke size and colours that are chosen here."""
    stroke = address.slider(
        "stroke",
        "Stroke size",
        (0.0, 1.0, 0.1),
        USUAL.stroke,
        help="Above 0 the picture is painted small first, and each larger round goes on from that draft: strokes and "
        "forms become larger, and painting takes about half as long again.",
        format="percent",
    )
    colours = address.toggle(
        "colours", "Original colours", USUAL.colours, help="Only the luminance is painted; the photograph's hues stay."
    )
    return PaintSettings(strength, stroke, colours)


def follow_older_address() -> None:
    """Take the strength from the photograph's share where an address of an older version has one and no strength."""
    if OLDER not in st.query_params or "strength" in st.query_params:
        return
    text = address.value(OLDER, "the share of the photograph", "the strength is 1")
    try:
        share = float(text or 0)
    except ValueError:
        share = -1.0
    if 0 <= share <= 1:
        st.query_params["strength"] = f"{1 - share:g}"
    else:
        address.note(f"Share in the address is {address.quoted(text or '')}, which cannot be used: 1 is the strength.")
    del st.query_params[OLDER]
