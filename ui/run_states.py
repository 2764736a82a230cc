"""The state of a run as a page shows it: a word, an icon, a colour, a sentence, and how far the run is."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.runs.run import Run
from core.runs.status import Status
from web.formats import clock

Colour = Literal["red", "orange", "blue", "green", "gray"]


@dataclass(frozen=True)
class StateLabel:
    """How a state is shown: a word, an icon, a colour, and a sentence where the run has none of its own."""

    word: str
    icon: str
    colour: Colour
    sentence: str


STATE_LABELS = {
    "queued": StateLabel(
        "Waiting",
        ":material/schedule:",
        "gray",
        "It starts by itself when its turn comes: this machine trains one net at a time.",
    ),
    "starting": StateLabel(
        "Starting",
        ":material/hourglass_top:",
        "gray",
        "The training process is loading; its first figures come within seconds.",
    ),
    "running": StateLabel(
        "Running",
        ":material/play_arrow:",
        "blue",
        "It runs in a process of its own: leave the page, close the tab, it goes on.",
    ),
    "paused": StateLabel("Paused", ":material/pause:", "orange", "Resume goes on with the very next step."),
    "finished": StateLabel("Finished", ":material/check:", "green", "Training finished."),
    "stopped": StateLabel(
        "Stopped", ":material/stop:", "gray", "Stopped before its end; resume goes on from where it stopped."
    ),
    "failed": StateLabel("Failed", ":material/error:", "red", "It ended with an error; its log.txt has the details."),
    "interrupted": StateLabel(
        "Interrupted",
        ":material/power_off:",
        "orange",
        "The process ended before the training did; resume goes on from the last checkpoint.",
    ),
}
PENDING = {
    "pause": "It pauses as soon as the present step is done.",
    "step": "It pauses again after this step.",
    "stop": "It stops as soon as the present step is done.",
}
# The page on which runs of a kind are watched; those of any other kind stand on the page Runs.
WATCHED_ON = {"classifier": "train", "transfer": "transfer", "pastiche": "train_style", "iterative": "optimise"}
RESUMABLE = ("paused", "stopped", "failed", "interrupted")


def badge(status: Status) -> None:
    """Draw the state as a coloured word with an icon."""
    label = STATE_LABELS[status.state]
    st.badge(label.word, icon=label.icon, color=label.colour)


def page_of(run: Run) -> str:
    """Return the name of the page on which the run is watched."""
    return WATCHED_ON.get(run.kind, "runs")


def progress(status: Status) -> tuple[float, str]:
    """Return how far a training is: a share in [0, 1] and the words for it."""
    progress = status.progress
    if progress.downloading:
        done, total = progress.bytes or 0, progress.bytes_total or 0
        of = f" of {total / 1e6:.1f}" if total else ""
        return _share(done, total), f"Downloading {progress.downloading}: {done / 1e6:.1f}{of} MB"
    step, steps = progress.step or 0, progress.steps
    if not steps:
        return 0.0, "Not a step yet"
    return _share(step, steps), f"Step {step:,} of {steps:,}"


def time_left(status: Status) -> str:
    """Return the time that a training has left, as a clock shows it; a dash where that is not known."""
    if status.state == "finished":
        return "0:00"
    left = status.progress.seconds_left
    return clock(left) if left else "–"


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole else 0.0
