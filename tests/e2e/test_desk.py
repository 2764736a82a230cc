"""The desk in a browser: the picture follows the sliders while they move, by mouse, by keyboard and on a phone."""

import io
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core import images
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from tests.e2e.conftest import TIMEOUT_MS
from tests.e2e.test_keyboard import tab_to
from tests.e2e.test_links import copied, fresh
from tests.e2e.views import in_address, press, same, settle, slide, steady
from tests.painting import picture

pytestmark = pytest.mark.e2e
NET = "pastiche"
DRAG_STEPS, STEP_MS = 20, 50  # a drag of a second
# Drops or pastes a file on the canvas, as a visitor's browser does.
HAND_OVER = """
([kind, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0)), transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const find = root => root.querySelector('.canvas')
      ?? [...root.querySelectorAll('*')].map(each => each.shadowRoot && find(each.shadowRoot)).find(Boolean);
  const event = kind === 'drop' ? new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true })
      : new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true });
  (kind === 'drop' ? find(document) : document).dispatchEvent(event);
}
"""


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A photograph of the visitor's own."""
    path = tmp_path / "my holiday.jpg"
    images.save(images.fit(images.sample("coffee"), 320)[:, ::-1].copy(), path)
    return path


def canvas(page: Page) -> Locator:
    """Return the canvas once it shows what is wanted at full size."""
    found = page.locator(".canvas")
    expect(found).to_have_attribute("data-side", "512")
    page.wait_for_function(
        "({ dataset }) => dataset.shown === dataset.wanted && dataset.side === '512'", arg=found.element_handle()
    )
    return found


def painted(page: Page) -> int:
    """Return how many pictures the canvas has shown."""
    return int(page.locator(".canvas").get_attribute("data-painted") or 0)


def drag(page: Page, slider: Locator, start: float, end: float) -> int:
    """Drag a slider by mouse for a second, from one share of its width to another; return the pictures meanwhile."""
    box = slider.bounding_box()
    assert box is not None
    thumb = 8  # px, half of it
    at = [box["x"] + thumb + share * (box["width"] - 2 * thumb) for share in np.linspace(start, end, DRAG_STEPS)]
    middle = box["y"] + box["height"] / 2
    before = painted(page)
    page.mouse.move(at[0], middle)
    page.mouse.down()
    for x in at:
        page.mouse.move(x, middle)
        page.wait_for_timeout(STEP_MS)
    shown = painted(page) - before
    page.mouse.up()
    return shown


def hand_over(page: Page, kind: str, name: str, mime: str, data: bytes) -> None:
    page.evaluate(HAND_OVER, [kind, name, mime, b64encode(data).decode()])


def test_a_painter_drags_sliders_and_hands_the_link_on(browser: Browser, server: str, photograph: Path):
    with fresh(browser, f"{server}/stylize") as page:
        settle(page)
        page.locator("input[type=file]").first.set_input_files(photograph)
        in_address(page, "photo")
        press(page, "The Scream", "styles")
        canvas(page)
        address = page.url
        assert drag(page, page.get_by_role("slider", name="The Scream"), 0.5, 0.1) >= 2, "pictures while it moves"
        in_address(page, "styles", before=address)
        assert "munch_scream:0.1" in unquote(page.url)
        slide(page, "Strength", -4, "strength")
        slide(page, "Stroke size", 3, "stroke")
        press(page, "Photograph", "colours", "true")
        canvas(page)
        before = steady(page)
        with fresh(browser, copied(page)) as other:
            assert same(page, other) == before
        page.go_back()
        page.wait_for_url(lambda url: "colours" not in url)
        expect(page.get_by_role("button", name="Painting", exact=True)).to_have_attribute("aria-pressed", "true")
        canvas(page)
        assert steady(page).pictures != before.pictures


def test_the_desk_by_keyboard_alone(page: Page, server: str):
    page.goto(f"{server}/stylize")
    settle(page)
    canvas(page)
    divider = page.get_by_role("slider", name="Divider between photograph and painting")
    tab_to(page, divider)
    at = int(divider.get_attribute("aria-valuenow") or 0)
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "PageUp"):
        page.keyboard.press(key)
    expect(divider).to_have_attribute("aria-valuenow", str(at + 12))
    page.keyboard.press("End")
    expect(divider).to_have_attribute("aria-valuetext", "100% photograph, 0% painting")
    tab_to(page, page.get_by_role("button", name="Water Lilies"))
    page.keyboard.press("Enter")
    in_address(page, "styles")
    tab_to(page, page.get_by_role("slider", name="Water Lilies"))
    before = page.url
    page.keyboard.press("ArrowLeft")
    in_address(page, "styles", before=before)
    assert "monet_water_lilies:0.45" in unquote(page.url)
    canvas(page)


