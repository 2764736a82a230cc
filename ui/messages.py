"""What every page says in the same way: where there is nothing yet, and how far slow work is.

Errors are `frame.guard`'s, sentences about addresses `address.note`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from web.formats import clock, escape_markdown

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """How far slow work is: `done` of `of` units, and the seconds that are left where they are known.

    Without a `unit` the label tells the count itself.
    """

    label: str
    done: float
    of: float
    unit: str = "images"
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        """The part that is done, in [0, 1]."""
        return min(1.0, max(0.0, self.done / self.of)) if self.of else 0.0

    @property
    def words(self) -> str:
        """Count and estimate: "Map: 1,200 of 5,000 images, 0:40 left"."""
        counted = f": {self.done:,.0f} of {self.of:,.0f} {self.unit}" if self.of and self.unit else ""
        left = f", {clock(self.seconds_left)} left" if self.seconds_left else ""
        return f"{self.label}{counted}{left}"


def empty(text: str, action: Callable[[], T] | None = None) -> T | None:
    """Draw a sentence where there is nothing yet, and below it what `action` draws: the one button or link that helps.

    Return what `action` returns: whether its button was clicked.
    """
    st.markdown(text)
    return action() if action else None


def progress(
    work: Work, bar: DeltaGenerator | None = None, cancel: Callable[[], None] | None = None, key: str = "cancel"
) -> DeltaGenerator:
    """Draw how far slow work is, with a button that calls `cancel`, and return the bar; pass `bar` to move one.

    A click on the button ends the run of the page where it next draws something, so move the bar often.
    """
    words = escape_markdown(work.words)
    if bar is not None:
        return bar.progress(work.share, text=words)
    if cancel is None:
        return st.progress(work.share, text=words)
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(work.share, text=words, width="stretch")
        st.button("Cancel", icon=":material/close:", key=key, on_click=cancel)
    return bar
