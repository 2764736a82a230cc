"""`python -m tests.e2e.opening`: seconds until the Runs page with 200 runs of 300 epochs stands in a browser, table and
curves: by its link in the menu of another page, and by its address, with Streamlit's own start in the browser."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from playwright.sync_api import Page, sync_playwright

from benchmarks import runs
from tests.e2e import browser as chromium
from tests.e2e import top_menu
from tests.e2e.server import serve

VISITS = 4
WAIT = 180_000  # ms


def seconds(page: Page, open_it: Callable[[], object]) -> float:
    """Return the seconds from the call to the drawn table and the first chart."""
    started = time.perf_counter()
    open_it()
    page.get_by_test_id("stDataFrame").locator("canvas").first.wait_for(timeout=WAIT)
    page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for(timeout=WAIT)
    return time.perf_counter() - started


def visit(page: Page, address: str) -> tuple[float, float]:
    """Return the seconds by the menu of another page, and by the address."""
    page.goto(f"{address}/architectures")
    page.get_by_role("heading", level=1).wait_for(timeout=WAIT)
    page.locator("details[data-stage]").first.wait_for(timeout=WAIT)
    by_link = seconds(page, lambda: top_menu.go(page, "runs"))
    return by_link, seconds(page, lambda: page.goto(f"{address}/runs"))


def main() -> None:
    executable = chromium.find()
    with tempfile.TemporaryDirectory() as folder:
        with mock.patch.dict(os.environ, {"ATELIER_RUNS": str(Path(folder) / "runs")}):
            runs.build(runs.RUNS, runs.EPOCHS)
        with sync_playwright() as playwright, serve(Path(folder)) as address:
            browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
            context = browser.new_context(viewport={"width": 1440, "height": 1000})
            visits = [visit(context.new_page(), address) for _ in range(VISITS)]
            browser.close()
    print(f"{runs.RUNS} runs of {runs.EPOCHS} epochs, the first visit of a fresh server and those after it")
    for way, times in zip(("by the menu", "by the address"), zip(*visits, strict=True), strict=True):
        print(f"{way:<16}" + "  ".join(f"{each:.2f} s" for each in times))


if __name__ == "__main__":
    main()
