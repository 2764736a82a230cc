"""The front door: `streamlit run app.py`. The menu is in ui/navigation.py, the pages are in pages/."""

import streamlit as st
from starlette.middleware import Middleware

from ui.frame import show_failure
from ui.menu import HOME, MENU
from web.compression import Compressed
from web.quick_start import QuickStart
from web.server import Headers, warming


def prepare() -> None:
    """Import what the first page needs and compute its results, so that the first visitor does not wait for it."""
    from pages.home import results

    results.warm_up()


app = st.App(
    "ui/navigation.py",
    lifespan=warming(prepare),
    middleware=[Middleware(Headers), Middleware(Compressed), Middleware(QuickStart, pages={*MENU, ""} - {HOME})],
    on_script_error=show_failure,
)
