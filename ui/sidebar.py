"""The trainings of this machine in the sidebar of every page."""

import streamlit as st

from core.runs import queue
from core.runs.run import Run, list_runs
from core.runs.status import Status
from ui import menu
from ui.formats import escape_markdown
from ui.frame import guard
from ui.run_states import STATE_LABELS, page_of, progress, time_left

RECENT_SECONDS = 300.0
MOST_ENDED = 4  # that the side shows; the page Runs has them all


@st.fragment(run_every=2)
def show_trainings() -> None:
    """Draw the trainings that are under way, wait, or ended a moment ago; start one that waits where there is room."""
    with guard():
        runs = [(run, run.status()) for run in list_runs() if isinstance(run, Run)]
        waiting = [run for run, status in runs if status.state == "queued"]
        ended = [pair for pair in runs if not pair[1].under_way and pair[1].seconds_since_heartbeat < RECENT_SECONDS]
        for run, status in [*(pair for pair in runs if pair[1].alive), *ended[:MOST_ENDED]]:
            _in_short(run, status)
        if waiting:
            _link(
                min(waiting, key=lambda run: (run.place(), run.id)),
                f"{len(waiting)} waiting",
                STATE_LABELS["queued"].icon,
            )
            queue.advance()  # where the training before them was killed, nobody else does


def _in_short(run: Run, status: Status) -> None:
    label = STATE_LABELS[status.state]
    _link(run, escape_markdown(run.name), label.icon)
    share, text = progress(status)
    running = status.state == "running"
    st.progress(share, text=f"{text}, {time_left(status)} left" if running else label.word)


def _link(run: Run, label: str, icon: str) -> None:
    menu.link(page_of(run), label, icon, {"run": run.id})
