"""What the cards of runs of every kind share: the border, the sentence of the state, and one row of controls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.runs import queue
from core.runs.run import Run
from core.runs.status import Status
from ui import steering
from ui.buttons import firm
from ui.formats import escape_markdown
from ui.frame import guard
from ui.run_states import FACES, PENDING, RESUMABLE, badge, progress

STOP_PIXELS = 100  # holds either of its two labels: the button behind it stays where it is


@contextmanager
def box(run: Run, status: Status, about: str) -> Iterator[None]:
    """The card's border and, in its first line, the run's name, its state and a word about it; the body is below."""
    with st.container(border=True, key="job-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(run.name)}**", width="content")
            badge(status)
            st.caption(about, width="content")
        yield


def progress_and_controls(
    run: Run,
    status: Status,
    again: Callable[[Run], Run] = queue.restart,
    said: Callable[[Status], tuple[float, str]] | None = None,
) -> None:
    """The bar, `said` or else `progress` in words, the sentence of the state, and the controls."""
    share, text = (said or progress)(status)
    st.progress(share, text=text)
    with st.container():  # keeps the places of what follows
        sentence(run, status)
    controls(run, status, again)


def sentence(run: Run, status: Status) -> None:
    """What there is to say about the state, in a sentence."""
    if status.state == "failed":
        st.error(status.message or FACES["failed"].sentence, icon=":material/error:")
        with guard():
            steering.offer_lower_rate(run, status, _show)
        return
    asked = run.control().command
    if status.state == "running" and asked in PENDING:
        st.caption(PENDING[asked])
    else:
        st.caption(status.message or FACES[status.state].sentence)


def controls(run: Run, status: Status, again: Callable[[Run], Run] = queue.restart) -> None:
    """Resume, pause, a single step, stop, restart (by `again`): always there, always in this order."""
    waits = status.state == "queued"
    with st.container(horizontal=True):
        if firm(
            "Resume",
            icon=":material/play_arrow:",
            key="resume",
            disabled=status.state not in RESUMABLE,
            help="Go on from here.",
        ):
            _act(lambda: queue.resume(run))
        if firm(
            "Pause",
            icon=":material/pause:",
            key="pause",
            disabled=status.state != "running",
            help="Hold the training after the present step; nothing is lost.",
        ):
            _act(lambda: run.request("pause"))
        if firm(
            "Step",
            icon=":material/skip_next:",
            key="step",
            disabled=status.state not in ("running", "paused"),
            help="Take a single step, then pause.",
        ):
            _act(lambda: run.request("step"))
        if firm(
            "Cancel" if waits else "Stop",
            icon=":material/close:" if waits else ":material/stop:",
            key="stop",
            width=STOP_PIXELS,
            disabled=status.state not in ("queued", "running", "paused"),
            help="Take it out of the queue."
            if waits
            else "End the training here. Its weights are kept, and it can be resumed.",
        ):
            _act(lambda: queue.cancel(run) if waits else run.request("stop"))
        if firm(
            "Restart",
            icon=":material/restart_alt:",
            key="restart",
            disabled=status.state in ("starting", "queued"),
            help="Begin again from the same start, in a new run; this one is kept.",
        ):
            _act(lambda: st.query_params.update(run=again(run).id))


def latest(rows: list[dict[str, Any]], key: str) -> float | None:
    """The last number that the metrics hold for `key`."""
    return next((row[key] for row in reversed(rows) if isinstance(row.get(key), int | float)), None)


def evaluation_split(run: Run) -> str:
    """The split that the run is judged by: "test" until the run says otherwise."""
    return str(run.data.get("held_out", "test"))


def epochs(run: Run) -> int:
    """How many epochs the run was asked for; 1 where an edited folder no longer says."""
    recipe = run.settings.get("recipe")
    asked = recipe.get("epochs") if isinstance(recipe, dict) else None
    return asked if isinstance(asked, int) and asked > 0 else 1


def _show(run: Run) -> None:
    st.query_params["run"] = run.id
    st.rerun()


def _act(action: Callable[[], object]) -> None:
    with guard():
        action()
        st.rerun()
