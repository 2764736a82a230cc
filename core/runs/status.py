"""The state of a run as a reader sees it: what status.json holds, and whether the process behind it is alive."""

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.runs import files, heartbeat
from core.runs.values import mapping, number, text, whole

FILE = "status.json"
STALE_SECONDS = 10.0  # a heartbeat older than this means that the process is gone
START_SECONDS = 60.0  # what a process may take to its first heartbeat: importing torch on a busy laptop is slow
ENDED = ("finished", "stopped", "failed")
STATES = ("queued", "starting", "running", "paused", "interrupted", *ENDED)
INTERRUPTED = "The process ended before the training did; resume goes on from the last checkpoint."


@dataclass(frozen=True)
class Progress:
    """How far a training is; a field is None or empty where it is not known.

    `share` is the part of the present step that is done, in [0, 1], and `doing` what that step is; `bytes` and
    `bytes_total` are of the data set or network that is `downloading`.
    """

    step: int | None = None
    steps: int | None = None
    epoch: float | None = None
    epochs: int | None = None
    images_per_second: float | None = None
    milliseconds_a_step: float | None = None
    doing: str = ""
    share: float | None = None
    seconds_left: float | None = None
    downloading: str = ""
    bytes: float | None = None
    bytes_total: float | None = None

    @classmethod
    def parse(cls, saved: Mapping[str, Any]) -> "Progress":
        """Return the progress in a status.json, where somebody may have edited it."""
        return cls(
            step=whole(saved.get("step")),
            steps=whole(saved.get("steps")),
            epochs=whole(saved.get("epochs")),
            doing=text(saved.get("doing")),
            downloading=text(saved.get("downloading")),
            **{key: number(saved.get(key)) for key in _PROGRESS_NUMBERS},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are known."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}


_PROGRESS_NUMBERS = (
    "epoch",
    "images_per_second",
    "milliseconds_a_step",
    "share",
    "seconds_left",
    "bytes",
    "bytes_total",
)


@dataclass(frozen=True)
class Status:
    """Where a run stands: `state` is one of STATES, `message` a sentence (empty where the state says it all)."""

    state: str
    message: str
    progress: Progress
    seconds_since_heartbeat: float

    @property
    def alive(self) -> bool:
        """True where there is a process."""
        return self.state in ("starting", "running", "paused")

    @property
    def under_way(self) -> bool:
        """True where there is a process, or will be when the queue comes to this run."""
        return self.alive or self.state == "queued"


def read(folder: Path) -> Status:
    """Return the status of a run folder now: "interrupted" where its process no longer gives a sign of life.

    A run without a readable status is "starting", and interrupted START_SECONDS after its folder was made.
    """
    saved = files.read_json(folder / FILE)
    state, message, progress = saved.get("state"), saved.get("message"), saved.get("progress")
    if not isinstance(saved.get("heartbeat"), int | float) or state not in STATES:
        state, message = "starting", ""
        saved = {"heartbeat": _modified(folder / "run.json")}
    age = heartbeat.age(str(folder), saved)
    patience = START_SECONDS if state == "starting" else STALE_SECONDS
    if state not in ("queued", *ENDED) and (age > patience or _is_gone(saved)):
        state, message = "interrupted", INTERRUPTED
    return Status(
        str(state),
        text(message),
        Progress.parse(mapping(progress)),
        age,
    )


def _is_gone(saved: dict) -> bool:
    """Return True where the writing process certainly no longer runs, which only its own machine can know."""
    pid = saved.get("pid")
    if not isinstance(pid, int) or pid <= 0 or saved.get("host") != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
