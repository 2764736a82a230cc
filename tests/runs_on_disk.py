"""Run folders in every state, as a training process would have written them."""

import json
import os
import socket
import time
from collections.abc import Callable
from typing import Any

from core.runs import heartbeat
from core.runs.run import Run
from core.trainers import recipe

AHEAD = -3600.0  # seconds: a heartbeat that does not go stale while a test on a slow machine runs
ROWS = [
    {"step": 22, "epoch": 0.5, "train_loss": 1.5, "train_error": 60.0, "learning_rate": 0.05},
    {
        "step": 44,
        "epoch": 1.0,
        "train_loss": 0.5,
        "train_error": 20.0,
        "learning_rate": 0.1,
        "test_loss": 0.4,
        "test_error": 12.5,
    },
]


def digits_run(state: str = "finished", message: str = "", **progress: Any) -> Run:
    """Return a run of BN-NiN on digits with one epoch of metrics, in `state` and alive where that state is."""
    settings = recipe.settings("digits", "bn_nin", epochs=2)
    run = Run.create("classifier", settings.to_json(), name="BN-NiN on Digits")
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    put_status(run, state, message, **({"step": 44, "steps": 88, "epoch": 1.0, "epochs": 2} | progress))
    return run


def put_status(run: Run, state: str, message: str = "", *, age: float = AHEAD, **progress: Any) -> None:
    """Write the status as this process would have `age` seconds ago; by default its heartbeat stays fresh."""
    status = {"state": state, "message": message, "pid": os.getpid(), "host": socket.gethostname()}
    status |= {"progress": progress, **heartbeat.stamp(age)}
    (run.path / "status.json").write_text(json.dumps(status))


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until `condition()` is true, at most `seconds`; return whether it is."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()
