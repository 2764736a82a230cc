"""Steering a training that is under way: the factor on its learning rate, and what follows when it has diverged."""

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.runs.status import Status
from core.runs.values import is_number, mapping
from core.trainers.recipe import Settings
from core.trainers.schedule import learning_rate
from ui.buttons import firm
from ui.frame import guard

FACTORS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SUGGESTED = re.compile(r"learning rate of ([0-9.]+(?:e[-+]?\d+)?)")


def rate(run: Run, status: Status) -> None:
    """The control of the learning rate of a training under way: a factor, what it comes to, and the way back."""
    asked = _factor(run)
    # A slider under another key stands at its new value: after a reset there is a new one.
    resets = f"resets of the rate of {run.id}"
    before = st.session_state.setdefault(resets, 0)
    key = f"rate factor {run.id} {before}"

    def ask() -> None:
        # The browser may tell of the old slider once more before it hears of the new one, which would undo the reset.
        if st.session_state[resets] == before:
            with guard():
                set_factor(run, st.session_state[key])

    def reset() -> None:
        st.session_state[resets] += 1
        with guard():
            set_factor(run, 1.0)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            "Learning rate, times the schedule's",
            sorted({*FACTORS, asked}),
            asked,
            format_func=lambda factor: f"× {factor:g}",
            key=key,
            on_change=ask,
            width=280,
            help="Counts from the next step on, and is kept when the training pauses or is resumed.",
        )
        st.button(
            "As scheduled",
            icon=":material/undo:",
            key="reset rate",
            disabled=asked == 1.0,
            on_click=reset,
            help="Back to the rate that the schedule says.",
        )
    scheduled = _scheduled(run, status)
    if scheduled is not None:
        times = "" if asked == 1.0 else f" = {scheduled:.3g} × {asked:g}"
        st.caption(f"The next step is taken at {scheduled * asked:.3g}{times}.")


def set_factor(run: Run, factor: float) -> None:
    """Ask for `factor` times the scheduled rate; the training goes on pausing, or running, as it does."""
    command = run.control().command
    # To ask for a step again would take one more.
    run.request("pause" if command == "step" else command, rate_factor=None if factor == 1.0 else factor)


def lower_rate(run: Run, status: Status) -> float | None:
    """The learning rate that a diverged training should be started again with; None where it has not diverged."""
    if status.state != "failed" or "diverged" not in status.message:
        return None
    found = _SUGGESTED.search(status.message)
    if found and float(found[1]) > 0:
        return float(found[1])
    rate = run.classifier.learning_rate
    return rate / 10 if rate is not None and rate > 0 else None


def again_at(run: Run, rate: float) -> Run:
    """A new run like a diverged one, from the start, at a lower rate. Raises UserError for damaged settings."""
    recipe = mapping(run.settings.get("recipe"))
    if not recipe:
        raise UserError("The settings of this run are damaged; start a new run instead.")
    settings: dict[str, Any] = {**run.settings, "recipe": {**recipe, "learning_rate": rate}}
    fresh = Run.create(run.kind, settings, name=f"{run.name.partition(', rate ')[0]}, rate {rate:g}")
    queue.submit(fresh)
    return fresh


def offer_lower_rate(run: Run, status: Status, show: Callable[[Run], None]) -> None:
    """Under the message of a diverged training: the button that starts it again at a lower rate."""
    suggested = lower_rate(run, status)
    if suggested is not None and firm(
        f"Start again at {suggested:g}",
        icon=":material/trending_down:",
        key="lower rate",
        type="primary",
        help="A new run with the same settings but for the learning rate; this one is kept.",
    ):
        show(again_at(run, suggested))


def _factor(run: Run) -> float:
    """The factor that is asked for now; 1 where there is none, or none that makes sense."""
    value = run.control().values.get("rate_factor", 1.0)
    return float(value) if is_number(value) and value > 0 else 1.0


def _scheduled(run: Run, status: Status) -> float | None:
    """The schedule's rate for the next step; None while the training has not said how many steps an epoch has."""
    step, an_epoch = status.progress.step, run.classifier.steps_per_epoch
    if step is None or an_epoch is None or an_epoch < 1:
        return None
    try:
        return learning_rate(Settings.from_json(run.settings).recipe, step, an_epoch)
    except UserError:
        return None
