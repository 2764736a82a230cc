"""`python -m benchmarks.desk [--json]`: how soon a picture follows a slider of the desk, in a browser.

An answer is the time from an input event of a slider to the decoded picture of 512 px for that position, with
all that the page does meanwhile. It is measured alone, with a training on the same machine, and with several
visitors who drag at once (`--visitors 10`), each on a photograph of their own. A drag takes a second; its pictures are
those of distinct positions that were shown before it ended. The peer of a figure is its bound, every floor is 1: the
command fails where a figure is beyond its bound.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.report import BoundedRow
from core import images, uploads
from tests.e2e import browser as chromium
from tests.e2e import measures
from tests.e2e.server import serve

ALONE, TRAINING = "alone", "with a training"
BOUND_MS = {ALONE: 100.0, TRAINING: 400.0}  # the second is what a picture took before the desk, on an idle machine
VISITORS_MS = 1000.0
PICTURES = 5  # in a drag of a second
MOST_GROWTH_MB = 500.0  # of the server, while all visitors drag
PRESSES = 15
DRAGS = 3
SCREEN = {"width": 1440, "height": 900}
STYLES = "munch_scream:0.5,vangogh_starry_night:1"  # the slider of the second comes first
WAIT_MS = 60_000
# Finds the canvas and the slider of the first style in their shadow trees, and notes each picture that is shown.
_WATCH = """
longest => {
  const find = (root, selector) => root.querySelector(selector)
      ?? [...root.querySelectorAll('*')].map(each => each.shadowRoot && find(each.shadowRoot, selector)).find(Boolean);
  const canvas = find(document, '.canvas'), slider = find(document, '.chosen input');
  const desk = window.desk = { canvas, slider, image: find(document, 'img.painting'), pressed: 0, shown: [] };
  slider.addEventListener('input', () => { desk.pressed = performance.now(); });
  new MutationObserver(() => {
    const { shown, side, wanted } = canvas.dataset, now = performance.now();
    if (desk.shown.at(-1)?.key !== shown + side) desk.shown.push({ key: shown + side, shown, side, at: now, wanted });
  }).observe(canvas, { attributes: true });
  desk.answer = async () => {
    for (;;) {
      const last = desk.shown.at(-1);
      if (last && last.at > desk.pressed && last.side === '512' && last.shown === canvas.dataset.wanted)
        return last.at - desk.pressed;
      if (performance.now() - desk.pressed > longest) throw new Error('No picture came for a position of the slider.');
      await new Promise(resolve => setTimeout(resolve, 4));
    }
  };
}
"""
# A drag of a second: twenty positions, then the release; the answer is that to the last position.
_DRAG = """
async ([from, to]) => {
  const { canvas, slider, shown } = desk, first = shown.length, dropped = Number(canvas.dataset.dropped ?? 0);
  for (let step = 1; step <= 20; step += 1) {
    slider.value = from + (to - from) * step / 20;
    slider.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  const pictures = new Set(shown.slice(first).map(each => each.shown)).size;
  slider.dispatchEvent(new Event('change', { bubbles: true, composed: true }));
  const answer = await desk.answer();
  return { answer, pictures, dropped: Number(canvas.dataset.dropped ?? 0) - dropped };
}
"""
_PICTURE = """
async () => {
  const bytes = async url => [...new Uint8Array(await (await fetch(url)).arrayBuffer())];
  const folder = location.pathname.replace(/[^/]*$/, '') + 'desk/';
  const { shown, side } = desk.canvas.dataset;
  return [await bytes(desk.image.src), await bytes(`${folder}painting?${shown}&side=${side}`), shown];
}
"""


@dataclass(frozen=True)
class Single:
    """One visitor: milliseconds from each press of a key to its picture, and distinct pictures in each drag."""

    case: str
    answers: tuple[float, ...]
    pictures: tuple[int, ...]


@dataclass(frozen=True)
class Crowd:
    """Many visitors who drag at once: milliseconds after each drag's last position, pictures in each drag, requests
    dropped for newer ones, visitors with a picture that is not theirs, and the growth of the server in MB."""

    visitors: int
    answers: tuple[float, ...]
    pictures: tuple[int, ...]
    dropped: int
    strangers: int
    growth: float


def opened(page: Page, address: str, query: str) -> Page:
    """Open the desk and watch it from its first picture at full size on."""
    page.goto(f"{address}/stylize?{query}")
    measures.wait_for_result(page, timeout=WAIT_MS)
    page.wait_for_function(measures.SETTLED, timeout=WAIT_MS)
    page.locator(".canvas[data-side='512']").wait_for(timeout=WAIT_MS)
    page.locator(".chosen input").first.wait_for()
    page.wait_for_timeout(1500)  # the small pictures, too
    page.evaluate(_WATCH, WAIT_MS)
    return page


def single(browser: Browser, address: str, case: str) -> Single:
    """Press a key at the slider of a style time and again, then drag it."""
    page = opened(browser.new_page(viewport=SCREEN), address, f"styles={STYLES}")
    slider = page.locator(".chosen input").first
    slider.press("ArrowLeft")
    page.evaluate("desk.answer()")
    answers = []
    for _ in range(PRESSES):
        page.wait_for_timeout(400)
        slider.press("ArrowLeft")
        answers.append(page.evaluate("desk.answer()"))
    drags = []
    for place in range(DRAGS):
        page.wait_for_timeout(500)
        # Another strength each time: paintings of the drag before are in memory.
        page.get_by_role("slider", name="Strength").press("ArrowLeft")
        page.evaluate("desk.answer()")
        drags.append(page.evaluate(_DRAG, [0, 1] if place % 2 else [1, 0]))
    page.close()
    return Single(case, tuple(answers), tuple(drag["pictures"] for drag in drags))


def crowd(browser: Browser, address: str, ids: Sequence[str]) -> Crowd:
    """Let a visitor drag on each of the uploads, all at once."""
    with ExitStack() as stack:
        contexts = [stack.enter_context(browser.new_context(viewport=SCREEN)) for _ in ids]
        pages = [
            opened(context.new_page(), address, f"photo={id}&styles={STYLES}")
            for context, id in zip(contexts, ids, strict=True)
        ]
        before, drags = server_mb(), []
        for place in range(DRAGS):
            ends = [1, 0.1 * place] if place % 2 else [0.1 * place, 1]
            for page in pages:
                page.evaluate(f"() => {{ desk.drag = ({_DRAG})({ends}); }}")
            drags += [page.evaluate("desk.drag") for page in pages]
        growth = server_mb() - before
        shown = [page.evaluate(_PICTURE) for page in pages]
    digests = {hashlib.sha256(bytes(mine)).hexdigest() for mine, _, _ in shown}
    strangers = sum(
        mine != own or f"photo={id}" not in query for (mine, own, query), id in zip(shown, ids, strict=True)
    )
    return Crowd(
        len(ids),
        tuple(drag["answer"] for drag in drags),
        tuple(drag["pictures"] for drag in drags),
        sum(drag["dropped"] for drag in drags),
        strangers + len(ids) - len(digests),
        growth,
    )


def photographs(folder: Path, count: int) -> list[str]:
    """Keep so many photographs, no two alike, where the server in `folder` finds them; return their ids."""
    os.environ["ATELIER_UPLOADS"] = str(folder / "uploads")
    names, ids = images.sample_names(), []
    for place in range(count):
        picture = images.fit(images.sample(names[place % len(names)]), 800)
        shifted = picture[:, place // len(names) :]
        ids.append(uploads.keep(images.encode(shifted), f"{place}.jpg", f"visitor {place}").id)
    return ids


def server_mb() -> float:
    """Return the memory of the server, a child of this process that runs Streamlit, in MB; 0 where it is not known."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"streamlit" in (folder / "cmdline").read_bytes():
                return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        except (OSError, ValueError):
            continue
    return 0.0


@contextmanager
def training(folder: Path) -> Iterator[None]:
    """Train a net on the same machine meanwhile, on one thread as trainings that are started on the page."""
    command = [sys.executable, "-m", "training.classifier", "--run", str(folder / "runs" / "beside")]
    command += ["--dataset", "digits", "--model", "bn_nin", "--epochs", "10000", "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise SystemExit("The training ended before the measurement did.")
    finally:
        process.kill()
        process.wait()


def measure(visitors: int) -> tuple[list[Single], Crowd | None]:
    """Measure one visitor alone and beside a training; with `visitors`, so many at once as well."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.NONE)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        ids = photographs(folder, visitors)
        with serve(folder) as address:
            singles = [single(browser, address, ALONE)]
            with training(folder):
                singles.append(single(browser, address, TRAINING))
            many = crowd(browser, address, ids) if visitors else None
        browser.close()
    return singles, many


def rows(singles: Sequence[Single], many: Crowd | None) -> list[BoundedRow]:
    """Return every figure that has a bound, beside it."""
    found = []
    for one in singles:
        answer, pictures = statistics.median(one.answers), statistics.median(one.pictures)
        bound = BOUND_MS[one.case]
        found.append(report.bounded(f"{one.case}: input to picture", answer, bound, "ms", floor=1.0))
        drag = f"{one.case}: pictures in a drag"
        found.append(report.bounded(drag, pictures, PICTURES, "pictures", floor=1.0, more=True))
    if many is not None:
        case, answer = f"{many.visitors} visitors", statistics.median(many.answers)
        found.append(report.bounded(f"{case}: input to picture", answer, VISITORS_MS, "ms", floor=1.0))
        found.append(report.bounded(f"{case}: growth of the server", many.growth, MOST_GROWTH_MB, "MB", floor=1.0))
        ratio = 0.0 if many.strangers else 1.0
        found.append(BoundedRow(f"{case}: pictures of another", many.strangers, 0, "pictures", ratio, 1.0))
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--visitors", type=int, default=0, metavar="N", help="so many who drag at once, too")
    options = parser.parse_args(arguments)
    load = round(os.getloadavg()[0], 1)
    singles, many = measure(options.visitors)
    found = rows(singles, many)
    missed = [row for row in found if row.missed]
    if options.json:
        crowd_data = None if many is None else asdict(many)
        report.print_json("desk", found, single=[asdict(one) for one in singles], crowd=crowd_data, load_average=load)
        return 1 if missed else 0
    report.show("desk", list(found), as_json=False)
    if many is not None:
        print(f"Requests that were dropped for newer ones: {many.dropped}. Load average before: {load}.")
    for row in missed:
        print(f"Missed: {row.case} {row.ours:g} {row.unit}, the bound is {row.peer:g}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
