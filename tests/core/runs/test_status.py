"""The state of a run: from its start to its end, and when its process is gone."""

import json
import os
import signal
import subprocess
import sys
import time

from core.runs.run import Run
from core.runs.status import STALE_SECONDS, Progress
from core.runs.writer import writing


def make(**settings) -> Run:
    return Run.create("classifier", settings, name="A run")


def test_states_from_start_to_finish():
    run = make()
    assert run.status().state == "starting"
    with writing(run) as writer:
        assert run.status().state == "running"
        writer.progress(step=1, steps=2, seconds_left=None)
        time.sleep(0.3)
        writer.progress(step=2)
        assert run.status().progress == Progress(step=2, steps=2)
    assert run.status().state == "finished"


WRITE_FOREVER = """
import sys, time
from core.runs.run import Run
from core.runs.writer import writing
with writing(Run.open(sys.argv[1])) as writer:
    step = 0
    while True:
        step += 1
        writer.log({"step": step})
        time.sleep(0.001)
"""


def test_a_killed_process_shows_as_interrupted_within_fifteen_seconds_and_loses_no_row():
    run = make()
    process = subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, str(run.path)])
    deadline = time.monotonic() + 60
    while len(run.metrics()) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = time.monotonic()
    while run.status().state != "interrupted" and time.monotonic() < killed + 15:
        time.sleep(0.05)
    assert run.status().state == "interrupted"
    steps = [row["step"] for row in run.metrics()]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 20


def test_a_silent_process_of_another_machine_shows_as_interrupted():
    for age, state in ((0.0, "running"), (STALE_SECONDS + 1, "interrupted")):
        run = make()
        status = {"state": "running", "host": "elsewhere", "pid": os.getpid(), "heartbeat": time.time() - age}
        (run.path / "status.json").write_text(json.dumps(status))
        assert run.status().state == state


def test_progress_is_read_field_by_field():
    saved = {"step": 3, "steps": "many", "epoch": 1.5, "images_per_second": None, "downloading": 4, "colour": "blue"}
    assert Progress.parse(saved) == Progress(step=3, epoch=1.5)
    assert Progress.parse(saved).to_json() == {"step": 3, "epoch": 1.5}
