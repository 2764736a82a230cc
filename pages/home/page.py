"""Start here: what Atelier can do, shown on real pictures, with the way to each page."""

import streamlit as st

from ui import frame, menu
from ui.frame import guard


def main() -> None:
    """Draw the three columns with text and links first, then fill in what has to be computed."""
    learn, look, paint = st.columns(3, border=True)
    with learn:
        st.subheader("How fast does a net learn to read?", anchor=False)
        curve = st.container()
        menu.link("train", "Train your own")
    with look:
        st.subheader("Where does it look?", anchor=False)
        heat = st.container()
        menu.link("explain", "Explain a picture")
    with paint:
        st.subheader("What would a painter make of it?", anchor=False)
        painting = st.container()
        menu.link("stylize", "Paint a photograph")

    from pages.home import results  # imports torch, which takes a moment: text and links are on the screen before

    with curve, guard():
        results.show_curve()
    with heat, guard(), st.skeleton(height=results.SIDE):
        results.show_heat_map()
    with painting, guard(), st.skeleton(height=results.SIDE):
        results.show_painting()
    frame.takeaway(
        "Every net here is small enough to train and to understand on a laptop. Nothing leaves your machine."
    )


main()
