"""Train it yourself: the error curves of a training, and the button that starts one of the visitor's own."""

import math
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.errors import UserError
from core.runs import comparison
from core.runs.run import Run, list_runs
from core.runs.status import Status
from pages.home.curves import GREY, Axes, Line, chart
from ui import frame, menu, messages, theme
from ui.buttons import firm
from ui.messages import Work
from ui.run_states import STATE_LABELS, progress
from ui.shown_run import folder_of, watch
from web import address, hide
from web.formats import escape_markdown

RECORDED = Path(__file__).with_name("recorded_run")
SETTINGS = {"dataset": "digits", "net": "bn_nin"}
TICKS = (0, 1, 3, 10, 30, 100)  # %
MOST_POINTS = 200
USUAL_START = 4.0  # s from the click to the first step


def show() -> None:
    """Draw the run of the address; without one the visitor's newest finished run, or the one recorded for this page."""
    run = _in_address()
    if run is None:
        _draw(_finished(), None)
    else:
        watch(run.path, lambda run, status: _draw(run, status))


def _in_address() -> Run | None:
    """Return the run that the address names; None, with a sentence where it is gone."""
    id = address.value("run", "the run", "a finished one is shown")
    if id is None:
        return None
    try:
        run = Run.open(folder_of(id))
    except UserError:
        address.note(f"The run {address.quoted(id)} is not here, or cannot be read: a finished one is shown.")
        return None
    if run.kind == "classifier":
        return run
    address.note(f"The run {address.quoted(id)} trains no classifier: a finished one is shown.")
    return None


def _finished() -> Run:
    runs = [run for run in list_runs("classifier") if isinstance(run, Run)]
    return next((run for run in runs if run.status().state == "finished"), None) or Run.open(RECORDED)


def _draw(run: Run, status: Status | None) -> None:
    """Draw a run's curves and, beside them, how far it is; `status` is None for one that has ended before."""
    curves, beside = st.columns([3, 1], gap="medium", vertical_alignment="center")
    with curves:
        st.html(_curves(run))
    with beside:
        st.header("Train it yourself", anchor=False)
        if status is None:
            _tell_finished(run)
        else:
            _tell_own(run, status)
        if hide.is_shown("train"):
            _offer(running=status is not None and status.under_way)


def _curves(run: Run) -> str:
    """Return the error curves of a run; behind those of a run under way, the recorded run's to compare with."""
    colours = theme.colours()
    split, epochs = run.classifier.split, max(1, run.classifier.epochs or 1)
    curves = {curve.split: curve.points for curve in comparison.curves(run, "error", "epoch", MOST_POINTS)}
    lines = [
        Line(_label(split, curves.get(split, [])), curves.get(split, []), colours.validation),
        Line(_label("train", curves.get("train", [])), curves.get("train", []), colours.train, dashed=True),
    ]
    if run.path != RECORDED:
        lines.insert(0, Line("test, recorded earlier", _recorded(), GREY))
    return chart(
        lines, Axes(epochs, TICKS, ("epoch 0", str(epochs))), f"Error in percent over {epochs} epochs: {run.name}."
    )


@lru_cache
def _recorded() -> list[tuple[float, float]]:
    curves = comparison.curves(Run.open(RECORDED), "error", "epoch", MOST_POINTS)
    return next((list(curve.points) for curve in curves if curve.split == "test"), [])


def _label(split: str, points: list[tuple[float, float]]) -> str:
    return f"{split} error {points[-1][1]:.2f}%" if points else f"{split} error"


def _tell_finished(run: Run) -> None:
    split = run.classifier.split
    error = run.last(f"{split}_error")
    name = escape_markdown(run.name)
    said = "recorded earlier" if run.path == RECORDED else "your newest finished run"
    result = "" if error is None else f": {error:.2f}% {split} error after {run.classifier.epochs} epochs"
    st.markdown(f"{name}, {said}{result}.")
    menu.link("train", "Train another net")


def _tell_own(run: Run, status: Status) -> None:
    """Draw the state of a run with a bar that moves from the first second on, and the link to all of it."""
    label = STATE_LABELS[status.state]
    if status.state in ("starting", "queued"):
        waited = _seconds_since(run.created)
        share = 1 - math.exp(-waited / USUAL_START)
        messages.progress(Work(f"{label.word}: {waited:.0f} s", share, 1.0, unit=""))
        st.caption(label.sentence)
    else:
        share, text = progress(status)
        messages.progress(Work(f"{label.word}: {text.lower()}", share, 1.0, unit=""))
    menu.link("train", "Watch it on Train a net", query={"run": run.id})


def _seconds_since(created: str) -> float:
    try:
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds())
    except (TypeError, ValueError):  # an edited folder, or a time without a zone
        return 0.0


def _offer(running: bool) -> None:
    st.caption("A small net on 1,437 scanned digits, 15 epochs: about a minute on a laptop.")
    with frame.guard():
        if firm("Train it yourself", key="train it", type="primary", icon=":material/play_arrow:", disabled=running):
            _start()
            st.rerun()


def _start() -> None:
    """Start the usual training and let the address carry it. Raises UserError where that cannot be."""
    from core.trainers import recipe  # imports torch, which nothing on the first screen waits for
    from ui import start

    settings = start.with_page_defaults(recipe.settings(SETTINGS["dataset"], SETTINGS["net"]))
    start.start([(start.title(settings), settings)])
    address.put("run", st.query_params["run"])
