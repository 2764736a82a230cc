"""The front door: `streamlit run app.py`. The menu is in ui/navigation.py, the pages are in pages/."""

import streamlit as st

from ui.frame import show_failure

app = st.App("ui/navigation.py", on_script_error=show_failure)
