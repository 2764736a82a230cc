"""What a page shows in a browser, measured there: where its result stands and how much of the screen it fills."""

from dataclasses import dataclass

from playwright.sync_api import Page

# A result is a decoded image, a chart or table with something drawn on it, or a drawing of many shapes; pictures in
# components stand in shadow trees; what an earlier run left behind does not count. The share is of the first screen,
# overlaps counted once, in cells of 8 px.
_RESULT = """
() => {
  const within = (root, selector) => {
    const found = [...root.querySelectorAll(selector)];
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) found.push(...within(element.shadowRoot, selector));
    }
    return found;
  };
  const drawn = canvas => {
    if (!canvas.width || !canvas.height) return false;
    try {
      const small = document.createElement('canvas');
      small.width = small.height = 24;
      const brush = small.getContext('2d');
      brush.drawImage(canvas, 0, 0, 24, 24);
      const pixels = new Uint32Array(brush.getImageData(0, 0, 24, 24).data.buffer);
      return pixels.some(pixel => pixel !== pixels[0]);
    } catch { return false; }
  };
  const seen = element => {
    const tag = element.tagName.toLowerCase();
    if (element.closest('[data-stale=true]')) return false;
    if (tag === 'img') return element.complete && element.naturalWidth > 0;
    if (tag === 'canvas') return drawn(element);
    return element.querySelectorAll('path, rect, circle, line, text').length > 5;
  };
  const root = document.querySelector('.st-key-result') || document.querySelector('[data-testid=stMain]');
  if (!root) return { top: 1e9, share: 0, pieces: 0 };
  const wide = innerWidth, high = innerHeight, cell = 8;
  const cells = new Set();
  let top = 1e9, pieces = 0;
  for (const element of within(root, 'img, canvas, svg')) {
    const box = element.getBoundingClientRect();
    if (box.width < 40 || box.height < 40 || !seen(element)) continue;
    pieces += 1;
    top = Math.min(top, box.top);
    for (let y = Math.max(0, box.top); y < Math.min(high, box.bottom); y += cell) {
      for (let x = Math.max(0, box.left); x < Math.min(wide, box.right); x += cell) {
        cells.add(Math.floor(y / cell) * 100000 + Math.floor(x / cell));
      }
    }
  }
  return { top, share: cells.size * cell * cell / (wide * high), pieces };
}
"""
SETTLED = """
() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && [...document.images].every(image => image.complete)
    && !document.querySelector('[data-testid=stSkeleton]')
"""


@dataclass(frozen=True)
class Result:
    """The result of a page: `top` in px from the top of the screen, `share` of the first screen in [0, 1]."""

    top: float
    share: float
    pieces: int


def result(page: Page) -> Result:
    """Measure the result as it stands now."""
    return Result(**page.evaluate(_RESULT))


def wait_for_result(page: Page, share: float = 0.02, timeout: float = 60_000) -> None:
    """Wait until the result fills that share of the screen. Times out with Playwright's error, in ms."""
    page.wait_for_function(f"(least) => ({_RESULT})().share >= least", arg=share, timeout=timeout, polling=50)


def wait_for_pieces(page: Page, timeout: float = 60_000) -> None:
    """Wait until the result has something drawn, in sight or not. Times out with Playwright's error, in ms."""
    page.wait_for_function(f"() => ({_RESULT})().pieces > 0", timeout=timeout, polling=50)
