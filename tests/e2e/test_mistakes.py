"""From a cell of the confusion matrix to an opened mistake, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.datasets import load
from core.explain import mistakes
from core.trainers.trained import open_run
from tests.nets import a_run
from ui import confusion

pytestmark = pytest.mark.e2e


def test_from_a_cell_of_the_matrix_to_an_opened_mistake(page: Page, address: str):
    run = a_run("baseline")
    said = mistakes.ask(open_run(run), load("digits").test)
    ((truth, taken, count),) = confusion.commonest(said.confusion(), 1)
    among = said.mistakes().among(label=truth, predicted=taken)
    page.goto(f"{address}/mistakes?run={run.id}")
    matrix = page.get_by_test_id("stVegaLiteChart").first
    matrix.locator(".mark-rect").last.locator("path").nth(10 * truth + taken).click()
    page.wait_for_url(re.compile(f"truth={truth}&taken={taken}"))
    expect(page.get_by_text(f"{count} of these mistakes are shown.")).to_be_visible()
    expect(page.get_by_text(f"{truth} taken for {taken}", exact=True).first).to_be_visible()
    page.locator("[class*='st-key-Open-'] button").first.click()
    page.wait_for_url(re.compile(f"image={int(among.indices[0])}"))
    expect(page.get_by_role("img", name=f"Evidence for {taken} less that for {truth}")).to_be_visible()
    expect(page.get_by_text("The label looks wrong")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile(f"image={int(among.indices[1])}"))
    page.get_by_role("button", name="Back to the list").click()
    page.wait_for_url(re.compile(r"^(?!.*image=).*$"))
    expect(page.get_by_text(f"{count} of these mistakes are shown.")).to_be_visible()
