"""The menu on top of every page in a browser: single links, and sections that open a list of links."""

import re

from playwright.sync_api import Locator, Page

from ui.menu import MENU


def bar(page: Page) -> Locator:
    """Return the menu's bar."""
    return page.get_by_test_id("stTopNav")


def go(page: Page, name: str) -> None:
    """Open the page `name` ("train") by the menu."""
    link(page, name).click()


def link(page: Page, name: str) -> Locator:
    """Return the link to the page `name`, its section opened."""
    entry = MENU[name]
    if entry.section:
        section(page, entry.section).click()
        links = page.get_by_test_id("stTopNavDropdownLink")
    else:
        links = bar(page).get_by_test_id("stTopNavLink")
    found = links.filter(has_text=re.compile(rf"{re.escape(entry.title)}$"))
    found.wait_for()
    return found


def section(page: Page, title: str) -> Locator:
    """Return the button that opens a section."""
    return bar(page).get_by_test_id("stTopNavSection").filter(has_text=re.compile(rf"{re.escape(title)}$"))


def titles(page: Page) -> list[str]:
    """Return the titles of all entries, those of the sections as well, in their order."""
    bar(page).wait_for()
    shown = _titles(bar(page).get_by_test_id("stTopNavLink"))
    for name in dict.fromkeys(entry.section for entry in MENU.values() if entry.section):
        section(page, name).click()
        links = page.get_by_test_id("stTopNavDropdownLink")
        links.first.wait_for()
        shown += _titles(links)
        page.keyboard.press("Escape")
        links.first.wait_for(state="hidden")
    return shown


def _titles(links: Locator) -> list[str]:
    """Return the last line of each link: an icon's name stands before it."""
    return [text.strip().splitlines()[-1] for text in links.all_inner_texts()]
