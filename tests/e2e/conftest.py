"""A browser, a server and a folder of their own for every end-to-end test."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from core.datasets import toybox as drawn_scenes
from core.datasets.toybox import Scenes
from core.runs.run import Run, list_runs
from tests.e2e import browser as chromium
from tests.e2e.server import serve

STOP_SECONDS = 30
TIMEOUT_MS = 180_000  # a busy laptop may take that long to import torch


@pytest.fixture(scope="session")
def executable() -> Path:
    """The browser's program."""
    found = chromium.find()
    if found is None:
        pytest.skip(chromium.NONE)
    return found


@pytest.fixture(scope="session")
def browser(executable: Path) -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def toybox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the drawn toybox, drawn once for all servers and all processes of the tests."""
    own = tmp_path_factory.getbasetemp()
    root = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "data"
    drawn_scenes.read(Scenes(), root)
    return root / "toybox"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1440, "height": 1000})
    opened.set_default_timeout(TIMEOUT_MS)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path, runs: Path) -> Iterator[Path]:
    """Yield the folder of a server's runs and data; what still trains there at the end is stopped."""
    assert runs == tmp_path / "runs"
    yield tmp_path
    for run in list_runs():
        if isinstance(run, Run):
            end(run)


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """Yield the address of a running app."""
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, toybox: Path) -> Iterator[str]:
    """Yield the address of a running app without runs of the user's, for tests that start none."""
    with serve(Path(tmp_path_factory.mktemp("server")), toybox=toybox) as address:
        yield address


def end(run: Run) -> None:
    """Stop the training of `run` if it is alive, by the process id that it wrote down itself."""
    deadline = time.monotonic() + STOP_SECONDS
    while run.status().alive and time.monotonic() < deadline:
        run.request("stop")
        time.sleep(0.2)
    if run.status().alive:
        os.kill(process_of(run), signal.SIGKILL)


def card(page: Page) -> Locator:
    """Return the card of the run that the Train page shows."""
    return page.locator(".st-key-job-card")


def shows(page: Page, state: str, seconds: float = TIMEOUT_MS / 1000) -> None:
    """Wait until the run's card on the Train page shows `state`: a word behind its icon."""
    badge = card(page).get_by_text(re.compile(rf"\b{state}$")).first
    expect(badge).to_be_visible(timeout=1000 * seconds)


def process_of(run: Run) -> int:
    """Return the process id of the run's training."""
    return json.loads((run.path / "status.json").read_text())["pid"]
