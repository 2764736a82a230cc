"""The first page in a browser: a drawn digit changes the answer and is a link, and one click starts a training."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import TIMEOUT_MS
from tests.e2e.test_drawing import SEVEN, draw, pad

pytestmark = pytest.mark.e2e

MAP = "img[alt^='The drawing as the net gets it']"
MOVEMENT_SECONDS = 3.0
SLACK = 4  # times slower, on a machine that runs other tests as well


def pixels(page: Page, selector: str) -> str:
    """Return a hash of a picture's pixels as the browser shows it."""
    return page.locator(selector).evaluate(
        """async image => {
            await image.decode();
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const brush = canvas.getContext('2d');
            brush.drawImage(image, 0, 0);
            const bytes = brush.getImageData(0, 0, canvas.width, canvas.height).data;
            const digest = await crypto.subtle.digest('SHA-256', bytes);
            return Array.from(new Uint8Array(digest)).join(' ');
        }"""
    )


def test_a_digit_drawn_on_the_first_page_changes_the_answer_and_is_a_link(page: Page, browser: Browser, address: str):
    page.goto(address)
    canvas = pad(page)
    expect(page.get_by_role("heading", name=re.compile("^The net reads 3, "))).to_be_visible()
    example = pixels(page, MAP)
    draw(page, canvas, SEVEN)
    answer = page.get_by_role("heading", name=re.compile("^The net reads 7, "))
    expect(answer).to_be_visible()
    page.wait_for_url(re.compile("drawn="))
    page.get_by_role("slider").press("ArrowRight")
    page.wait_for_url(re.compile("blend=55"))
    expect(page.locator("img[alt*='painted with 45%']")).to_be_visible()
    drawn, painted = pixels(page, MAP), pixels(page, "img[alt*='painted with']")
    assert drawn != example
    other = browser.new_page()
    other.set_default_timeout(TIMEOUT_MS)
    other.goto(page.url)
    expect(other.get_by_role("heading", name=answer.inner_text(), exact=True)).to_be_visible()
    assert (pixels(other, MAP), pixels(other, "img[alt*='painted with']")) == (drawn, painted)
    other.close()


def test_a_digit_can_be_drawn_by_keyboard(page: Page, address: str):
    page.goto(address)
    canvas = pad(page)
    canvas.focus()
    for key, times in (("ArrowUp", 9), ("Space", 1), ("ArrowDown", 18), ("Space", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    expect(page.get_by_role("heading", name=re.compile("^The net reads 1, "))).to_be_visible()
    page.wait_for_url(re.compile("drawn="))


def test_one_click_starts_a_training_that_moves_within_seconds(page: Page, address: str):
    page.goto(address)
    start = page.get_by_role("button", name="Train it yourself")
    expect(start).to_be_enabled()
    expect(page.locator("img[alt*='painted with']")).to_be_visible()
    started = time.perf_counter()
    start.click()
    page.get_by_text(re.compile(r"^(Starting|Running|Waiting): ")).first.wait_for()
    assert time.perf_counter() - started < SLACK * MOVEMENT_SECONDS
    page.wait_for_url(re.compile("run="))
    expect(page.get_by_text(re.compile(r"^Running: step "))).to_be_visible()
    page.get_by_role("link", name="Watch it on Train a net").click()
    expect(page.get_by_role("heading", name="Train a net", level=1)).to_be_visible()
