"""Pictures of every page, light and dark, desk and phone: `python -m tests.e2e.screenshots FOLDER`."""

import argparse
import tempfile
from contextlib import nullcontext
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.e2e.browser import FLAGS, NONE, find
from tests.e2e.server import serve
from ui.menu import HOME, MENU

PAGES = tuple("" if name == HOME else name for name in MENU)
# Between two runs of its script nothing of a page is out of date, even under a live training.
SETTLED = """() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
    && [...document.images].every(image => image.complete)
    && !document.querySelector('[data-testid=stSkeleton]')"""
HEIGHT = "document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"
# Streamlit hands pictures over by their addresses: they arrive after the script has ended.
PICTURED = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
WIDTHS = {"desk": (1440, 1000), "phone": (390, 844)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    parser.add_argument("--address", help="of a running app; one is started where this is left out")
    parser.add_argument("--pages", nargs="*", default=PAGES, help="paths, with a query if one is wanted")
    arguments = parser.parse_args()
    executable = find()
    if executable is None:
        raise SystemExit(NONE)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs, sync_playwright() as playwright:
        server = nullcontext(arguments.address) if arguments.address else serve(Path(runs))
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        with server as address:
            for theme in ("light", "dark"):
                for width, (across, down) in WIDTHS.items():
                    page = browser.new_page(viewport={"width": across, "height": down}, color_scheme=theme)
                    for path in arguments.pages:
                        name = path.partition("?")[0] or "home"
                        photograph(page, f"{address}/{path}", arguments.folder / f"{name}-{theme}-{width}.png")
                    page.close()
        browser.close()


def photograph(page: Page, address: str, file: Path) -> None:
    """Take a picture of the whole page, however long, once it has settled."""
    across, down = page.viewport_size["width"], page.viewport_size["height"]
    page.goto(address)
    page.get_by_test_id("stAppViewContainer").wait_for()
    page.locator("h1").wait_for(timeout=60_000)
    settled_height(page)
    page.wait_for_function(PICTURED, timeout=60_000)
    tall = settled_height(page)
    page.set_viewport_size({"width": across, "height": max(down, tall)})
    page.wait_for_timeout(700)
    page.screenshot(path=file)
    page.set_viewport_size({"width": across, "height": down})
    print(file)


def settled_height(page: Page) -> int:
    """Return the height of the page's content once three measurements, a second apart, agree."""
    looks: list[int] = []
    while len(looks) < 3 or len(set(looks[-3:])) > 1:
        page.wait_for_function(SETTLED, timeout=120_000)
        looks.append(page.evaluate(HEIGHT))
        page.wait_for_timeout(1000)  # the charts are drawn behind the script's back
    return looks[-1]


if __name__ == "__main__":
    main()
