"""The menu of the app and the frame around every page. Streamlit runs this file for every visit.

It stands in ui/ because a folder named pages beside the main script switches Streamlit to its old,
automatic menu.
"""

import streamlit as st

from ui.frame import PAGES

st.set_page_config(page_title="Atelier", page_icon=":material/palette:", layout="wide")

# Before any slow import: a visitor sees the menu first.
page = st.navigation(
    {
        "": [
            st.Page(
                PAGES / "home.py",
                title="Start here",
                icon=":material/explore:",
                default=True,
                help="What Atelier can do, shown on real pictures.",
            )
        ],
        "Train": [
            st.Page(
                PAGES / "train.py",
                title="Train a net",
                icon=":material/model_training:",
                help="Start a training, watch its curves, pause, resume and stop it.",
            )
        ],
        "Look inside": [
            st.Page(
                PAGES / "explain.py",
                title="Explain a picture",
                icon=":material/center_focus_strong:",
                help="What a net sees in a picture, and which part of it decides.",
            ),
            st.Page(
                PAGES / "mistakes.py",
                title="Mistakes",
                icon=":material/error_outline:",
                help="The images that a net gets wrong, worst first.",
            ),
        ],
        "Paint": [
            st.Page(
                PAGES / "stylize.py",
                title="Stylize",
                icon=":material/brush:",
                help="A photograph in a painter's style, or in a blend of several.",
            )
        ],
    }
)

from ui import job_card  # noqa: E402

with st.sidebar:
    job_card.in_sidebar()

page.run()
