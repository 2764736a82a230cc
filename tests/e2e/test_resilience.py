"""What a training survives: a restart of the server, and, from its last checkpoint, a kill of its process."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.runs import job
from core.runs.folder import Run
from core.trainers import recipe
from tests.e2e.conftest import card, process_of, shows
from tests.e2e.server import serve
from ui.frame import PAGES

pytestmark = pytest.mark.e2e


def long_training() -> Run:
    run = Run.create("classifier", recipe.settings("digits", "bn_nin", epochs=500, threads=1).to_json(), name="Long")
    job.start(run)
    return run


def test_a_run_is_found_again_by_another_server_after_a_kill_and_resumes(page: Page, folder: Path):
    run = long_training()
    with serve(folder) as address:
        page.goto(f"{address}/train?run={run.id}")
        shows(page, "Running")
        card(page).get_by_role("button", name="Pause").click()
        shows(page, "Paused")  # which also saves a checkpoint
        card(page).get_by_role("button", name="Resume").click()
        shows(page, "Running")
    with serve(folder) as address:
        page.goto(f"{address}/train")
        shows(page, "Running")
        assert f"run={run.id}" in page.url
        os.kill(process_of(run), signal.SIGKILL)
        shows(page, "Interrupted", seconds=15)
        card(page).get_by_role("button", name="Resume").click()
        shows(page, "Running")
        card(page).get_by_role("button", name="Stop").click()
        shows(page, "Stopped")


@pytest.mark.parametrize(
    ("path", "title"),
    [("explain", "Explain a picture"), ("stylize", "Stylize")],
)
def test_the_first_request_of_a_fresh_server_may_be_any_page(page: Page, address: str, path: str, title: str):
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", name=re.compile(title), level=1)).to_be_visible()
    menu = page.get_by_test_id("stSidebarNav")
    expect(menu.get_by_text("Look inside")).to_be_visible()
    expect(menu.get_by_role("link", name="Start here")).to_be_visible()
    expect(menu.get_by_role("link")).to_have_count(len(list(PAGES.glob("[!_]*.py"))))
