"""The control of the learning rate of a training under way: a multiplier on the schedule's rate."""

from collections.abc import Callable

import streamlit as st

from core.errors import UserError
from core.runs.run import Run
from core.runs.status import Status
from core.runs.values import is_number
from core.trainers.recipe import Settings
from core.trainers.schedule import learning_rate
from ui.frame import guard

FACTORS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def draw(run: Run, status: Status) -> None:
    """Draw the multiplier, the button that resets it, and the current learning rate."""
    factor = factor_of(run)
    # A slider under another key stands at its new value: after a reset there is a new one.
    resets = f"resets of the rate of {run.id}"
    count = st.session_state.setdefault(resets, 0)
    key = f"rate factor {run.id} {count}"

    def apply() -> None:
        # The browser may send the old slider's value once more before it has the new one, which would undo the reset.
        if st.session_state[resets] == count:
            with guard():
                set_factor(run, st.session_state[key])

    def reset() -> None:
        st.session_state[resets] += 1
        with guard():
            set_factor(run, 1.0)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            "Learning rate multiplier",
            sorted({*FACTORS, factor}),
            factor,
            format_func=lambda value: f"{value:g}x",
            key=key,
            on_change=apply,
            width=280,
            help="Applies from the next step on, and stays when the training pauses or is resumed.",
        )
        _reset_button(reset, disabled=factor == 1.0)
    scheduled = _scheduled(run, status)
    if scheduled is not None:
        product = "" if factor == 1.0 else f" = {scheduled:.3g} × {factor:g}"
        st.caption(f"Current learning rate: {scheduled * factor:.3g}{product}")


def set_factor(run: Run, factor: float) -> None:
    """Request `factor` times the scheduled rate; the training stays paused, or running, as it is."""
    command = run.control().command
    # A second request for a step would take one more.
    run.request("pause" if command == "step" else command, rate_factor=None if factor == 1.0 else factor)


def factor_of(run: Run) -> float:
    """Return the requested factor; 1 where there is none, or none that makes sense."""
    value = run.control().values.get("rate_factor", 1.0)
    return float(value) if is_number(value) and value > 0 else 1.0


def _reset_button(reset: Callable[[], None], *, disabled: bool) -> None:
    st.button(
        "Reset to 1x",
        icon=":material/undo:",
        key="reset rate",
        disabled=disabled,
        on_click=reset,
        help="Back to the learning rate of the schedule.",
    )


def _scheduled(run: Run, status: Status) -> float | None:
    """Return the schedule's rate for the next step; None while the number of steps an epoch is unknown."""
    step, an_epoch = status.progress.step, run.classifier.steps_per_epoch
    if step is None or an_epoch is None or an_epoch < 1:
        return None
    try:
        return learning_rate(Settings.from_json(run.settings).recipe, step, an_epoch)
    except UserError:
        return None
