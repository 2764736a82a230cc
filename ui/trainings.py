"""The trainings of this machine, behind a button in the head of every page."""

import streamlit as st

from core.runs import queue
from core.runs.run import Run, list_runs
from core.runs.status import Status
from ui import menu, messages
from ui.frame import guard
from ui.messages import Work
from ui.run_states import STATE_LABELS, page_of, progress
from web.formats import escape_markdown

RECENT_SECONDS = 300.0
MOST_ENDED = 4  # that are listed; the page Runs has them all
WIDTH = 320  # px of the list


@st.fragment(run_every=2)
def show() -> None:
    """Draw a button with the trainings that are under way, wait, or ended a moment ago; none where there are none.

    A training that waits is started where there is room.
    """
    with guard():
        runs = [(run, run.status()) for run in list_runs() if isinstance(run, Run)]
        waiting = [run for run, status in runs if status.state == "queued"]
        if waiting:
            queue.advance()  # where the training before them was killed, nobody else does
        alive = [pair for pair in runs if pair[1].alive]
        ended = [pair for pair in runs if not pair[1].under_way and pair[1].seconds_since_heartbeat < RECENT_SECONDS]
        if alive or waiting or ended:
            with st.popover(_label(alive, waiting, ended), icon=":material/model_training:", width="content"):
                _show_list([*alive, *ended[:MOST_ENDED]], waiting)


def _label(alive: list[tuple[Run, Status]], waiting: list[Run], ended: list[tuple[Run, Status]]) -> str:
    """Return "1 training, 45%" or the like: what is under way, else what waits, else what has ended."""
    if len(alive) == 1:
        return f"Training {progress(alive[0][1])[0]:.0%}"
    if alive:
        return f"{len(alive)} trainings"
    return f"{len(waiting)} waiting" if waiting else f"{len(ended)} ended"


def _show_list(runs: list[tuple[Run, Status]], waiting: list[Run]) -> None:
    """Draw each run with its progress, and a link to the first that waits."""
    with st.container(width=WIDTH):
        for run, status in runs:
            _show_run(run, status)
        if waiting:
            first = min(waiting, key=lambda run: (run.place(), run.id))
            _link(first, f"{len(waiting)} waiting", STATE_LABELS["queued"].icon)


def _show_run(run: Run, status: Status) -> None:
    label = STATE_LABELS[status.state]
    _link(run, escape_markdown(run.name), label.icon)
    share, text = progress(status)
    running = status.state == "running"
    left = status.progress.seconds_left if running else None
    messages.progress(Work(text if running else label.word, share, 1.0, unit="", seconds_left=left))


def _link(run: Run, label: str, icon: str) -> None:
    menu.link(page_of(run), label, icon, {"run": run.id})
