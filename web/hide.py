"""A teacher's link: `?hide=recipe,more` leaves groups of controls out of a page."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

KEY = "hide"


def hidden() -> frozenset[str]:
    """Return the names of the groups that the address hides."""
    return frozenset(name.strip() for text in st.query_params.get_all(KEY) for name in text.split(",") if name.strip())


def is_shown(group: str) -> bool:
    """Return whether a group of controls ("recipe", "more", ...) is to be drawn."""
    return group not in hidden()


@contextmanager
def group(name: str) -> Iterator[None]:
    """Draw the controls of a group inside; one that is hidden keeps what the address sets and is not displayed.

    A page has one such group of a name.
    """
    with st.container(key=None if is_shown(name) else f"hidden {name}"):
        yield
