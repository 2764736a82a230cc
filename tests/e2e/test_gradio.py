"""The Gradio page in a browser: a photograph under the sliders, and a camera that is painted as it films."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core import images
from tests.e2e import browser as chromium
from tests.e2e.conftest import TIMEOUT_MS
from tests.e2e.server import serve_gradio

CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")  # Chromium's own test picture
PAINTING = "img[alt='{}']"
PHOTOGRAPH_PAINTED, CAMERA_PAINTED = PAINTING.format("The painting"), PAINTING.format("The painted camera picture")


@pytest.fixture(scope="module")
def gradio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps pictures."""
    return tmp_path_factory.mktemp("gradio")


@pytest.fixture(scope="module")
def gradio_page(gradio_folder: Path, executable: Path, browser: Browser) -> Iterator[Page]:
    """A page of a server of its own, in a browser that has a camera; nothing is loaded from another host."""
    with serve_gradio(gradio_folder) as address:
        own = browser.browser_type.launch(executable_path=executable, args=[*chromium.FLAGS, *CAMERA])
        page = own.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(TIMEOUT_MS)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        yield page
        own.close()
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []


def source(page: Page, picture: str) -> str:
    """Return the address of a picture on the page."""
    return page.locator(picture).get_attribute("src") or ""


def wait_for_another(page: Page, picture: str, than: str) -> str:
    """Wait until a picture on the page is another; return its address."""
    expect(page.locator(picture)).not_to_have_attribute("src", than)
    return source(page, picture)


def weigh(page: Page, style: str, weight: str) -> None:
    """Type a weight beside the slider of a style."""
    field = page.get_by_label(f"number input for {style}")
    field.fill(weight)
    field.press("Tab")


def test_a_slider_and_an_upload_paint_anew(gradio_page: Page, tmp_path: Path) -> None:
    first = source(gradio_page, PHOTOGRAPH_PAINTED)
    weigh(gradio_page, "The Scream", "0.5")
    blended = wait_for_another(gradio_page, PHOTOGRAPH_PAINTED, first)
    path = tmp_path / "rocket.png"
    images.save(images.sample("rocket"), path)
    gradio_page.get_by_role("button", name="Remove Image").first.click()
    gradio_page.locator("input[type=file]").first.set_input_files(path)
    wait_for_another(gradio_page, PHOTOGRAPH_PAINTED, blended)


def test_the_camera_is_painted_frame_by_frame_under_the_sliders(gradio_page: Page, gradio_folder: Path) -> None:
    gradio_page.get_by_role("tab", name="Webcam").click()
    gradio_page.get_by_text("Click to Access Webcam").click()
    gradio_page.get_by_label("capture photo").click()
    seen = [source(gradio_page, CAMERA_PAINTED)]
    while len(seen) < 4:
        seen.append(wait_for_another(gradio_page, CAMERA_PAINTED, seen[-1]))
    assert all(frame.startswith("data:image/jpeg;base64,") for frame in seen)
    assert {path.name for path in gradio_folder.rglob("*.*")} <= {"server.log", "atelier.png", "rocket.png"}
    for style in ("The Starry Night", "The Scream"):
        weigh(gradio_page, style, "0")
    expect(gradio_page.get_by_text("All style weights are zero")).to_be_visible()
    weigh(gradio_page, "Water Lilies", "1")
    expect(gradio_page.get_by_text("All style weights are zero")).to_have_count(0)
    wait_for_another(gradio_page, CAMERA_PAINTED, source(gradio_page, CAMERA_PAINTED))


def test_a_sample_is_explained(gradio_page: Page) -> None:
    gradio_page.get_by_role("tab", name="Explain").click()
    gradio_page.get_by_label("Sample photograph").last.click()
    gradio_page.get_by_role("option", name="cat", exact=True).click()
    expect(gradio_page.get_by_text("Egyptian cat").first).to_be_visible()
    expect(gradio_page.locator("img[alt='The map on the picture']")).to_be_visible()
