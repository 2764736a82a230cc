"""One's own photographs on the pages Localise and Mistakes, by the net of a thousand classes, in a real browser."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import images
from tests.photographs import pasted

pytestmark = pytest.mark.e2e

UPLOADER = "[data-testid=stFileUploaderDropzoneInput]"


def test_an_archive_of_photographs_has_mistakes_that_open(page: Page, address: str, tmp_path: Path):
    for name, sample in (("cat", "cat"), ("banana", "cat"), ("my darling", "coffee")):
        (tmp_path / "own" / name).mkdir(parents=True)
        images.save(images.sample(sample), tmp_path / "own" / name / f"{sample}.jpg")
    page.goto(f"{address}/mistakes?net=efficientnet_lite0")
    expect(page.get_by_text("Give photographs in folders named like classes")).to_be_visible()
    page.locator(UPLOADER).set_input_files(shutil.make_archive(str(tmp_path / "own"), "zip", tmp_path / "own"))
    expect(page.get_by_role("heading", name="1 of 2 photographs wrong: 50.00% error")).to_be_visible(timeout=60_000)
    page.get_by_text("Names that are no class of the net: 1 left out").click()
    page.get_by_role("combobox", name=re.compile("my darling")).click()
    page.keyboard.type("espresso maker")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("means=my"))
    expect(page.get_by_role("heading", name=re.compile("of 3 photographs wrong"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name=re.compile("Open photograph .*, banana predicted as")).click()
    expect(page.get_by_role("img", name="CAM of banana, true class, over the image")).to_be_visible()
    expect(page.get_by_role("heading", name="Flipped and shifted")).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    page.wait_for_url(re.compile(r"^(?!.*image=).*$"))


def test_photographs_with_boxes_are_uploaded_and_scored(page: Page, address: str, tmp_path: Path):
    folder = tmp_path / "boxed"
    folder.mkdir()
    pasted(folder, 6)
    page.goto(f"{address}/localise?net=efficientnet_lite0")
    expect(page.get_by_text("Give pictures and their boxes")).to_be_visible()
    page.locator(UPLOADER).set_input_files(sorted(folder.iterdir()))
    expect(page.get_by_role("heading", name=re.compile("of the boxes reach an IoU of 0.5"))).to_be_visible(
        timeout=60_000
    )
    expect(page.get_by_text("6 pictures of your own")).to_be_visible()
    expect(page.get_by_text("is any of 5 classes, tabby to Egyptian cat")).to_be_visible()
    before = page.get_by_role("img", name=re.compile("CAM of .*: evidence")).get_attribute("alt")
    page.get_by_role("slider", name="Threshold").press("ArrowRight")
    page.wait_for_url(re.compile("threshold="))
    drawn = page.get_by_role("img", name=re.compile("CAM of .*: evidence"))
    expect(drawn).to_be_visible()
    assert before and re.search(r"box \d+ x \d+ px at", before)
