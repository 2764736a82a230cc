"""What the cards of runs of every kind share: the border, the sentence of the state, and one row of controls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.runs import queue
from core.runs.run import Run
from core.runs.status import Status
from ui import messages
from ui.buttons import firm
from ui.diverged import offer_lower_rate
from ui.frame import guard
from ui.messages import Work
from ui.run_states import PENDING, RESUMABLE, STATE_LABELS, badge, progress
from web.formats import escape_markdown
from web.hide import is_shown

STOP_PIXELS = 100  # holds either of its two labels: the button behind it stays where it is


@contextmanager
def box(run: Run, status: Status, about: str) -> Iterator[None]:
    """Draw the card's border and its first line: the run's name, its state and `about` it. Its body is drawn inside."""
    with st.container(border=True, key="job-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(run.name)}**", width="content")
            badge(status)
            st.caption(escape_markdown(about), width="content")
        yield


def recorded(run: Run, about: str) -> None:
    """Draw, in place of a card with controls, that the run shown came with Atelier."""
    with st.container(border=True, key="job-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(run.name)}**", width="content")
            st.badge("Recorded", icon=":material/history:", color="gray")
            st.caption(escape_markdown(about), width="content")
        messages.empty("This training was recorded earlier and came with Atelier. **Train** starts one of your own.")


def progress_and_controls(
    run: Run,
    status: Status,
    restart: Callable[[Run], Run] = queue.restart,
    describe: Callable[[Status], tuple[float, str]] = progress,
) -> None:
    """Draw the bar with its text by `describe`, the sentence of the state, and the controls."""
    bar(status, describe)
    with st.container():  # keeps the places of what follows
        sentence(run, status)
    if is_shown("actions"):
        controls(run, status, restart)


def bar(status: Status, describe: Callable[[Status], tuple[float, str]] = progress) -> None:
    """Draw how far a run is, and the time that it has left while it runs."""
    share, text = describe(status)
    left = status.progress.seconds_left if status.state == "running" else None
    messages.progress(Work(text, share, 1.0, unit="", seconds_left=left))


def sentence(run: Run, status: Status) -> None:
    """Draw what there is to say about the state, in a sentence."""
    if status.state == "failed":
        st.error(escape_markdown(status.message) or STATE_LABELS["failed"].sentence, icon=":material/error:")
        with guard():
            offer_lower_rate(run, status, _show)
        return
    command = run.control().command
    if status.state == "running" and command in PENDING:
        st.caption(PENDING[command])
    else:
        st.caption(escape_markdown(status.message) or STATE_LABELS[status.state].sentence)


def controls(run: Run, status: Status, restart: Callable[[Run], Run] = queue.restart) -> None:
    """Draw the buttons resume, pause, step, stop and restart: always all of them, in this order."""
    state = status.state
    with st.container(horizontal=True, gap="xsmall"):
        if _button("resume", "play_arrow", state in RESUMABLE, "Go on from here."):
            _act(lambda: queue.resume(run))
        if _button("pause", "pause", state == "running", "Hold the training after the present step; nothing is lost."):
            _act(lambda: run.request("pause"))
        if _button("step", "skip_next", state in ("running", "paused"), "Take a single step, then pause."):
            _act(lambda: run.request("step"))
        if _stop_button(state):
            _act(lambda: queue.cancel(run) if state == "queued" else run.request("stop"))
        if _button(
            "restart",
            "restart_alt",
            state not in ("starting", "queued"),
            "Begin again from the same start, in a new run; this one is kept.",
        ):
            _act(lambda: st.query_params.update(run=restart(run).id))


def latest(rows: list[dict[str, Any]], key: str) -> float | None:
    """Return the last number that the metrics have for `key`."""
    return next((row[key] for row in reversed(rows) if isinstance(row.get(key), int | float)), None)


def evaluation_split(run: Run) -> str:
    """Return the split on which the run is evaluated: "test" until the run names another."""
    return run.classifier.split


def epochs(run: Run) -> int:
    """Return the number of epochs in the run's recipe; 1 where an edited folder has none."""
    return max(1, run.classifier.epochs or 1)


def _button(key: str, icon: str, enabled: bool, help: str) -> bool:
    return firm(key.capitalize(), icon=f":material/{icon}:", key=key, disabled=not enabled, help=help)


def _stop_button(state: str) -> bool:
    """Draw one button for two labels: a waiting run is cancelled, any other is stopped."""
    waits = state == "queued"
    return firm(
        "Cancel" if waits else "Stop",
        icon=":material/close:" if waits else ":material/stop:",
        key="stop",
        width=STOP_PIXELS,
        disabled=state not in ("queued", "running", "paused"),
        help="Take it out of the queue."
        if waits
        else "End the training here. Its weights are kept, and it can be resumed.",
    )


def _act(action: Callable[[], object]) -> None:
    with guard():
        action()
        st.rerun()


def _show(run: Run) -> None:
    st.query_params["run"] = run.id
    st.rerun()
