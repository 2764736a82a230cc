"""The front door: `streamlit run app.py`. The menu is in ui/navigation.py, the pages are in pages/."""

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from ui.frame import show_failure
from ui.menu import HOME, MENU
from web.compression import Compressed
from web.quick_start import QuickStart
from web.server import Headers, later, warming


def prepare() -> None:
    """Import what pages need and compute what they show first, so that the first visitor does not wait for it.

    The first page comes first, then the page with the largest net.
    """
    from pages.home import results

    results.warm_up()
    from pages.explain import results as explanations

    explanations.warm_up()


app = st.App(
    "ui/navigation.py",
    routes=[Route(f"/desk/{name}", later("pages.stylize.live", name)) for name in ("painting", "swatch", "download")],
    lifespan=warming(prepare),
    middleware=[Middleware(Headers), Middleware(Compressed), Middleware(QuickStart, pages={*MENU, ""} - {HOME})],
    on_script_error=show_failure,
)
