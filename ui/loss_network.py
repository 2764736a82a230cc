"""The control that chooses a loss network, for the pages that compare pictures by one."""

import streamlit as st

from core.style import sources
from ui import address


def choose(beside: str = "") -> str:
    """The network's name; where it is not at hand, a word on what it takes to have it, and `beside` after that."""
    name = address.choice(
        "network",
        "Loss network",
        sources.names(),
        lambda network: sources.source(network).title,
        help="What compares the pictures. Its own weights stay as they are.",
    )
    if not sources.at_hand(name):
        st.caption(" ".join(filter(None, (f":material/download: {sources.source(name).needs}", beside))))
    return name
