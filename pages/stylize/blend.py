"""The sliders of the Stylize page: one for each style; the address carries the blend."""

from collections.abc import Sequence

import streamlit as st

from core.errors import UserError
from core.style import paintings
from web import address

Style = dict[str, str]  # name, title, artist, year, net
Blend = dict[str, float]  # style -> weight from 0 to 1

KEY = "styles"  # in the address
START = "vangogh_starry_night"
SHOWN = 8  # sliders before the rest is folded away
SWATCH_PX = 48


def choose_blend(styles: list[Style]) -> Blend:
    """Draw a slider for each style, beside its painting; return the weights."""
    follow_address(styles)
    names = [style["name"] for style in styles]
    blend = {style["name"]: choose_weight(style, names) for style in styles[:SHOWN]}
    if rest := styles[SHOWN:]:
        in_use = any(st.session_state.get(widget(style["name"])) for style in rest)
        with st.expander(f"{len(rest)} more paintings", expanded=in_use):
            blend |= {style["name"]: choose_weight(style, names) for style in rest}
    return blend


def choose_weight(style: Style, names: list[str]) -> float:
    """Draw the slider of one of the styles `names` beside its painting, on a phone too; return the weight."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    if (swatch := paintings.swatch(style["name"])) is not None:
        with row.container(width=SWATCH_PX):
            st.image(swatch, width="stretch", alt=f"A part of the painting {style['title']}")
    return row.slider(
        style["title"],
        0.0,
        1.0,
        step=0.05,
        key=widget(style["name"]),
        on_change=write_address,
        args=(names,),
        help=f"{style['artist']}, {style['year']}. Only the ratio between the weights matters.",
    )


def widget(name: str) -> str:
    """Return the key of a style's slider."""
    return f"style {name}"


def start_of(names: list[str]) -> Blend:
    """Return the blend that is painted unless the address has another."""
    return {START if START in names else names[0]: 1.0}


def follow_address(styles: list[Style]) -> None:
    """Set the sliders to the blend of the address where that is new: a link was followed, or Back was used."""
    names = [style["name"] for style in styles]
    drawn = all(widget(name) in st.session_state for name in names)
    if not address.is_new(KEY, widget(names[0])) and drawn:
        return
    blend = in_address(styles)
    for name in names:
        st.session_state[widget(name)] = blend.get(name, 0.0)


def in_address(styles: Sequence[Style]) -> Blend:
    """Return the blend of the address; the usual one where it has none, or, with a sentence, none that can be used."""
    names = [style["name"] for style in styles]
    title = next(style["title"] for style in styles if style["name"] in start_of(names))
    text = address.value(KEY, "the blend of styles", f"{title} alone is painted")
    try:
        return blend_of(text, names) if text else start_of(names)
    except UserError as error:
        address.note(f"{error}: {title} alone is painted.")
        return start_of(names)


def write_address(names: list[str]) -> None:
    """Let the address carry the blend of the sliders, unless it is the one that needs no address."""
    blend = {name: st.session_state[widget(name)] for name in names}
    weights = {name: weight for name, weight in blend.items() if weight > 0}
    address.put(KEY, None if weights == start_of(names) else blend_as_text(blend))


def blend_of(text: str, names: list[str]) -> Blend:
    """Return the blend in a text, `name:weight,name:weight`.

    Raises UserError for a style that is not among `names` and for a weight outside of 0 to 1.
    """
    blend = {}
    for part in text.split(","):
        name, _, number = part.partition(":")
        try:
            weight = float(number or 1)
        except ValueError:
            weight = -1.0
        if name not in names or not 0 <= weight <= 1:
            raise UserError(f"The address contains {address.quoted(part)}, which is no style with a weight from 0 to 1")
        blend[name] = weight
    return blend


def blend_as_text(blend: Blend) -> str:
    """Return a blend as the address carries it; of weights that are all zero, the first."""
    weights = {name: weight for name, weight in blend.items() if weight > 0} or dict(list(blend.items())[:1])
    return ",".join(f"{name}:{weight:g}" for name, weight in weights.items())
