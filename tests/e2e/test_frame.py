"""Every page shows its result first, large and in sight, and stays usable by keyboard and by eye."""

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import axe, measures
from ui.menu import HOME, MENU

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
HEAD_PX = 150  # the menu and one line stand above a result, no more
TIMEOUT_MS = 180_000
DRAWN_MS = 700  # charts are drawn behind the script's back
BACKGROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
CONTROLS = "document.querySelector('.st-key-controls')"


def opened(browser: Browser, server: str, name: str, viewport: dict) -> Page:
    """A page that has drawn its result, in light."""
    page = browser.new_page(viewport=viewport, color_scheme="light")
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{server}/{'' if name == HOME else name}")
    measures.wait_for_result(page, timeout=TIMEOUT_MS)
    page.wait_for_function(measures.SETTLED)
    page.wait_for_timeout(DRAWN_MS)
    return page


def darkened(page: Page) -> Page:
    """The page after the system's turn from light to dark, which the app follows."""
    light = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{BACKGROUND} !== {light!r}")
    page.wait_for_function(measures.SETTLED)
    page.wait_for_timeout(DRAWN_MS)
    return page


@pytest.mark.parametrize("name", MENU)
def test_the_result_fills_half_of_the_first_screen_and_axe_finds_no_serious_violation(
    browser: Browser, server: str, name: str
) -> None:
    page = opened(browser, server, name, DESK)
    result = measures.result(page)
    violations = {"light": axe.violations(page), "dark": axe.violations(darkened(page))}
    page.close()
    assert result.top <= HEAD_PX and result.share >= 0.5, result
    for scheme, found in violations.items():
        assert not found, "\n".join([scheme, *map(str, found)])


@pytest.mark.parametrize("name", [name for name in MENU if name != HOME])
def test_on_a_phone_the_result_comes_first_and_stays_in_sight(browser: Browser, server: str, name: str) -> None:
    page = opened(browser, server, name, PHONE)
    top = measures.result(page).top
    first_control = page.evaluate(f"{CONTROLS}.getBoundingClientRect().top")
    assert top <= HEAD_PX and top < first_control
    page.evaluate(f"{CONTROLS}.scrollIntoView({{block: 'end', behavior: 'instant'}})")
    page.wait_for_timeout(300)
    canvas = page.locator(".st-key-result").bounding_box()
    page.close()
    assert canvas is not None and 0 <= canvas["y"] < 200 and canvas["height"] > 100
