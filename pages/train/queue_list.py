"""The queue on a page: what waits, in its order, each with the buttons that move it or take it out."""

from collections.abc import Callable

import streamlit as st

from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.runs.status import Status
from core.trainers import pace
from core.trainers.recipe import Settings
from ui.buttons import firm
from ui.frame import guard
from web import formats


def show(waiting: list[Run]) -> None:
    """Draw the runs of the queue, the next one first; nothing where none waits. Call it inside a fragment."""
    if not waiting:
        return
    st.header(f"Waiting ({len(waiting)})", anchor=False)
    st.caption("One after the other, by itself, also with this page closed.")
    for place, run in enumerate(waiting, 1):
        _line(run, place, len(waiting))


def ordered(runs: list[tuple[Run, Status]]) -> list[Run]:
    """Return the runs that wait, the next one first."""
    return sorted((run for run, status in runs if status.state == "queued"), key=lambda run: (run.place(), run.id))


def _line(run: Run, place: int, last: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{place}. **{formats.escape_markdown(run.name)}**", width="content")
        st.caption(_about(run), width="content")
        _button("Sooner", "arrow_upward", run, place == 1, queue.sooner, "Change places with the one before it.")
        _button("Later", "arrow_downward", run, place == last, queue.later, "Change places with the one behind it.")
        _button("Cancel", "close", run, False, queue.cancel, "Take it out of the queue; its settings are kept.")


def _button(label: str, icon: str, run: Run, off: bool, action: Callable[[Run], None], help: str) -> None:
    if firm(label, icon=f":material/{icon}:", type="tertiary", key=f"{label} {run.id}", disabled=off, help=help):
        with guard():
            action(run)
            st.rerun()


def _about(run: Run) -> str:
    try:
        settings = Settings.from_json(run.settings)
        return f"about {formats.duration(pace.seconds(settings))}"
    except UserError:
        return ""
