"""`python -m benchmarks.pages [--json]`: how soon each page shows its result, and whether all can use it, in a browser.

Cold is the first visit of a fresh server that answers already. Warm is a page opened from the menu by somebody who is
in the app, once it was shown before. New is the address of that page
loaded by a browser that has nothing of the app yet, and again is loaded once more: both begin with Streamlit's own
start in the browser, and have no bound. Upload is the time from a photograph handed to the page Explain until its map
stands there: the median of several. Requests and bytes are those on the wire; violations are those that axe-core
calls serious or critical. The peer of a figure is its bound, and every floor is 1: the command fails where a figure is
beyond its bound.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import report
from benchmarks.report import BoundedRow
from core import images
from tests.e2e import axe, measures, top_menu
from tests.e2e import browser as chromium
from tests.e2e.server import serve

PAGES = tuple(sorted(path.parent.name for path in Path("pages").glob("*/page.py")))
HOME, BEFORE = "home", "data"  # a page is opened from the menu of BEFORE, and BEFORE from that of HOME
SECONDS = {"cold": 2.5, "warm": 1.0, "upload": 0.4}  # until the result
EXPLAIN, UPLOADS = "explain", 7  # the page that photographs are handed to, and how many after the first
PHOTOGRAPH = 1500, 1000  # px of each
SHARE = 0.5  # of the first screen, at least
FIRST_VISIT_KB = 2000
FLOOR = 1.0
SCREEN = {"width": 1440, "height": 900}
WAIT_MS = 120_000
MAP = "document.querySelector('.st-key-result [data-testid=stImage] img')"
REPLACED = f"before => {{ const map = {MAP}; return map?.src !== before && map?.complete && map.naturalWidth > 0; }}"
CHANGED = "before => ![before, undefined].includes(document.querySelector('h1')?.innerText)"


@dataclass(frozen=True)
class Visit:
    """One visit: seconds until the title and until the result, requests, bytes on the wire, the result's share."""

    page: str
    kind: str
    title: float
    result: float
    requests: int
    bytes: int
    share: float


@dataclass(frozen=True)
class Audit:
    """The violations of a page, one line each, in a colour scheme."""

    page: str
    scheme: str
    violations: tuple[str, ...]


def url(address: str, name: str) -> str:
    """Return the address of a page of the server at `address`."""
    return f"{address}/{'' if name == HOME else name}"


def sizes_of_answers(page: Page) -> list[float]:
    """Return the list that the bytes on the wire of each answer go into, from now on."""
    sizes: list[float] = []
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


def visit(context: BrowserContext, address: str, name: str, kind: str) -> Visit:
    """Open a page in a tab of its own and time it."""
    page = context.new_page()
    sizes = sizes_of_answers(page)
    started = time.perf_counter()
    page.goto(url(address, name), wait_until="commit")
    page.locator("h1").first.wait_for(timeout=WAIT_MS)
    title = time.perf_counter() - started
    measures.wait_for_result(page, timeout=WAIT_MS)
    result = time.perf_counter() - started
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    page.wait_for_timeout(300)
    share = measures.result(page).share
    page.close()
    return Visit(name, kind, round(title, 2), round(result, 2), len(sizes), int(sum(sizes)), round(share, 2))


def visit_by_menu(context: BrowserContext, address: str, name: str) -> Visit:
    """Open a page from the menu of another one and time it from the click."""
    page = context.new_page()
    page.goto(url(address, HOME if name == BEFORE else BEFORE))
    measures.wait_for_result(page, timeout=WAIT_MS)
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    sizes = sizes_of_answers(page)
    before = page.locator("h1").first.inner_text()
    link = top_menu.link(page, name)
    started = time.perf_counter()
    link.click()
    page.wait_for_function(CHANGED, arg=before)
    title = time.perf_counter() - started
    measures.wait_for_result(page, timeout=WAIT_MS)
    result = time.perf_counter() - started
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    share = measures.result(page).share
    page.close()
    return Visit(name, "warm", round(title, 2), round(result, 2), len(sizes), int(sum(sizes)), round(share, 2))


def photographs(folder: Path) -> list[Path]:
    """Write one photograph for each upload, each of other pixels, and one to begin with."""
    sample = images.resize(images.sample(images.sample_names()[0]), *PHOTOGRAPH)
    paths = [folder / f"{place}.jpg" for place in range(UPLOADS + 1)]
    for place, path in enumerate(paths):
        images.save(np.roll(sample, 40 * place, 1), path)
    return paths