def test_on_a_phone_the_picture_is_in_sight_while_a_slider_moves(browser: Browser, server: str):
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{server}/stylize")
    settle(page)
    canvas(page)
    stroke = page.get_by_role("slider", name="Stroke size")
    stroke.scroll_into_view_if_needed()
    before = painted(page)
    stroke.press("ArrowRight")
    in_address(page, "stroke")
    canvas(page)
    frame, slider = page.locator(".frame").bounding_box(), stroke.bounding_box()
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    shown = painted(page)
    page.close()
    assert frame is not None and slider is not None and shown > before and wide <= 390
    assert frame["y"] >= 0 and frame["y"] + frame["height"] <= slider["y"] < 844


def test_the_course_between_two_styles_and_the_history_lead_to_what_they_show(page: Page, server: str):
    page.goto(f"{server}/stylize?styles=munch_scream:1,monet_water_lilies:1")
    settle(page)
    canvas(page)
    course = page.locator(".between button")
    expect(course).to_have_count(5)
    course.nth(1).click()
    in_address(page, "styles")
    page.wait_for_url(
        lambda url: "munch_scream:0.75,monet_water_lilies:0.25" in url.replace("%3A", ":").replace("%2C", ",")
    )
    visit = page.locator(".visit a")
    expect(visit).to_have_count(2)
    visit.nth(1).click()
    page.wait_for_url(lambda url: "munch_scream:1,monet_water_lilies:1" in unquote(url))
    expect(page.get_by_role("slider", name="The Scream")).to_have_value("1")
    before = page.url
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_url(lambda url: url != before)  # by chance the default, which an address leaves out
    before = page.url
    page.get_by_role("combobox", name="Presets").select_option(label="Wave under stars")
    in_address(page, "styles", before=before)
    expect(page.get_by_role("slider", name="The Great Wave off Kanagawa")).to_have_value("0.65")


def test_a_dropped_photograph_is_painted_downloaded_and_reads_back(page: Page, server: str):
    page.goto(f"{server}/stylize?styles=munch_scream:1&strength=0.8")
    settle(page)
    canvas(page)
    photograph = picture(90, 120)
    hand_over(page, "drop", "garden.png", "image/png", images.encode(photograph, "PNG"))
    in_address(page, "photo")
    expect(page.get_by_text("Full size: 120 x 90 px")).to_be_visible()
    page.get_by_label("Format").select_option("PNG")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "garden-munch_scream.png"
    data = download.value.path().read_bytes()
    settings = PaintSettings(0.8)
    assert record_in(images.description(data)) == PaintRecord({"munch_scream": 1.0}, settings, NET)
    expected = painter.shipped(NET).paint(photograph, {"munch_scream": 1.0}, settings)
    difference = np.abs(images.decode(io.BytesIO(data)).astype(int) - expected)
    assert difference.mean() < 2, "the painting of the dropped photograph, but for the threads of the two processes"

    page.goto(f"{server}/stylize")
    settle(page)
    hand_over(page, "paste", "garden-munch_scream.png", "image/png", data)
    in_address(page, "strength", "0.8")
    expect(page.get_by_role("slider", name="The Scream")).to_have_value("1")
    expect(page.get_by_text("This picture was painted here.")).to_be_visible()
    assert "photo=" not in page.url


def test_what_is_no_picture_is_a_sentence(page: Page, server: str):
    page.goto(f"{server}/stylize")
    settle(page)
    hand_over(page, "drop", "letter.txt", "text/plain", b"Dear reader")
    expect(page.get_by_text("That is no picture")).to_be_visible()
    hand_over(page, "drop", "letter.png", "image/png", b"Dear reader, this is no picture at all.")
    expect(page.get_by_text("is text, not a picture")).to_be_visible()
    expect(page.get_by_text("Reading the picture")).to_be_hidden()


def test_a_download_can_be_cancelled(page: Page, server: str):
    page.goto(f"{server}/stylize")
    settle(page)
    page.route("**/desk/download?*", lambda route: None)  # an answer that takes for ever
    page.get_by_role("button", name="Download").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Download")).to_be_enabled()


def test_the_plain_page_has_sliders_of_streamlit(page: Page, server: str):
    page.goto(f"{server}/stylize?plain=1")
    settle(page)
    slide(page, "The Scream", 1, "styles")
    assert page.locator(".canvas").count() == 0
