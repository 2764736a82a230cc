"""What a visitor sees of a page, as data that two browsers are compared by; and its controls, used as visitors do."""

import re
import time
from dataclasses import dataclass, fields

from playwright.sync_api import Page, expect

from tests.e2e import measures
from tests.e2e.conftest import TIMEOUT_MS

SAME_SECONDS = 60.0  # until two browsers show the same, on a busy machine
LOOK_MS = 250  # between two looks at a page that is still being drawn
_TIMES = re.compile(r"\b[\d.,]+ ?(ms|s)\b")  # how long it took differs every time
# Pictures by their decoded pixels, charts and drawings by their marks or pixels, the words of the answer, and what the
# controls are set to, whether or not they are folded away; in shadow trees too.
_SEEN = """
async () => {
  const within = (root, selector) => {
    const found = [...root.querySelectorAll(selector)];
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) found.push(...within(element.shadowRoot, selector));
    }
    return found;
  };
  const hashed = async bytes => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
      .map(byte => byte.toString(16).padStart(2, '0')).join('').slice(0, 16);
  const pixels = (drawing, width, height) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const brush = canvas.getContext('2d', { willReadFrequently: true });
    brush.drawImage(drawing, 0, 0);
    return brush.getImageData(0, 0, width, height).data;
  };
  const is_small = element => {
    const box = element.getBoundingClientRect();
    return box.width < 40 || box.height < 40;
  };
  const root = document.querySelector('.st-key-result') || document.querySelector('[data-testid=stMain]');
  const pictures = [], marks = [];
  for (const image of within(root, 'img')) {
    if (!image.naturalWidth || is_small(image)) continue;
    pictures.push(await hashed(pixels(image, image.naturalWidth, image.naturalHeight)));
  }
  for (const chart of within(root, '[data-testid=stVegaLiteChart] canvas')) {
    if (chart.width && chart.height) marks.push(await hashed(pixels(chart, chart.width, chart.height)));
  }
  for (const drawing of within(root, 'svg')) {
    const shapes = [...drawing.querySelectorAll('path, rect, circle, line, text')];
    if (is_small(drawing) || shapes.length < 6) continue;
    const data = shapes.map(shape => ['d', 'x', 'y', 'width', 'height', 'transform', 'fill']
        .map(name => shape.getAttribute(name)).join(' ') + (shape.tagName === 'text' ? shape.textContent : ''));
    marks.push(await hashed(new TextEncoder().encode(data.join('\\n'))));
  }
  const words = within(root, 'h2, h3, .tag, [data-testid=stMetric], [data-testid=stCaptionContainer]')
      .concat(within(document, '.st-key-details h2, .st-key-details h3, .st-key-details [data-testid=stMetric]'))
      .map(element => element.textContent.trim()).filter(Boolean);
  const settings = within(document.querySelector('.st-key-controls') || root,
                          'input:not([type=file]), [role=slider], [role=radio], [aria-pressed]')
      .map(element => [element.ariaLabel || element.textContent.trim(),
                       ['checkbox', 'radio'].includes(element.type) ? element.checked : element.value,
                       element.getAttribute('aria-valuenow'), element.ariaChecked, element.ariaPressed].join('|'));
  return { pictures, marks, words, settings };
}
"""


@dataclass(frozen=True)
class Seen:
    """Hashes of the decoded pictures of a result and of its charts, the words of its answer, and what is set."""

    pictures: tuple[str, ...]
    marks: tuple[str, ...]
    words: tuple[str, ...]
    settings: tuple[str, ...]


def seen(page: Page) -> Seen:
    """Return what the page shows now."""
    found = page.evaluate(_SEEN)
    words = (_TIMES.sub("", text) for text in found["words"])
    return Seen(tuple(found["pictures"]), tuple(found["marks"]), tuple(words), tuple(found["settings"]))


def steady(page: Page) -> Seen:
    """Return what the page shows once two looks in a row show the same."""
    settle(page)
    before, now = None, seen(page)
    while now != before or not (now.pictures or now.marks):
        page.wait_for_timeout(LOOK_MS)
        settle(page)
        before, now = now, seen(page)
    return now


def same(page: Page, other: Page) -> Seen:
    """Wait until both pages show the same, and return that. Raises AssertionError where they never do."""
    deadline = time.monotonic() + SAME_SECONDS
    while (left := steady(page)) != (right := steady(other)):
        if time.monotonic() > deadline:
            raise AssertionError("\n".join(differences(left, right)))
    return left


def differences(left: Seen, right: Seen) -> list[str]:
    """Return in words what only one of two pages shows."""
    return [
        f"{field.name}: {one} here, {two} there"
        for field in fields(Seen)
        if (one := [each for each in getattr(left, field.name) if each not in getattr(right, field.name)])
        + (two := [each for each in getattr(right, field.name) if each not in getattr(left, field.name)])
    ] or ["the order differs"]


def settle(page: Page) -> None:
    """Wait until the page has drawn its result, even if it is scrolled out of sight, and runs no more."""
    measures.wait_for_pieces(page, timeout=TIMEOUT_MS)
    page.wait_for_function(measures.SETTLED, timeout=TIMEOUT_MS)


def in_address(page: Page, key: str, value: str = "", before: str = "") -> None:
    """Wait until the address differs from the one `before` and has the key, and the page is drawn for it."""
    wanted = re.compile(rf"[?&]{re.escape(key)}={re.escape(value)}")
    page.wait_for_url(lambda url: url != before and wanted.search(url) is not None, wait_until="commit")
    settle(page)


def select(page: Page, label: str, option: str | re.Pattern[str], key: str) -> None:
    """Choose another option of a select box, or one more of several, by their words; the address gets the key."""
    box, before = page.get_by_role("combobox", name=label).first, page.url
    box.scroll_into_view_if_needed()  # a list closes when the page scrolls
    box.click()
    page.get_by_role("option", name=option).first.click()
    in_address(page, key, before=before)
    page.keyboard.press("Escape")


def slide(page: Page, label: str | re.Pattern[str], steps: int, key: str) -> None:
    """Move a slider by arrow keys, to the left for less than none."""
    slider = page.get_by_role("slider", name=label).first
    for _ in range(abs(steps)):
        before = page.url
        slider.press("ArrowRight" if steps > 0 else "ArrowLeft")
        in_address(page, key, before=before)


def enter(page: Page, label: str, number: str, key: str) -> None:
    """Type a number into a field."""
    field, before = page.get_by_role("spinbutton", name=label).first, page.url
    field.fill(number)
    field.press("Enter")
    in_address(page, key, number, before)


def flip(page: Page, label: str, key: str) -> None:
    """Turn a switch away from its default."""
    before = page.url
    page.get_by_test_id("stCheckbox").filter(has=page.get_by_text(label, exact=True)).locator("label").first.click()
    in_address(page, key, before=before)


def press(page: Page, name: str | re.Pattern[str], key: str, value: str = "") -> None:
    """Press a button that changes the address."""
    before = page.url
    page.get_by_role("button", name=name, exact=isinstance(name, str)).first.click()
    in_address(page, key, value, before)


def unfold(page: Page, title: str) -> None:
    """Open what is folded away under a title."""
    summary = page.locator("summary").filter(has=page.get_by_text(title, exact=True)).first
    if summary.locator("xpath=..").get_attribute("open") is None:
        summary.click()
    expect(summary.locator("xpath=..")).to_have_attribute("open", "")
