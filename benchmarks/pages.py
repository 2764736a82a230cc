"""`python -m benchmarks.pages [--json]`: how soon each page shows its title and its result, in a real browser.

Cold is the first visit of a fresh server that answers already, warm a new visitor's visit after it. Requests and bytes
are those of a first visit with an empty cache; violations are axe's, serious and critical ones.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks import report
from tests.e2e import browser as chromium
from tests.e2e import measures
from tests.e2e.server import serve

PAGES = tuple(sorted(path.parent.name for path in Path("pages").glob("*/page.py")))
HOME = "home"
COLD_SECONDS, WARM_SECONDS = 2.5, 1.0
FIRST_VISIT_BYTES = 2_000_000
SCREEN = {"width": 1440, "height": 900}
WAIT_MS = 120_000


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


def visit(browser: Browser, address: str, name: str, kind: str) -> Visit:
    """Open a page in a fresh browser context and time it."""
    context = browser.new_context(viewport=SCREEN)
    page = context.new_page()
    sizes: list[float] = []
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(f"{address}/{'' if name == HOME else name}", wait_until="commit")
    page.locator("h1").first.wait_for(timeout=WAIT_MS)
    title = time.perf_counter() - started
    measures.wait_for_result(page, timeout=WAIT_MS)
    result = time.perf_counter() - started
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    page.wait_for_timeout(300)
    share = measures.result(page).share
    context.close()
    return Visit(name, kind, round(title, 2), round(result, 2), len(sizes), int(sum(sizes)), round(share, 2))


def measure(pages: tuple[str, ...]) -> list[Visit]:
    """Visit the first page of a fresh server cold, then every page warm: once unmeasured, once measured."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.NONE)
    visits = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        with serve(Path(folder)) as address:
            visits.append(visit(browser, address, HOME, "cold"))
            for name in pages:
                visit(browser, address, name, "first")
                visits.append(visit(browser, address, name, "warm"))
        browser.close()
    return visits


def misses(visits: list[Visit]) -> list[str]:
    """Return a sentence for each figure beyond its bound."""
    bounds = {"cold": COLD_SECONDS, "warm": WARM_SECONDS}
    return [
        f"{one.page}, {one.kind}: the result after {one.result} s, at most {bounds[one.kind]} s"
        for one in visits
        if one.result > bounds[one.kind]
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pages", nargs="*", default=PAGES, choices=PAGES, metavar="PAGE", help="only these pages")
    options = parser.parse_args(arguments)
    visits = measure(tuple(options.pages))
    missed = misses(visits)
    if options.json:
        rows = [{"case": f"{one.page}, {one.kind}", **asdict(one)} for one in visits]
        print(json.dumps({"name": "pages", "rows": rows, "missed": missed, "machine": report.machine()}, indent=1))
    else:
        print(f"{'page':<15} {'visit':<6} {'title':>7} {'result':>7} {'requests':>9} {'kB':>7} {'share':>6}")
        for one in visits:
            print(
                f"{one.page:<15} {one.kind:<6} {one.title:>6.2f}s {one.result:>6.2f}s {one.requests:>9} "
                f"{one.bytes / 1000:>7,.0f} {one.share:>6.0%}"
            )
        print(*missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
