"""What a training survives: a new server, a kill of its process, another that waits, and another learning rate."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.runs import job, queue
from core.runs.run import Run
from core.trainers import recipe
from tests.e2e import top_menu
from tests.e2e.conftest import card, process_of, shows
from tests.e2e.server import serve
from ui.menu import MENU

pytestmark = pytest.mark.e2e


def long_training(**changes: Any) -> Run:
    settings = recipe.settings("digits", "bn_nin", epochs=500, threads=1, **changes)
    run = Run.create("classifier", settings.to_json(), name="Long")
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
        os.kill(process_of(run), signal.SIGKILL)
        shows(page, "Interrupted", seconds=15)
        card(page).get_by_role("button", name="Resume").click()
        shows(page, "Running")
        card(page).get_by_role("button", name="Stop").click()
        shows(page, "Stopped")


def test_a_training_is_steered_while_another_waits_for_its_end(
    page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATELIER_JOBS", "1")
    steered = long_training(schedule="constant")
    with serve(folder) as address:
        page.goto(f"{address}/train?run={steered.id}")
        shows(page, "Running")
        page.locator(".st-key-controls").get_by_role("button", name="Train", exact=True).click()
        shows(page, "Waiting")
        (waiting,) = queue.waiting()
        page.goto(f"{address}/train?run={steered.id}")
        shows(page, "Running")
        expect(page.get_by_role("heading", name="Waiting (1)")).to_be_visible()
        rate = steered.settings["recipe"]["learning_rate"]
        page.get_by_role("slider").press("ArrowLeft")
        wait_for(lambda: steered.last("learning_rate"), rate / 2)
        expect(card(page).get_by_text(re.compile(rf"Current learning rate: {rate / 2:.3g} = "))).to_be_visible()
        card(page).get_by_role("button", name="Reset to 1x").click()
        wait_for(lambda: steered.last("learning_rate"), rate)
        a_single_step_is_one_step(page, steered)
        card(page).get_by_role("button", name="Stop").click()
        wait_for(lambda: steered.status().state, "stopped")
        wait_for(lambda: waiting.status().state, "running")
        assert not queue.waiting()


def a_single_step_is_one_step(page: Page, run: Run) -> None:
    card(page).get_by_role("button", name="Pause").click()
    shows(page, "Paused")
    before = run.status().progress.step
    card(page).get_by_role("button", name="Step", exact=True).click()
    wait_for(lambda: run.status().progress.step, before + 1)
    shows(page, "Paused")


def wait_for(look: Callable[[], object], wanted: object, seconds: float = 90) -> None:
    """Wait until `look()` returns what is wanted."""
    deadline = time.monotonic() + seconds
    while (value := look()) != wanted:
        assert time.monotonic() < deadline, f"{value} did not become {wanted}"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("path", "title"),
    [("explain", "Explain a picture"), ("stylize", "Stylize")],
)
def test_the_first_request_of_a_fresh_server_may_be_any_page(page: Page, address: str, path: str, title: str):
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", name=re.compile(title), level=1)).to_be_visible()
    expect(top_menu.section(page, "Look inside")).to_be_visible()
    assert "Start here" in (titles := top_menu.titles(page)) and len(titles) == len(MENU)
