"""A digit drawn in a real browser, with the mouse on a desk and with a finger on a phone."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import TIMEOUT_MS

pytestmark = pytest.mark.e2e

SEVEN = ((0.28, 0.18), (0.74, 0.18), (0.45, 0.85))
ONE = ((0.5, 0.15), (0.5, 0.85))
ASK = "explain?net=baseline_mnist&grey_from=Draw+a+digit"


def pad(page: Page) -> Locator:
    """Return the pad once it can be drawn on."""
    canvas = page.get_by_role("img", name="Draw a digit here")
    expect(canvas).to_be_visible()
    expect(page.get_by_text("This one is an example")).to_be_visible()
    canvas.scroll_into_view_if_needed()
    return canvas


def answer(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=re.compile(text))).to_be_visible()


def on(canvas: Locator, shares) -> list[tuple[float, float]]:
    """Return shares of the pad's sides in pixels of the window, in small steps as of a hand."""
    box = canvas.bounding_box()
    assert box
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
    steps = [
        (x + (to_x - x) * step / 8, y + (to_y - y) * step / 8)
        for (x, y), (to_x, to_y) in zip(corners, corners[1:], strict=False)
        for step in range(8)
    ]
    return [*steps, corners[-1]]


def draw(page: Page, canvas: Locator, shares) -> None:
    start, *rest = on(canvas, shares)
    page.mouse.move(*start)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place)
    page.mouse.up()


def test_a_digit_is_answered_and_lines_can_be_taken_back(page: Page, address: str):
    page.goto(f"{address}/{ASK}")
    canvas = pad(page)
    answer(page, "^3, ")
    draw(page, canvas, SEVEN)
    answer(page, "^7, ")
    expect(page.get_by_text("This one is an example")).to_be_hidden()
    expect(page.get_by_text("preprocessed like those of MNIST")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("the net answers while you draw")).to_be_visible()
    draw(page, canvas, ONE)
    answer(page, "^1, ")
    draw(page, canvas, ((0.2, 0.2), (0.2, 0.8), (0.8, 0.8), (0.8, 0.2)))
    expect(page.get_by_role("heading", name=re.compile("^1, "))).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    answer(page, "^1, ")
    canvas.press("Delete")
    expect(page.get_by_text("the net answers while you draw")).to_be_visible()


def test_a_drawing_is_a_link_and_back_takes_it_off_again(page: Page, browser: Browser, address: str):
    page.goto(f"{address}/{ASK}")
    canvas = pad(page)
    draw(page, canvas, SEVEN)
    answer(page, "^7, ")
    page.wait_for_url(re.compile("drawn="))
    headline = page.get_by_role("heading", name=re.compile("^7, ")).inner_text()
    other = browser.new_page()
    other.set_default_timeout(TIMEOUT_MS)
    other.goto(page.url)
    expect(other.get_by_role("heading", name=headline, exact=True)).to_be_visible()
    expect(other.get_by_text("This one is an example")).to_be_hidden()
    other.close()
    first = page.url
    draw(page, canvas, ((0.5, 0.2), (0.5, 0.9)))
    page.wait_for_function("old => location.href !== old", arg=first)
    page.go_back()
    answer(page, re.escape(headline))
    page.go_back()
    answer(page, "^3, ")


def test_a_finger_draws_on_a_phone_while_it_is_still_down(browser: Browser, address: str):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{address}/{ASK}")
    canvas = pad(page)
    before = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    touches = context.new_cdp_session(page)
    for kind, (x, y) in zip(("touchStart", *["touchMove"] * 99), on(canvas, SEVEN), strict=False):
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    answer(page, "^7, ")  # the finger has not been lifted yet
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
