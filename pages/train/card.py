"""The card of a training: its state in a word and a sentence, its figures, and one row of controls."""

from typing import Any

import streamlit as st

from core.runs.run import Run
from core.runs.status import Status
from pages.train import rate_control
from ui import menu
from ui.charts import trailing_mean
from ui.run_card import box, controls, epochs, evaluation_split, latest, sentence
from ui.run_states import number, progress, time_left


def draw(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw the run's name, state, figures, progress and controls in a bordered box. Call it inside a fragment."""
    with box(run, status, _machine(run)):
        _figures(run, status, rows)
        share, text = progress(status)
        st.progress(share, text=text)
        # Containers keep the places of what follows: what moves is seen twice while the page is redrawn.
        with st.container():
            sentence(run, status)
        st.caption(evaluation_note(run))
        controls(run, status)
        with st.container():
            if status.state in ("running", "paused"):
                rate_control.draw(run, status)
        _links(run)


def _figures(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    now, split = status.progress, evaluation_split(run)
    train = trailing_mean(rows, "train_error")
    figures = {
        f"{split.capitalize()} error": _percent(latest(rows, f"{split}_error")),
        "Train error": _percent(train[-1][1] if train else None),
        "Epoch": f"{number(now, 'epoch'):.1f}".removesuffix(".0") + f" of {epochs(run)}",
        "Speed": f"{now['images_per_second']:,.0f} images/s" if number(now, "images_per_second") else "–",
        "Time left": time_left(status),
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures.items():
            st.metric(label, value, width="content")


def _machine(run: Run) -> str:
    """Return the size of the net and the machine in words; empty until the training has written them."""
    parameters = int(number(run.data, "parameters"))
    parts = (f"{parameters:,} parameters" if parameters else "", str(run.data.get("device", "")))
    return " · ".join(filter(None, parts))


def evaluation_note(run: Run) -> str:
    """Return on which images the run's weights are selected and evaluated; empty until the training has written it."""
    data = run.data
    default = "validation" if evaluation_split(run) == "validation" else "last epoch"
    if data.get("selection", default) == "last epoch":
        is_known = "held_out" in data
        last_epoch = "Weights of the last epoch are used; this data set has no validation split." if is_known else ""
        return last_epoch + _augmented_error(data)
    epoch, error = data.get("selected_epoch"), data.get("test_error")
    if not isinstance(error, int | float):
        return "Evaluated on validation; the test split is measured once, at the end."
    weights = f" The weights are those of epoch {epoch:g}." if isinstance(epoch, int | float) else ""
    measured = f"Evaluated on validation; the test split was measured once, at the end: {error:.2f}% error."
    return measured + weights + _augmented_error(data)


def _augmented_error(data: dict[str, Any]) -> str:
    """Return the error with test-time augmentation in words, where the recipe has it."""
    views, error = data.get("test_views"), data.get("test_error_views")
    return f" With test-time augmentation ({views} views): {error:.2f}%." if isinstance(error, int | float) else ""


def _links(run: Run) -> None:
    """Draw links to the pages that look inside the net of this run, and to its comparison with others."""
    ways = [("runs", "Compare it with other runs", ":material/stacked_line_chart:")]
    if run.model_path():
        ways = [
            ("mistakes", "See its mistakes", ":material/rule:"),
            ("explain", "Explain a picture with it", ":material/center_focus_strong:"),
            *ways,
        ]
    with st.container(horizontal=True):
        for page, label, icon in ways:
            menu.link(page, label, icon, {"run": run.id})


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}%"
