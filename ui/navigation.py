"""The menu of the app and the frame around every page. Streamlit runs this file for every visit.

It stands in ui/ because a folder named pages beside the main script switches Streamlit to its old,
automatic menu.
"""

import streamlit as st

from ui.frame import ICON, PAGES

# Section by section: file, title, icon, and what one does there.
MENU = {
    "": [("home", "Start here", "explore", "What Atelier can do, shown on real pictures.")],
    "Learn": [
        ("data", "Data", "grid_view", "What the nets learn from: samples, balance, values, augmentation."),
        ("architectures", "Architectures", "account_tree", "What every net is made of, and what that costs."),
    ],
    "Train": [
        (
            "train",
            "Train a net",
            "model_training",
            "Start a training, watch its curves, pause, stop, resume.",
        ),
        (
            "transfer",
            "Transfer",
            "move_item",
            "What a trained net's features are worth on other data, or on your own pictures.",
        ),
        ("runs", "Runs", "stacked_line_chart", "Every training: compare, name, delete, take out and bring in."),
    ],
    "Look inside": [
        ("explain", "Explain a picture", "center_focus_strong", "What a net sees in a picture, and where."),
        ("localise", "Localise", "filter_center_focus", "Boxes from maps alone, scored against the truth."),
        ("mistakes", "Mistakes", "rule", "The images that a net gets wrong, worst first."),
    ],
    "Paint": [
        ("stylize", "Stylize", "brush", "A photograph in a painter's style, or in a blend of several."),
        (
            "iterate",
            "Iterate",
            "auto_fix_high",
            "One picture after one painting, optimised step by step before your eyes.",
        ),
        ("pastiche", "Train styles", "palette", "A painting net of your own: its styles, its previews, its curves."),
    ],
}

st.set_page_config(page_title="Atelier", page_icon=str(ICON), layout="wide")

# Before any slow import: a visitor sees the menu first.
page = st.navigation(
    {
        section: [
            st.Page(
                PAGES / f"{name}.py",
                title=title,
                icon=f":material/{icon}:",
                help=what,
                default=name == "home",
            )
            for name, title, icon, what in entries
        ]
        for section, entries in MENU.items()
    }
)

from ui import job_card  # noqa: E402

with st.sidebar:
    job_card.in_sidebar()

page.run()
