"""The drawing of a net in a real browser: stages open at a click or a key, in place, and stay open."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e


def test_a_stage_opens_and_stays_open_when_another_net_comes_beside_it(page: Page, address: str):
    page.goto(f"{address}/architectures?net=resnet20&dataset=mnist")
    stages = page.locator("details[data-stage]")
    expect(stages).to_have_count(5)
    second = stages.nth(2)
    expect(second).to_have_attribute("data-stage", "stack2")
    layers = second.get_by_text("residual blocks 2 to 3 of 3")
    expect(layers).to_be_hidden()
    second.locator("summary").click()
    expect(layers).to_be_visible()
    stages.nth(4).locator("summary").press("Enter")
    expect(stages.nth(4).get_by_text("64 → 10").last).to_be_visible()
    other = page.get_by_role("combobox", name="Compare with")
    page.get_by_role("heading", level=1).scroll_into_view_if_needed()  # a list closes when the page scrolls
    other.click()
    page.get_by_role("option", name="BN-NiN", exact=True).click()
    expect(page.locator("details[data-stage]")).to_have_count(5 + 3)
    expect(layers).to_be_visible()
    assert "with=bn_nin" in page.url


def test_the_drawing_fits_a_phone(page: Page, address: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/architectures?net=densenet_40_12")
    expect(page.locator("details[data-stage]")).to_have_count(7)
    box = page.locator("details[data-stage] svg").first.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
