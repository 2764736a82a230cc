"""A teacher's link: `?hide=recipe,more` leaves groups of controls out of a page."""

import streamlit as st

KEY = "hide"


def hidden() -> frozenset[str]:
    """Return the names of the groups that the address hides."""
    return frozenset(name.strip() for text in st.query_params.get_all(KEY) for name in text.split(",") if name.strip())


def is_shown(group: str) -> bool:
    """Return whether a group of controls ("recipe", "more", ...) is to be drawn."""
    return group not in hidden()
