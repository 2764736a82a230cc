"""A training is a process of its own: it starts, pauses, is killed, resumes and restarts through the run folder."""

import json
import os
import signal
import time

import pytest

from core.errors import UserError
from core.runs import job, queue
from core.runs.run import Run
from core.trainers import recipe as recipes

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def runs_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_RUNS", str(tmp_path / "runs"))


def wait_for(run: Run, *states: str, seconds: float = 60) -> str:
    deadline = time.monotonic() + seconds
    while (state := run.status().state) not in states and time.monotonic() < deadline:
        time.sleep(0.05)
    return state


def make(epochs: int) -> Run:
    settings = recipes.settings("digits", "baseline", epochs=epochs, batch_size=256, threads=1)
    return Run.create("classifier", settings.to_json(), name="job")


def test_a_killed_training_is_seen_and_goes_on_from_its_checkpoint():
    run = make(epochs=300)
    pid = job.start(run)
    assert run.status().state == "starting"
    assert wait_for(run, "running") == "running"
    deadline = time.monotonic() + 60
    while run.model_path() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert os.getsid(pid) == pid, "the training must not die with the server's session"
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    assert wait_for(run, "interrupted", seconds=15) == "interrupted"
    assert time.monotonic() - killed < 15
    found = run.checkpoint()
    assert found is not None
    reached = found[1]["step"]
    assert queue.resume(run)
    assert wait_for(run, "running") == "running"
    deadline = time.monotonic() + 60
    while (run.status().progress.step or 0) <= reached and time.monotonic() < deadline:
        time.sleep(0.05)
    run.request("pause")
    assert wait_for(run, "paused") == "paused"
    assert queue.resume(run)
    assert wait_for(run, "running") == "running"
    run.request("stop")
    assert wait_for(run, "stopped") == "stopped"
    steps = [row["step"] for row in run.metrics()]
    assert steps == sorted(set(steps)), "no row is written twice"
    fresh = queue.restart(run)
    assert fresh.id != run.id
    assert fresh.settings == run.settings
    assert wait_for(fresh, "running") == "running"
    fresh.request("stop")
    assert wait_for(fresh, "stopped") == "stopped"


def test_a_training_that_ends_starts_the_next(monkeypatch):
    monkeypatch.setenv("ATELIER_JOBS", "1")
    monkeypatch.setenv("RANK", "0")  # as where it was started by torchrun
    monkeypatch.setenv("WORLD_SIZE", "2")
    broken, second, third = make(epochs=1), make(epochs=1), make(epochs=300)
    record = json.loads((broken.path / "run.json").read_text())
    record["settings"]["dataset"] = "no such data"
    (broken.path / "run.json").write_text(json.dumps(record))
    assert [queue.submit(run) for run in (broken, second, third)] == [True, False, False]
    assert wait_for(second, "finished", seconds=120) == "finished"
    assert broken.status().state == "failed" and "no such data" in broken.status().message
    assert wait_for(third, "running", seconds=60) == "running"
    third.request("stop")
    assert wait_for(third, "stopped") == "stopped"


def test_a_run_of_an_unknown_kind_is_refused_by_its_sentence():
    with pytest.raises(UserError, match="update Atelier"):
        job.start(Run.create("sculpture", {}))
