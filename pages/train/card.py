"""The card of a training: its state in a word and a sentence, its figures, and one row of controls."""

from typing import Any

import streamlit as st

from core.runs.run import Run
from core.runs.status import Status
from ui import menu, steering
from ui.charts import trailing_mean
from ui.run_card import box, controls, epochs, evaluation_split, latest, sentence
from ui.run_states import number, progress, time_left


def draw(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """The run's name, state, figures, progress and controls, in a bordered box. Draw it inside a fragment."""
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
                steering.rate(run, status)
        _ways_on(run)


def _figures(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    known = status.progress
    split = evaluation_split(run)
    train = trailing_mean(rows, "train_error")
    figures = {
        f"{split.capitalize()} error": _percent(latest(rows, f"{split}_error")),
        "Train error": _percent(train[-1][1] if train else None),
        "Epoch": f"{number(known, 'epoch'):.1f}".removesuffix(".0") + f" of {epochs(run)}",
        "Speed": f"{known['images_per_second']:,.0f} images/s" if number(known, "images_per_second") else "–",
        "Time left": time_left(status),
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures.items():
            st.metric(label, value, width="content")


def _machine(run: Run) -> str:
    """How large the net is and what it is trained with; empty until the training has said so."""
    parameters = int(number(run.data, "parameters"))
    known = (f"{parameters:,} parameters" if parameters else "", str(run.data.get("device", "")))
    return " · ".join(filter(None, known))


def evaluation_note(run: Run) -> str:
    """By which images the run's weights are chosen and judged; empty until the training has said so."""
    data = run.data
    if data.get("selection", "validation" if evaluation_split(run) == "validation" else "last epoch") == "last epoch":
        said = "The last epoch counts; this data set has no validation split." if "held_out" in data else ""
        return said + _over_views(data)
    chosen, error = data.get("selected_epoch"), data.get("test_error")
    if not isinstance(error, int | float):
        return "Judged on validation; the test split is measured once, at the end."
    epoch = f" The weights are those of epoch {chosen:g}." if isinstance(chosen, int | float) else ""
    measured = f"Judged on validation; the test split was measured once, at the end: {error:.2f} % error."
    return measured + epoch + _over_views(data)


def _over_views(data: dict[str, Any]) -> str:
    """What averaging over views of each test image came to, where the recipe asked for it."""
    views, error = data.get("test_views"), data.get("test_error_views")
    return f" Averaged over {views} views: {error:.2f} %." if isinstance(error, int | float) else ""


def _ways_on(run: Run) -> None:
    """To the pages that look inside the net of this run, and to its place beside the others."""
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
    return "–" if value is None else f"{value:.2f} %"
