"""Teach it in a browser: three classes of drawn toys, an answer with a map, and all of it again after a reload."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import images
from tests.e2e import measures
from tests.e2e.conftest import TIMEOUT_MS
from tests.e2e.views import in_address, press, select, settle

pytestmark = pytest.mark.e2e
TOYS = ("boat", "duck", "rocket")


@pytest.mark.timeout(900)
def test_three_classes_are_taught_and_answered_and_there_after_a_reload(
    page: Page, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/teach")
    measures.wait_for_result(page, timeout=TIMEOUT_MS)
    expect(page.get_by_text("An example: three drawn toys")).to_be_visible()
    teach_toys(page)
    a_new_toy_is_answered_with_a_map_of_any_class(page)
    a_class_of_ones_own_is_added(page, tmp_path)
    before = page.url
    page.reload()
    settle(page)
    assert page.url == before
    expect(page.get_by_role("textbox", name="Class, 2 pictures")).to_have_value("my cups")
    expect(page.get_by_role("radio", name="my cups")).to_be_checked()
    expect(page.get_by_text(re.compile(r"of 26 samples right"))).to_be_visible()
    it_is_saved_and_opens_in_explain(page)


def teach_toys(page: Page) -> None:
    page.get_by_role("radio", name="Toys").click()
    in_address(page, "samples", "Toys")
    for toy in TOYS:
        if toy != "airplane":
            select(page, "Drawn toy", toy, "toy")
        press(page, "Add 8 pictures", "class", toy)
        expect(page.get_by_role("textbox", name="Class, 8 pictures")).to_have_value(toy)
    expect(page.get_by_text(re.compile(r"of 24 samples right"))).to_be_visible()


def a_new_toy_is_answered_with_a_map_of_any_class(page: Page) -> None:
    press(page, "Another drawn toy", "drawn", "boat-0")
    expect(page.get_by_role("heading", name=re.compile(r"^Boat, \d+% sure"))).to_be_visible()
    large = page.locator(".st-key-result").get_by_role("img", name=re.compile("^Map of boat: evidence"))
    expect(large.first).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^rocket, [\d.]+%")).click()
    in_address(page, "map", "rocket")
    expect(page.locator(".st-key-result").get_by_role("img", name=re.compile("^Map of rocket")).first).to_be_visible()


def a_class_of_ones_own_is_added(page: Page, tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(("coffee", "temple")):
        files.append(tmp_path / f"{number}.jpg")
        images.save(images.fit(images.sample(name), 320), files[-1])
    field = page.get_by_role("textbox", name="New class")
    field.fill("my cups")
    field.press("Enter")
    in_address(page, "class", "my")
    page.get_by_role("radio", name="Files").click()
    uploader = page.get_by_test_id("stFileUploader").filter(has_text="Pictures of my cups")
    uploader.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_role("textbox", name="Class, 2 pictures")).to_have_value("my cups")
    expect(page.get_by_role("radio", name="my cups")).to_be_checked()
    expect(page.get_by_text(re.compile(r"of 26 samples right"))).to_be_visible()
    expect(page.get_by_text("“my cups” has 2 distinct pictures", exact=False)).to_be_visible()
    settle(page)


def it_is_saved_and_opens_in_explain(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save as a run").click()
    page.get_by_role("link", name="Explain a picture").last.click()
    expect(page.get_by_role("heading", name="Explain a picture", level=1)).to_be_visible()
    page.wait_for_url(re.compile(r"explain\?.*run=2"))
    settle(page)
    expect(page.get_by_role("button", name=re.compile(r"^(boat|duck|rocket|my cups), [\d.]+%")).first).to_be_visible()
