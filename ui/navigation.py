"""The menu of the app and the frame around every page. Streamlit runs this file for every visit.

It stands in ui/ because a folder named pages beside the main script switches Streamlit to its old,
automatic menu.
"""

from collections.abc import Callable

import streamlit as st

from ui import frame
from ui.menu import HOME, MENU, OLD_ADDRESSES, PAGE_LIST, Page
from web import address, copy_link
from web.server import wait_until_warm


def entry(page: Page) -> st.Page:
    """Return the menu's entry of a page."""
    return st.Page(
        page.file,
        title=page.title,
        icon=page.material_icon,
        help=page.summary,
        url_path=page.name,
        default=page.name == HOME,
    )


def moved(to: str) -> Callable[[], None]:
    """Return a page that redirects to the page `to` with the query of the address."""

    def forward() -> None:
        # A copy: Streamlit empties the address before it reads the query for the next page.
        query = {key: st.query_params.get_all(key) for key in st.query_params}
        st.switch_page(MENU[to].file, query_params=query)

    return forward


def main() -> None:
    """Draw menu and head, then run the page."""
    st.set_page_config(page_title="Atelier", page_icon=str(frame.ICON), layout="wide")
    address.begin()
    pages = {page.name: entry(page) for page in PAGE_LIST}
    sections: dict[str, list[st.Page]] = {page.section: [] for page in PAGE_LIST}
    for page in PAGE_LIST:
        sections[page.section].append(pages[page.name])
    for old, name in OLD_ADDRESSES.items():
        sections[""].append(st.Page(moved(name), title=MENU[name].title, url_path=old, visibility="hidden"))
    # Menu and head come before any slow import: a visitor sees them first.
    current = st.navigation(sections, position="top")
    st.html(frame.STYLE)
    shown = next((page for page in PAGE_LIST if pages[page.name] == current), None)
    if shown is not None:
        with frame.head(shown.heading or shown.title, shown.claim):
            from ui import trainings  # torch takes a moment

            trainings.show()
            place_of_link = st.empty()
    if shown is None or shown.name != HOME:  # the first page waits later: what it shows at once needs no such import
        wait_until_warm()
    current.run()
    if shown is not None:
        with place_of_link:
            copy_link.show()
    if not address.has_place():
        address.place_notes(st.container(key="notes"))


main()
