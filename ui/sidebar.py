"""The trainings of this machine in the sidebar of every page."""

import streamlit as st

from core.runs import queue
from core.runs.run import Run, list_runs
from core.runs.status import Status
from ui import menu
from ui.formats import escape_markdown
from ui.frame import guard
from ui.run_states import FACES, page_of, progress, time_left

RECENT_SECONDS = 300.0
MOST_ENDED = 4  # that the side shows; the page Runs has them all


@st.fragment(run_every=2)
def show_trainings() -> None:
    """The trainings that are under way, wait, or ended a moment ago, for the side of every page; starts what may."""
    with guard():
        found = [(run, run.status()) for run in list_runs() if isinstance(run, Run)]
        waiting = [run for run, status in found if status.state == "queued"]
        ended = [pair for pair in found if not pair[1].under_way and pair[1].seconds_since_heartbeat < RECENT_SECONDS]
        for run, status in [*(pair for pair in found if pair[1].alive), *ended[:MOST_ENDED]]:
            _in_short(run, status)
        if waiting:
            _link(min(waiting, key=lambda run: (run.place(), run.id)), f"{len(waiting)} waiting", FACES["queued"].icon)
            queue.advance()  # where the training before them was killed, nobody else does


def _in_short(run: Run, status: Status) -> None:
    face = FACES[status.state]
    _link(run, escape_markdown(run.name), face.icon)
    share, text = progress(status)
    running = status.state == "running"
    st.progress(share, text=f"{text}, {time_left(status)} left" if running else face.word)


def _link(run: Run, label: str, icon: str) -> None:
    menu.link(page_of(run), label, icon, {"run": run.id})