def upload(context: BrowserContext, address: str, folder: Path) -> Visit:
    """Hand photographs to the page Explain, one after the other, and time each until its map is there."""
    page = context.new_page()
    page.goto(f"{url(address, EXPLAIN)}?from=Your+own")
    seconds = []
    for photograph in photographs(folder):
        measures.wait_for_result(page, timeout=WAIT_MS)
        page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
        page.wait_for_timeout(500)
        sizes = sizes_of_answers(page)
        before = page.evaluate(f"{MAP}.src")
        started = time.perf_counter()
        page.locator("input[type=file]").first.set_input_files(photograph)
        page.wait_for_function(REPLACED, arg=before, timeout=WAIT_MS, polling="raf")
        seconds.append(time.perf_counter() - started)
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    share = measures.result(page).share
    page.close()
    result = round(statistics.median(seconds[1:]), 2)
    return Visit(EXPLAIN, "upload", result, result, len(sizes), int(sum(sizes)), round(share, 2))


def visits_of(browser: Browser, address: str, name: str, kinds: Sequence[str]) -> list[Visit]:
    """Open a page as often as there are kinds, in one browser context that is empty at first."""
    with browser.new_context(viewport=SCREEN) as context:
        return [visit(context, address, name, kind) for kind in kinds]


def audit(browser: Browser, address: str, name: str, scheme: str) -> Audit:
    """Open a page and run axe-core on it."""
    page = browser.new_page(viewport=SCREEN, color_scheme=scheme)
    page.goto(url(address, name))
    measures.wait_for_result(page, timeout=WAIT_MS)
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    page.wait_for_timeout(700)  # charts are drawn behind the script's back
    violations = tuple(map(str, axe.violations(page)))
    page.close()
    return Audit(name, scheme, violations)


def measure(pages: Sequence[str]) -> tuple[list[Visit], list[Audit]]:
    """Visit the first page of a fresh server cold, then every page in each other way; audit each."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.NONE)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        with serve(Path(folder)) as address:
            visits = visits_of(browser, address, HOME, ("cold",))
            for name in pages:
                visits_of(browser, address, name, ("first",))
                visits += visits_of(browser, address, name, ("new", "again"))
                with browser.new_context(viewport=SCREEN) as context:
                    visits.append(visit_by_menu(context, address, name))
            if EXPLAIN in pages:
                with browser.new_context(viewport=SCREEN) as context:
                    visits.append(upload(context, address, Path(folder)))
            audits = [audit(browser, address, name, scheme) for name in pages for scheme in ("light", "dark")]
        browser.close()
    return visits, audits


def rows(visits: Sequence[Visit], audits: Sequence[Audit]) -> list[BoundedRow]:
    """Return every figure that has a bound, beside it."""
    found = []
    for one in visits:
        case = f"{one.page}, {one.kind}"
        if bound := SECONDS.get(one.kind):
            found.append(BoundedRow(f"{case}: result", one.result, bound, "s", _at_most(one.result, bound), FLOOR))
        found.append(
            BoundedRow(f"{case}: share", one.share, SHARE, "of the screen", round(one.share / SHARE, 2), FLOOR)
        )
        if one.kind == "cold":
            kilobytes = round(one.bytes / 1000)
            ratio = _at_most(kilobytes, FIRST_VISIT_KB)
            found.append(BoundedRow(f"{case}: first visit", kilobytes, FIRST_VISIT_KB, "kB", ratio, FLOOR))
    for each in audits:
        count = len(each.violations)
        case = f"{each.page}, {each.scheme}: accessibility"
        found.append(BoundedRow(case, count, 0, "violations", 0.0 if count else 1.0, FLOOR))
    return found


def _at_most(ours: float, bound: float) -> float:
    """Return the ratio of a figure that is to be small; a miss is never rounded up to a hit."""
    ratio = bound / max(ours, 1e-9)
    return round(ratio, 2) if ratio >= 1 else min(0.99, round(ratio, 2))


def show(visits: Sequence[Visit], audits: Sequence[Audit], missed: Sequence[BoundedRow]) -> None:
    """Print a table for people, the violations, and what is beyond its bound."""
    print(f"{'page':<15} {'visit':<6} {'title':>7} {'result':>7} {'requests':>9} {'kB':>7} {'share':>6}")
    for one in visits:
        print(
            f"{one.page:<15} {one.kind:<6} {one.title:>6.2f}s {one.result:>6.2f}s {one.requests:>9} "
            f"{one.bytes / 1000:>7,.0f} {one.share:>6.0%}"
        )
    for each in audits:
        for violation in each.violations:
            print(f"{each.page}, {each.scheme}: {violation}")
    for row in missed:
        print(f"Missed: {row.case} {row.ours:g} {row.unit}, the bound is {row.peer:g}.")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pages", nargs="*", default=PAGES, choices=PAGES, metavar="PAGE", help="only these pages")
    options = parser.parse_args(arguments)
    visits, audits = measure(options.pages)
    found = rows(visits, audits)
    missed = [row for row in found if row.missed]
    if options.json:
        details = {"visits": [asdict(one) for one in visits], "audits": [asdict(each) for each in audits]}
        report.print_json("pages", found, **details)
    else:
        show(visits, audits, missed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
