"""What the desk paints with: styles and their weights, strength, stroke size and colours. The address alone holds it.

The sliders are the browser's. It sends a mix when a slider is let go, and takes one over from the address only where
that was changed by something else: a link, Back, or a painting of the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import UserError
from core.style import paint_settings
from core.style.paint_settings import PaintRecord, PaintSettings
from pages.stylize import blend, manner
from pages.stylize.blend import Blend, Style
from web import address

KEYS = (blend.KEY, "strength", "stroke", "colours")  # in the address
_LOADS = "how often the desk took its mix from the address"
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True)
class Mix:
    """Styles with weights from 0 to 1, and the settings."""

    blend: Blend
    settings: PaintSettings

    def in_address(self, names: Sequence[str]) -> dict[str, str | None]:
        """Return what the address has of it under each key; None for what is usual and need not stand there."""
        weights = {name: weight for name, weight in self.blend.items() if weight > 0}
        usual, now = manner.USUAL, self.settings
        return {
            blend.KEY: None if weights == blend.start_of(list(names)) else blend.blend_as_text(self.blend),
            "strength": None if now.strength == usual.strength else f"{now.strength:.12g}",
            "stroke": None if now.stroke == usual.stroke else f"{now.stroke:.12g}",
            "colours": None if now.colours == usual.colours else str(now.colours).lower(),
        }

    def as_data(self) -> dict[str, Any]:
        """Return it as the browser takes it."""
        settings = self.settings
        return {
            "styles": {name: weight for name, weight in self.blend.items() if weight > 0} or self.blend,
            "strength": settings.strength,
            "stroke": settings.stroke,
            "colours": settings.colours,
        }


def of_address(styles: Sequence[Style]) -> tuple[Mix, int]:
    """Return the mix of the address, and how often one came from there that the browser did not send."""
    manner.follow_older_address()
    arrived = [address.is_new(key, _LOADS) for key in KEYS]
    st.session_state[_LOADS] = st.session_state.get(_LOADS, 0) + any(arrived)
    strength = address.read("strength", "Strength", _unit, manner.USUAL.strength)
    stroke = address.read("stroke", "Stroke size", _unit, manner.USUAL.stroke)
    colours = address.read("colours", "Original colours", lambda text: _TRUTH[text.lower()], manner.USUAL.colours)
    return Mix(blend.in_address(styles), PaintSettings(strength, stroke, colours)), st.session_state[_LOADS]


def receive(message: object, names: Sequence[str]) -> None:
    """Let the address carry a mix that the browser sent, in a callback; one that cannot be used changes nothing."""
    try:
        mix = _of_message(message, names)
    except UserError:
        return
    for key, text in mix.in_address(names).items():
        if (st.query_params.get_all(key) or [None]) != [text]:
            address.put(key, text)


def take_over(record: PaintRecord, names: Sequence[str]) -> None:
    """Let the address carry the mix that a picture was painted with, and the browser take it over.

    Raises UserError where the net has not all of its styles.
    """
    if missing := [name for name in record.styles if name not in names]:
        style = paint_settings.quoted(missing[0])
        raise UserError(f"This picture was painted with the style {style}, which is not here; choose styles yourself.")
    most = max(1.0, *record.styles.values())
    weights = {name: round(weight / most, 4) for name, weight in record.styles.items()}
    for key, text in Mix(weights, record.settings).in_address(names).items():
        address.put(key, text, follow=True)


def _of_message(message: object, names: Sequence[str]) -> Mix:
    """Return the mix in a message of the browser. Raises UserError where it has none."""
    if not isinstance(message, Mapping) or not isinstance(message.get("styles"), Mapping):
        raise UserError("The browser sent no styles.")
    weights = {name: round(_weight(message["styles"][name]), 4) for name in names if name in message["styles"]}
    if not weights:
        raise UserError("The browser sent no style that is here.")
    return Mix(weights, PaintSettings(*(message.get(name) for name in ("strength", "stroke", "colours"))))


def _weight(value: object) -> float:
    """Return a weight from 0 to 1. Raises UserError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UserError("A weight is no number from 0 to 1.")
    return float(value)


def _unit(text: str) -> float:
    """Return the number in a text. Raises ValueError where there is none from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError
    return number
