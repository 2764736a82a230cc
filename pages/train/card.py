"""The card of a training: its state in a word and a sentence, and its controls; its figures and links below."""

from typing import Any

import streamlit as st

from core.runs.record import ClassifierRecord
from core.runs.run import Run
from core.runs.status import Status
from pages.train import rate_control
from ui import menu
from ui.charts import trailing_mean
from ui.run_card import bar, box, controls, epochs, evaluation_split, latest, recorded, sentence
from ui.run_states import time_left
from web.hide import is_shown


def draw(run: Run, status: Status) -> None:
    """Draw the run's name, state, progress and controls in a bordered box. Call it inside a fragment."""
    if run.shipped:
        recorded(run, _machine(run))
        return
    with box(run, status, _machine(run)):
        bar(status)
        # Containers keep the places of what follows: what moves is seen twice while the page is redrawn.
        with st.container():
            sentence(run, status)
        if is_shown("actions"):
            controls(run, status)
            with st.container():
                if status.state in ("running", "paused"):
                    rate_control.draw(run, status)


def figures(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw the figures of the run as they are now."""
    epoch, speed = status.progress.epoch or 0, status.progress.images_per_second
    split = evaluation_split(run)
    train = trailing_mean(rows, "train_error")
    values = {
        f"{split.capitalize()} error": _percent(latest(rows, f"{split}_error")),
        "Train error": _percent(train[-1][1] if train else None),
        "Epoch": f"{epoch:.1f}".removesuffix(".0") + f" of {epochs(run)}",
        "Speed": f"{speed:,.0f} images/s" if speed else "–",
        "Time left": time_left(status),
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in values.items():
            st.metric(label, value, width="content")


def _machine(run: Run) -> str:
    """Return the size of the net and the machine in words; empty until the training has written them."""
    parameters, device = run.classifier.parameters, run.classifier.device
    return " · ".join(filter(None, (f"{parameters:,} parameters" if parameters else "", device)))


def evaluation_note(run: Run) -> str:
    """Return on which images the run's weights are selected and evaluated; empty until the training has written it."""
    record = run.classifier
    if not record.selects:
        is_known = bool(record.held_out)
        last_epoch = "Weights of the last epoch are used; this data set has no validation split." if is_known else ""
        return last_epoch + _augmented_error(record)
    if record.test_error is None:
        return "Evaluated on validation; the test split is measured once, at the end."
    weights = "" if record.selected_epoch is None else f" The weights are those of epoch {record.selected_epoch:g}."
    measured = f"Evaluated on validation; the test split was measured once, at the end: {record.test_error:.2f}% error."
    return measured + weights + _augmented_error(record)


def _augmented_error(record: ClassifierRecord) -> str:
    """Return the error with test-time augmentation in words, where the recipe has it."""
    error = record.test_error_views
    return "" if error is None else f" With test-time augmentation ({record.test_views} views): {error:.2f}%."


def links(run: Run) -> None:
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
