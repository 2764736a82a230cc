"""A link to a view shows the same view to somebody else: same answer, same pictures, in a browser without cookies."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from core import images
from tests.e2e.conftest import TIMEOUT_MS
from tests.e2e.test_drawing import SEVEN, draw, pad
from tests.e2e.views import enter, flip, in_address, press, same, select, settle, slide, steady, unfold
from ui.menu import HOME, MENU

pytestmark = pytest.mark.e2e
SCREEN = {"width": 1440, "height": 900}
ROW_PX, FIRST_ROW_PX = 35, 52  # of the table of runs: its rows, and the middle of the first one
# What a page is opened with before it is changed: fewer images take less time.
START = {"localise": "count=200"}
FORMS = ("train", "train_style", "optimise")  # their controls say what the next training is to do


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of the visitor's own."""
    path = tmp_path_factory.mktemp("own") / "my holiday.jpg"
    images.save(images.fit(images.sample("coffee"), 320)[:, ::-1].copy(), path)
    return path


@contextmanager
def fresh(browser: Browser, address: str) -> Iterator[Page]:
    """Open an address in a browser that knows nothing of any other."""
    context = browser.new_context(viewport=SCREEN)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    try:
        page.goto(address, wait_until="commit")
        yield page
    finally:
        context.close()


def copied(page: Page) -> str:
    """Press "Copy link" and return what the clipboard has."""
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def on_home(page: Page, _: Path) -> None:
    draw(page, pad(page), SEVEN)
    in_address(page, "drawn")
    page.get_by_role("slider").press("ArrowRight")
    in_address(page, "blend")


def on_data(page: Page, _: Path) -> None:
    select(page, "Data set", "Toybox", "dataset")
    select(page, "Split", "test", "split")
    flip(page, "True boxes", "boxes")
    press(page, re.compile("Other samples"), "samples")


def on_architectures(page: Page, _: Path) -> None:
    select(page, "Data set", re.compile("^MNIST"), "dataset")
    select(page, "Net", "ResNet-32", "net")
    select(page, "Compare with", "BN-NiN", "with")
    unfold(page, "Modify the architecture")
    enter(page, "Widening factor", "2", "width")
    flip(page, "Pre-activation", "preactivation")


def on_train(page: Page, _: Path) -> None:
    select(page, "Data set", "MNIST", "dataset")
    select(page, "Training preset", "Quick", "preset")
    unfold(page, "More")
    enter(page, "Epochs", "7", "epochs")
    select(page, "Optimiser", "Adam", "optimizer")
    flip(page, "Random crop and flip", "augment")


def on_transfer(page: Page, _: Path) -> None:
    select(page, "Chart", "Accuracy by number of pictures", "chart")
    select(page, "Source model", "ResNet-20 on CIFAR-10", "source")
    select(page, "Target data set", "Digits (scikit-learn)", "dataset")
    press(page, "Fine-tuning", "ways")
    press(page, "1,000", "pictures")
    unfold(page, "More")
    enter(page, "Epochs of a whole net", "5", "epochs")


def on_runs(page: Page, _: Path) -> None:
    select(page, "X axis", "Steps", "x")
    flip(page, "Logarithmic", "log")
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": 18, "y": FIRST_ROW_PX + 4 * ROW_PX})
    in_address(page, "run")


def on_explain(page: Page, photograph: Path) -> None:
    select(page, "Net", "ResNet-20 on CIFAR-10", "net")
    select(page, "Picture from", "Your own", "from")
    upload(page, photograph, "upload")
    select(page, "Evidence for", "ship", "class")
    slide(page, "Box threshold", 2, "threshold")


def on_teach(page: Page, photograph: Path) -> None:
    page.get_by_role("radio", name="Toys").click()
    in_address(page, "samples", "Toys")
    for toy in ("cat", "house"):
        select(page, "Drawn toy", toy, "toy")
        press(page, "Add 8 pictures", "class", toy)
    press(page, "Another drawn toy", "drawn")
    select(page, "Evidence for", "cat", "map")


def on_localise(page: Page, _: Path) -> None:
    select(page, "Box around", re.compile("^Largest region"), "rule")
    slide(page, "Threshold", -3, "threshold")
    enter(page, "Image", "3", "image")


def on_mistakes(page: Page, _: Path) -> None:
    select(page, "Sort by", "Confidence", "order")
    slide(page, re.compile("Confidence"), 2, "confidence")
    flip(page, "Quiz mode", "ask")
    page.get_by_role("button", name=re.compile("^Open test")).nth(1).click()
    in_address(page, "image")


def on_stylize(page: Page, photograph: Path) -> None:
    upload(page, photograph, "photo")
    for style in ("Water Lilies", "The Scream"):
        press(page, style, "styles")
        slide(page, style, 1, "styles")
    slide(page, "Strength", -2, "strength")


def on_optimise(page: Page, _: Path) -> None:
    select(page, "Photograph", "Coffee", "sample")
    unfold(page, "More")
    slide(page, "Picture, px", 1, "size")
    enter(page, "Steps", "50", "steps")
    flip(page, "Keep the photograph's colours", "keep_colours")


def on_train_style(page: Page, photograph: Path) -> None:
    select(page, "Styles", "The Scream", "styles")
    page.get_by_label("Paintings").locator("input[type=file]").set_input_files(photograph)
    in_address(page, "painting")
    enter(page, "Steps", "500", "steps")
    unfold(page, "More")
    enter(page, "Batch size", "3", "batch")


def upload(page: Page, file: Path, key: str) -> None:
    """Hand over a picture of the visitor's own."""
    page.locator("input[type=file]").first.set_input_files(file)
    in_address(page, key)


CHANGES: dict[str, Callable[[Page, Path], None]] = {
    "home": on_home,
    "data": on_data,
    "architectures": on_architectures,
    "train": on_train,
    "transfer": on_transfer,
    "runs": on_runs,
    "explain": on_explain,
    "teach": on_teach,
    "localise": on_localise,
    "mistakes": on_mistakes,
    "stylize": on_stylize,
    "optimise": on_optimise,
    "train_style": on_train_style,
}


def test_every_page_is_changed():
    assert set(CHANGES) == set(MENU)


@pytest.mark.parametrize("name", CHANGES)
def test_a_link_shows_the_same_to_somebody_else(browser: Browser, server: str, name: str, photograph: Path):
    with fresh(browser, f"{server}/{'' if name == HOME else name}?{START.get(name, '')}") as page:
        first = steady(page)
        CHANGES[name](page, photograph)
        settle(page)
        address, link = page.url, copied(page)
        assert set(parse_qsl(urlsplit(address).query)) <= set(parse_qsl(urlsplit(link).query)) and "holiday" not in link
        with fresh(browser, link) as other:
            view = same(page, other)
        drawn = [(one.pictures, one.marks) for one in (first, view)]
        assert (drawn[0] == drawn[1]) == (name in FORMS) and view != first
        assert page.url == address
