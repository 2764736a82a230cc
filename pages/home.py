"""Start here: what Atelier can do, shown on real pictures, with the way to each page."""

import streamlit as st

from ui import frame
from ui.frame import PAGES

frame.head(
    "Atelier", "A workshop for small convolutional networks: train one live, look inside it, paint with it."
)
st.page_link(PAGES / "train.py", label="Train a net", icon=":material/model_training:")
