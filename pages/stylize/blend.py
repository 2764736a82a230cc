"""The sliders of the Stylize page: one for each style; the address carries the blend."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from ui.frame import guard

Style = dict[str, str]  # name, title, artist, year, net
Blend = dict[str, float]  # style -> weight from 0 to 1

START = "vangogh_starry_night"
SHOWN = 8  # sliders before the rest is folded away, so that the picture is not far from them on a phone
SWATCH_PX = 48
WRITTEN = "blend in the address of the stylize page"
SHOWN_BLEND = "blend that the sliders of the stylize page stood at"


def choose_blend(styles: list[Style]) -> tuple[Blend, dict[str, DeltaGenerator]]:
    """Draw a slider for each style; return the weights, and for each style the place of its swatch."""
    names = [style["name"] for style in styles]
    follow_address(names)
    blend: Blend = {}
    places: dict[str, DeltaGenerator] = {}
    for style in styles[:SHOWN]:
        choose_weight(style, blend, places)
    if rest := styles[SHOWN:]:
        in_use = any(st.session_state.get(f"style {style['name']}") for style in rest)
        with st.expander(f"{len(rest)} more paintings", expanded=in_use):
            for style in rest:
                choose_weight(style, blend, places)
    st.session_state[SHOWN_BLEND] = blend
    st.session_state[WRITTEN] = st.query_params["styles"] = blend_as_text(blend)
    return blend, places


def choose_weight(style: Style, blend: Blend, places: dict[str, DeltaGenerator]) -> None:
    """Draw one slider and an empty place for its swatch; add both to `blend` and `places`."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")  # one row on a phone too
    places[style["name"]] = row.container(width=SWATCH_PX).empty()
    blend[style["name"]] = row.slider(
        style["title"],
        0.0,
        1.0,
        step=0.05,
        key=f"style {style['name']}",
        persist_state="session",
        help=f"{style['artist']}, {style['year']}. Only the ratio between the weights matters.",
    )


def follow_address(names: list[str]) -> None:
    """Set the sliders from the address where it has changed: a link was followed, or the browser's back button used.

    A slider that has moved takes precedence: the browser may not yet have applied the address that its last move
    brought about, and send the one before.
    """
    last = st.session_state.get(SHOWN_BLEND, {})
    moved = any(st.session_state.get(f"style {name}", weight) != weight for name, weight in last.items())
    changed = st.query_params.get("styles") != st.session_state.get(WRITTEN) or not st.session_state.get(WRITTEN)
    if changed and not moved:
        with guard():
            blend = blend_in_address(names)
            if blend is not None:
                set_sliders(blend, names)
    if f"style {names[0]}" not in st.session_state:
        set_sliders({START if START in names else names[0]: 1.0}, names)


def set_sliders(blend: Blend, names: list[str]) -> None:
    """Set the sliders of all styles `names`, to 0 where the blend has none of a style."""
    for name in names:
        st.session_state[f"style {name}"] = blend.get(name, 0.0)


def blend_in_address(names: list[str]) -> Blend | None:
    """Return the blend of the address, `?styles=name:weight,name:weight`; None where it has none.

    Raises UserError for a style that is not among `names` and for a weight outside of 0 to 1.
    """
    text = st.query_params.get("styles")
    if not text:
        return None
    blend = {}
    for part in text.split(","):
        name, _, number = part.partition(":")
        try:
            weight = float(number or 1)
        except ValueError:
            weight = -1.0
        if name not in names or not 0 <= weight <= 1:
            raise UserError(
                f"The address contains “{part}”, which is no style with a weight from 0 to 1; "
                "the sliders show what is painted instead."
            )
        blend[name] = weight
    return blend


def blend_as_text(blend: Blend) -> str:
    """Return a blend as the address carries it."""
    return ",".join(f"{name}:{weight:g}" for name, weight in blend.items() if weight > 0)
