"""The first walk of a newcomer through the whole app, in a real browser."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from core import images
from core.runs.run import Run, list_runs
from tests.e2e import top_menu
from tests.e2e.conftest import card, shows

pytestmark = pytest.mark.e2e
EPOCHS = 6
FINISH_SECONDS = 400
PICTURE_SIDE = 150  # px; smaller images are icons and swatches


@pytest.mark.timeout(900)
def test_train_look_inside_and_paint(page: Page, address: str, tmp_path: Path):
    run = start_a_training(page, address)
    the_curve_moves(page)
    leaving_and_reloading_lose_nothing(page)
    it_finishes_well(page, run)
    its_first_mistake_has_two_maps(page, run)
    a_photograph_is_painted(page, address, tmp_path)


def start_a_training(page: Page, address: str) -> str:
    """Start a training and return its run's id, which is in the address."""
    page.goto(f"{address}/train")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()  # a recorded run: the page is never empty
    page.get_by_text("More", exact=True).click()
    page.get_by_role("spinbutton", name="Epochs", exact=True).fill(str(EPOCHS))
    page.get_by_role("spinbutton", name="Epochs", exact=True).press("Enter")
    page.locator(".st-key-controls").get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"[?&]run=2"))
    (run,) = list_runs()
    assert isinstance(run, Run)
    assert f"run={run.id}" in page.url
    assert run.settings["model"] == "bn_nin"
    assert run.settings["recipe"]["epochs"] == EPOCHS
    return run.id


def the_curve_moves(page: Page) -> None:
    shows(page, "Running")
    first_steps, first_curve = steps(page), curve(page)
    for _ in range(60):
        time.sleep(1)
        if steps(page) > first_steps and curve(page) != first_curve:
            return
    pytest.fail("The curve did not move within a minute.")


def steps(page: Page) -> int:
    """Return how many steps are done according to the page."""
    text = card(page).get_by_text(re.compile(r"^(Step [\d,]+ of|Not a step yet)")).first
    match = re.match(r"Step ([\d,]+)", text.inner_text())
    return int(match[1].replace(",", "")) if match else 0


def curve(page: Page) -> bytes:
    """Return a screenshot of the error curves."""
    return page.get_by_test_id("stVegaLiteChart").first.screenshot()


def leaving_and_reloading_lose_nothing(page: Page) -> None:
    top_menu.go(page, "stylize")
    expect(page.get_by_role("heading", name="Stylize", level=1)).to_be_visible()
    page.locator(".st-key-actions").get_by_role("button", name=re.compile("Training")).click()
    expect(page.get_by_role("link", name="BN-NiN on Digits")).to_be_visible()
    page.keyboard.press("Escape")
    top_menu.go(page, "train")
    shows(page, "Running")
    done = steps(page)
    page.reload()
    shows(page, "Running")
    assert steps(page) >= done


def it_finishes_well(page: Page, run: str) -> None:
    shows(page, "Finished", seconds=FINISH_SECONDS)
    metric = page.get_by_test_id("stMetric").filter(has_text="Test error")
    error = float(re.search(r"([\d.]+)%", metric.inner_text())[1])
    assert error <= 4
    assert error == pytest.approx(Run.open(run).metrics()[-1]["test_error"], abs=0.005)


def its_first_mistake_has_two_maps(page: Page, run: str) -> None:
    page.get_by_role("link", name="See its mistakes").click()
    expect(page.get_by_role("heading", name="Mistakes", level=1)).to_be_visible()
    page.wait_for_url(re.compile(f"run={run}"))
    for role in ("predicted", "true class"):
        the_map = page.get_by_role("img", name=re.compile(f"CAM of .*, {role}: evidence")).first
        expect(the_map).to_be_visible()
        assert the_map.evaluate("image => image.decode().then(() => image.naturalWidth)") > PICTURE_SIDE


def a_photograph_is_painted(page: Page, address: str, tmp_path: Path) -> None:
    photograph = tmp_path / "coffee.jpg"
    images.save(images.fit(images.sample("coffee"), 384), photograph)
    page.goto(f"{address}/stylize")
    expect(page.get_by_role("heading", name="Stylize", level=1)).to_be_visible()
    before_upload = settled_pictures(page)
    page.locator("input[type=file]").first.set_input_files(photograph)
    before = changed_pictures(page, before_upload)
    page.get_by_role("button", name="The Great Wave off Kanagawa").click()
    slider = page.get_by_role("slider", name="The Great Wave off Kanagawa")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    assert changed_pictures(page, before)


def pictures(page: Page) -> list[bytes]:
    """Return screenshots of the large pictures of the page; none while the page is exchanging them."""
    elements = page.get_by_test_id("stMain").locator("img, canvas").all()
    try:
        large = [image for image in elements if (box := image.bounding_box()) and box["width"] >= PICTURE_SIDE]
        return [image.screenshot() for image in large]
    except Error:
        return []


def settled_pictures(page: Page) -> list[bytes]:
    """Return the pictures once two screenshots of them are the same."""
    last: list[bytes] = []
    for _ in range(60):
        time.sleep(1)
        now = pictures(page)
        if now and now == last:
            return now
        last = now
    pytest.fail("The pictures did not settle within a minute.")


def changed_pictures(page: Page, before: list[bytes]) -> list[bytes]:
    """Return the pictures once they differ from `before` and have settled."""
    for _ in range(20):
        now = settled_pictures(page)
        if now != before:
            return now
    pytest.fail("The pictures stayed the same.")
