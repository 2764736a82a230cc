"""A photograph explained in a browser: uploaded, its classes clicked, its boxes counted, and the camera refused."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core import images
from core.explain import view
from core.trainers.trained import open_named
from tests.e2e.test_keyboard import tab_to
from tests.e2e.views import in_address, settle, slide, steady

pytestmark = pytest.mark.e2e
NOT_SECURE = "Object.defineProperty(window, 'isSecureContext', { value: false })"


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cups beside each other, as a photograph of the visitor's own."""
    path = tmp_path_factory.mktemp("own") / "two cups.png"
    cup = images.resize(images.sample("coffee"), 450, 300)
    sheet = images.resize(cup[-8:, :8], 900, 300)
    sheet[:, :450], sheet[:, 450:] = cup, cup[:, ::-1]
    images.save(sheet, path)
    return path


def bar(page: Page, name: str) -> Locator:
    """Return the button of a class among the most probable ones."""
    return page.get_by_role("button", name=re.compile(f"^{re.escape(name)}, [0-9.]+%"))


def boxes_in_words(page: Page) -> int:
    """Return how many boxes the page says that it has drawn."""
    text = page.locator("[data-testid=stCaptionContainer]").filter(has_text=re.compile("box")).first.inner_text()
    return int(found[1]) if (found := re.search(r"(\d+) boxes in", text)) else int("; box " in text)


def test_a_photograph_is_uploaded_a_second_class_clicked_and_its_boxes_counted(
    page: Page, server: str, photograph: Path
):
    trained, picture = open_named("efficientnet_lite0"), images.photograph(photograph)
    seen = view.of_picture(trained, picture)
    first, second = (trained.classes[index] for index in seen.top(2))
    page.goto(f"{server}/explain?from=Your+own")
    sample = steady(page)
    page.locator("input[type=file]").first.set_input_files(photograph)
    in_address(page, "upload")
    uploaded = steady(page)
    assert uploaded.pictures != sample.pictures
    expect(bar(page, first)).to_have_attribute("aria-pressed", "true")
    expect(bar(page, second)).to_have_attribute("aria-pressed", "false")
    bar(page, second).click()
    in_address(page, "class")
    expect(bar(page, second)).to_have_attribute("aria-pressed", "true")
    mapped = steady(page)
    assert mapped.pictures != uploaded.pictures
    expect(page.get_by_text(f"CAM of {second}: evidence")).to_be_visible()
    bar(page, first).click()
    expect(bar(page, first)).to_have_attribute("aria-pressed", "true")
    assert steady(page).pictures == uploaded.pictures, "the first class is the one that is shown without a click"
    assert boxes_in_words(page) == 1
    page.get_by_role("radio", name="One each").or_(page.get_by_role("button", name="One each")).first.click()
    in_address(page, "rule", "components")
    steady(page)
    assert boxes_in_words(page) == len(seen.boxes(0, 0.5, "components"))
    slide(page, "Box threshold", 5, "threshold")
    higher = steady(page)
    wanted = seen.boxes(0, 0.75, "components")
    assert boxes_in_words(page) == len(wanted) >= 2, "two cups, two boxes"
    assert higher.pictures != uploaded.pictures


def test_a_class_is_searched_and_mapped_by_keyboard(page: Page, server: str):
    page.goto(f"{server}/explain?sample=coffee")
    before = steady(page)
    tab_to(page, bar(page, "cup"))
    page.keyboard.press("Enter")
    in_address(page, "class", "cup")
    assert steady(page).pictures != before.pictures
    tab_to(page, page.get_by_role("combobox", name="Evidence for"))
    page.keyboard.type("soup bowl")
    expect(page.get_by_role("option", name="soup bowl").first).to_be_visible()
    page.keyboard.press("Enter")
    in_address(page, "class", "soup")
    expect(bar(page, "soup bowl")).to_have_attribute("aria-pressed", "true")
    box = page.get_by_role("combobox", name="Evidence for")
    box.press("ControlOrMeta+A")
    page.keyboard.type("unicorn of glass")
    page.keyboard.press("Enter")
    expect(page.get_by_text("has no class “unicorn of glass”")).to_be_visible()
    settle(page)
    expect(bar(page, "soup bowl")).to_have_attribute("aria-pressed", "true")


def test_a_camera_that_is_not_there_or_refused_and_a_page_without_https_are_sentences(page: Page, server: str):
    absent = page.get_by_text("No camera was found on this computer")
    refused = page.get_by_text("The browser gives this page no camera")
    page.goto(f"{server}/explain?from=Your+own")
    settle(page)
    page.get_by_role("button", name="Take a picture").click()
    expect(absent).to_be_visible()
    page.context.grant_permissions([])  # none of them
    page.get_by_role("button", name="Close the camera").click()
    expect(absent).to_be_hidden()
    page.get_by_role("button", name="Take a picture").click()
    expect(refused).to_be_visible()
    page.add_init_script(NOT_SECURE)
    page.reload()
    settle(page)
    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_text("A camera needs HTTPS or localhost")).to_be_visible()
    assert steady(page).pictures
