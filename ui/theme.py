"""The colours of what is shown, in light and dark: after Okabe and Ito, safe for colour blindness.

Charts take the same colours, in the same order, from .streamlit/config.toml, so that they change with
the theme without a rerun.
"""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Colours:
    """One colour means one thing everywhere."""

    train: str
    validation: str  # and test: the split that is held out
    truth: str
    prediction: str


LIGHT = Colours(train="#0072B2", validation="#E69F00", truth="#009E73", prediction="#D55E00")
DARK = Colours(train="#56B4E9", validation="#E69F00", truth="#2BC49A", prediction="#FF8A4C")

# The names by which Markdown knows the colour of words of each role. Words need more contrast than a line, so that
# .streamlit/config.toml sets these two; they change with the theme without a rerun, too.
WORDS = {"truth": "green", "prediction": "orange"}


def is_dark() -> bool:
    """Return whether the visitor sees the dark theme."""
    return st.context.theme.type == "dark"


def text_colour() -> str:
    """Return the colour of text, for letters on a chart."""
    return "#E9E6DF" if is_dark() else "#22252B"


def colours() -> Colours:
    """Return the colours of the theme that the visitor sees."""
    return DARK if is_dark() else LIGHT


def coloured(markdown: str, role: str) -> str:
    """Return Markdown in the colour of a role ("truth" or "prediction"), with enough contrast to be read."""
    return f":{WORDS[role]}[{markdown}]"
