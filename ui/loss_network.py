"""The control that chooses a loss network, for the pages that compare pictures by one."""

import streamlit as st

from core.style import sources
from web import address


def choose(note: str = "") -> str:
    """Return the name of the chosen network; where it must be fetched first, draw what that takes, then `note`."""
    name = address.choice(
        "network",
        "Loss network",
        sources.names(),
        lambda network: sources.source(network).title,
        help="Compares the pictures by its feature maps. Its own weights do not change.",
    )
    if not sources.at_hand(name):
        st.caption(" ".join(filter(None, (f":material/download: {sources.source(name).needs}", note))))
    return name
