"""A pad to draw a digit on with mouse, finger or pen; every line is sent to the server while it is drawn."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.errors import UserError
from core.explain import strokes
from core.explain.strokes import Stroke
from web import address

KEY = "digit pad"
PARAM = "drawn"  # of the address
_SESSION = "drawing on the digit pad"

_html, _css, _js = (Path(__file__).with_suffix(f".{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
_component = st.components.v2.component("digit_pad", html=_html, css=_css, js=_js)


@dataclass
class _Pad:
    """What a visitor's pad shows; `text` is what the address holds of it.

    `loads` counts the drawings that came from the address, `answered` is the number of the last one that was processed.
    """

    strokes: tuple[Stroke, ...] = strokes.read(strokes.EXAMPLE)
    is_example: bool = True
    text: str = ""
    loads: int = 0
    answered: int = 0
    fault: str = ""


def drawn() -> tuple[tuple[Stroke, ...], bool]:
    """Return the strokes on the pad, and True where they are the example that is there before anything has been drawn.

    The address carries them as `drawn=`, from the moment the pen is lifted.
    """
    if address.is_new(PARAM, _SESSION):
        _load(_pad_of_visitor(), address.value(PARAM, "the drawing", "an example is shown") or "")
    pad = _pad_of_visitor()
    return pad.strokes, pad.is_example


def query() -> dict[str, str]:
    """Return what the address of a link to another pad carries, so that it shows the same drawing."""
    pad = _pad_of_visitor()
    return {PARAM: pad.text} if pad.text and not pad.is_example else {}


def is_untouched() -> bool:
    """Return whether the visitor has not drawn yet: then nothing is sent, and the pad may be shown before an answer."""
    return not _pad_of_visitor().answered


def show(width: int | None = 320) -> None:
    """Draw the pad, and below it why a drawing could not be taken over. Without a `width` in px it fills its place.

    Call it after `drawn` and after the drawing has been processed: it sends no other before that.
    """
    pad = _pad_of_visitor()
    _component(
        key=KEY,
        data={
            "strokes": [stroke.tolist() for stroke in pad.strokes],
            "example": pad.is_example,
            "loads": pad.loads,
            "answered": pad.answered,
            "width": width,
        },
        on_drawn_change=_receive,
        height="content",
    )
    if pad.fault:
        st.caption(pad.fault)


def _pad_of_visitor() -> _Pad:
    pad = st.session_state.get(_SESSION)
    if not isinstance(pad, _Pad):
        pad = st.session_state[_SESSION] = _Pad()
    return pad


def _load(pad: _Pad, text: str) -> None:
    """Put the drawing of the address on the pad; the example where there is none or it cannot be read."""
    pad.text, pad.fault, pad.loads = text, "", pad.loads + 1
    pad.strokes, pad.is_example = strokes.read(strokes.EXAMPLE), True
    try:
        if text:
            pad.strokes, pad.is_example = strokes.from_text(text), False
    except UserError as error:
        address.note(f"{error} An example is shown.")


def _receive() -> None:
    """Take over what the browser sent; the address follows once the pen is lifted."""
    message = (st.session_state.get(KEY) or {}).get("drawn")
    if not isinstance(message, dict):
        return
    pad = _pad_of_visitor()
    number = message.get("number")
    pad.answered = number if isinstance(number, int) else pad.answered
    try:
        text = strokes.to_text(strokes.read(message.get("strokes")))
    except UserError as error:
        pad.fault = str(error)
        return
    # The drawing is rounded as in a link, so that the link has the same answer.
    pad.strokes, pad.is_example, pad.fault = strokes.from_text(text), False, ""
    if message.get("lifted"):
        pad.text = text
        address.put(PARAM, text or None)
