"""What belongs to the picture of a style transfer: its losses, what it is made from, its curves, its file."""

from typing import Any

import streamlit as st

from core.runs.run import Run
from core.runs.status import Status
from core.style import optimisation_run
from pages.optimise import charts, form, pictures
from ui import run_card, run_states
from ui.buttons import firm
from web.formats import escape_markdown
from web.hide import is_shown

SOURCE_PX = 160


def draw(run: Run, status: Status) -> None:
    """Draw figures, sources, file and curves of a run, and the choice among those of its figure."""
    row = pictures.row_of(run)
    if len(row) > 1:
        choose(run, row)
    rows = run.metrics()
    figures(status, rows)
    sources(run)
    if rows:
        curves(run, rows)


def choose(shown: Run, row: list[Run]) -> None:
    """Draw a button for each picture of a figure, which shows its losses and controls."""
    st.header(escape_markdown(form.figure_title(shown.optimisation.figure)), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        for one in row:
            kind = "primary" if one.id == shown.id else "secondary"
            if firm(escape_markdown(pictures.label_of(one)), key=f"cell {one.id}", type=kind):
                st.query_params["run"] = one.id
                st.rerun(scope="app")
            run_states.badge(one.status())


def figures(status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw the losses as they are now, and the time that a step takes."""
    with st.container(horizontal=True, gap="medium"):
        for label, key in (("Loss", "loss"), ("Content", "content"), ("Style", "style")):
            value = run_card.latest(rows, key)
            st.metric(label, "–" if value is None else f"{value:.3g}", width="content")
        milliseconds = status.progress.milliseconds_a_step
        st.metric("Time per step", "–" if milliseconds is None else f"{milliseconds:,.0f} ms", width="content")
        st.metric("Time left", run_states.time_left(status), width="content")


def sources(run: Run) -> None:
    """Draw, small, the photograph and the style picture that the picture is made from, and the file of the picture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, caption in (("content", "The photograph"), ("style", "The style picture")):
            if (picture := pictures.source(run, name, 2 * SOURCE_PX)) is not None:
                with st.container(width=SOURCE_PX):
                    st.image(picture, caption, width="stretch", alt=caption)
        done = run.path / f"{optimisation_run.PREVIEW}.png"
        if done.is_file() and is_shown("downloads"):
            st.download_button(
                "PNG",
                done.read_bytes,
                f"{run.name}.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
                key=f"download {run.id}",
                help="The picture as it was last saved, in full quality.",
            )


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    """Draw the weighted terms of the loss, and its layers one by one."""
    steps = run.optimisation.steps or len(rows)
    st.altair_chart(charts.terms(rows, steps), key="term curves", alt="The weighted terms of the loss over the steps.")
    with st.expander("Layer by layer"):
        for kind in ("content", "style"):
            alt = f"The {kind} loss of each layer over the steps."
            st.altair_chart(charts.layers(rows, steps, kind), key=f"{kind} layers", alt=alt)
