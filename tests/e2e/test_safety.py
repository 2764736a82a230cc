"""Safety in a real browser: hostile names load nothing and stand letter by letter; the headers let the app work."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response

from core import images
from tests.e2e import measures
from tests.e2e.server import serve
from tests.foreign import HOSTILE, every_kind
from tests.painting import picture
from ui.menu import HOME, MENU
from web.headers import HEADERS
from web.visitor import COOKIE

TIMEOUT_MS = 180_000
WATCH = "document.addEventListener('securitypolicyviolation', e => console.error('POLICY ' + e.violatedDirective))"
READ = "[document.body.innerText, ...[...document.querySelectorAll('input')].map(field => field.value)].join('\\n')"
# What Markdown would make of the hostile texts; links of the app itself lead to pages or files of its own.
MADE = "img[alt=x], a[href^='javascript:'], a[href*='example.org'], [data-testid=stMain] .katex"


@dataclass
class Witness:
    """A browser page, what it asked for at other hosts, its violations of the policy, and answers without headers."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)

    def watch(self, address: str) -> None:
        """Note all three from now on; `address` is the server's."""
        self.page.add_init_script(WATCH)
        self.page.on("console", lambda message: self._hear(message.text))
        self.page.on("request", lambda request: self._request(request.url, address))
        self.page.on("response", lambda response: self._answer(response, address))

    @property
    def faults(self) -> list[str]:
        return [*self.foreign, *self.violations, *self.bare]

    def _hear(self, text: str) -> None:
        if "POLICY" in text or "Content Security Policy" in text:
            self.violations.append(text)

    def _request(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.foreign.append(url)

    def _answer(self, response: Response, address: str) -> None:
        if response.url.startswith(address) and not {name.lower() for name in HEADERS} <= response.headers.keys():
            self.bare.append(response.url)


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory, toybox: Path) -> Iterator[dict[str, str]]:
    """The queries of hostile runs of every kind, and under "" the address of a server that has these runs."""
    folder = Path(tmp_path_factory.mktemp("hostile"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_RUNS", str(folder / "runs"))
        made = every_kind(folder / "runs")
        with serve(folder, toybox=toybox) as address:
            yield {**made, "": address}


def witness(browser: Browser, address: str) -> Witness:
    """Return a new page that is watched."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="light")
    page.set_default_timeout(TIMEOUT_MS)
    watched = Witness(page)
    watched.watch(address)
    return watched


def settle(page: Page) -> None:
    """Wait until the page has drawn itself, charts included."""
    page.locator("h1").first.wait_for()
    page.wait_for_function(measures.SETTLED, timeout=TIMEOUT_MS)
    page.wait_for_timeout(1000)


@pytest.mark.parametrize("name", MENU)
def test_a_page_loads_nothing_from_elsewhere_and_keeps_the_policy(
    browser: Browser, queries: dict[str, str], name: str
) -> None:
    watched = witness(browser, queries[""])
    watched.page.goto(f"{queries['']}/{'' if name == HOME else name}?{queries.get(name, '')}")
    settle(watched.page)
    watched.page.emulate_media(color_scheme="dark")  # other pictures and charts
    settle(watched.page)
    made = watched.page.locator(MADE).count()
    text = watched.page.evaluate(READ).replace("\N{WORD JOINER}", "")
    watched.page.close()
    assert not watched.faults and not made
    if name in queries:
        assert HOSTILE in text


def test_uploads_and_downloads_keep_the_policy(browser: Browser, queries: dict[str, str]) -> None:
    watched = witness(browser, queries[""])
    page = watched.page
    page.goto(f"{queries['']}/stylize")
    settle(page)
    photograph = {"name": "a ![x](y.png).png", "mimeType": "image/png", "buffer": images.encode(picture(), "PNG")}
    page.locator("input[type=file]").first.set_input_files(photograph)
    page.wait_for_timeout(1000)
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().stat().st_size > 0
    page.close()
    assert not watched.faults


def test_only_the_first_visit_sets_the_cookie(browser: Browser, queries: dict[str, str]) -> None:
    context = browser.new_context()
    page = context.new_page()
    answers = [page.goto(queries[""]) for _ in range(2)]
    first, second = (answer.header_value("set-cookie") or "" for answer in answers if answer is not None)
    (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]
    context.close()
    assert COOKIE in first and cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert COOKIE not in second
