"""Runs: every training, the user's and those that came with Atelier, side by side; the address carries which."""

from collections.abc import Iterator, Sequence

import pandas as pd
import streamlit as st

from core.runs import comparison, queue
from core.runs.comparison import Curve
from core.runs.run import DamagedRun, Run, list_runs
from pages.runs import actions, charts, legend, table
from pages.runs.selection import FEW, Comparison, selected_ids, show_error
from ui import frame, menu, messages, run_states
from ui.frame import Layout, guard
from web import address, formats
from web.hide import group, is_shown

MOST = 24  # that can be told apart at all
STYLED = ("pastiche", "iterative")
ALTS = {
    "error": "Error in percent",
    "loss": "Loss",
    "content": "Content loss",
    "style": "Style loss",
    "variation": "Total variation",
    "objective": "Weighted loss",
    "learning_rate": "Learning rate",
}
X_AXES = {"epoch": "Epochs", "step": "Steps", "time": "Time"}
TAKEAWAY = (
    "Two runs teach most when they differ in one thing alone. A lower training error is no better net: only images "
    "that it never trained on can tell."
)


def main() -> None:
    """Draw the page, and again every few seconds while a training is under way."""
    st.fragment(live, run_every=5 if queue.under_way() else None)()


def live() -> None:
    """Draw the table with the first chart, beside them the controls, and below them what else is known."""
    places = frame.layout()
    with places.result, guard():
        show(list_runs(shipped=True), places)
    with places.details:
        frame.takeaway(TAKEAWAY)


def show(runs: list[Run | DamagedRun], places: Layout) -> None:
    """Draw the table of all `runs`, the curves and settings of the selected ones, and the controls."""
    if not runs:
        with places.controls:
            messages.empty("No run yet. The first takes about a minute.", invite)
        return
    stage = frame.stage()
    rows = table.rows(sorted(runs, key=table.place))
    ids = selected_ids(rows)
    with stage:
        table.draw(rows, ids)
    selected = sorted((run for run in runs if run.id in ids), key=lambda run: ids.index(run.id))
    with places.controls, guard():
        chosen = control(selected)
    curves = charts.curves(chosen.runs, chosen.axis) if chosen.runs else {}
    drawn = [(quantity, of_it) for quantity, of_it in curves.items() if of_it]
    with stage, guard():
        for quantity, of_it in drawn[:1]:
            draw_chart(of_it, chosen, quantity, first=True)
    with places.details, guard():
        details(selected, chosen, drawn)


def invite() -> None:
    """Draw the ways to a first run."""
    menu.link("train", "Train a net")
    with st.popover("Import", icon=":material/upload:"):
        actions.import_run()


def control(selected: Sequence[Run | DamagedRun]) -> Comparison:
    """Draw legend, axes and actions of the selected runs; return what is to be drawn."""
    runs = [run for run in selected if isinstance(run, Run)]
    names = table.names(runs)
    shown = {run.id: names[run.id] for run in runs[:MOST]}
    if shown:
        legend.draw(shown)
    else:
        st.caption("Select runs in the table to lay their curves over one another.")
    with group("axes"):
        axis, logarithmic = choose_axes()
    if is_shown("actions"):
        actions.show(selected, Comparison(runs, names, axis, logarithmic))
    show_error()
    chosen = Comparison(runs[:MOST], shown, axis, logarithmic)
    if is_shown("links"):
        link_pages(chosen)
    return chosen


def choose_axes() -> tuple[str, bool]:
    """Return the quantity on the x axis, and whether the y axis is logarithmic."""
    former = {title: name for name, title in X_AXES.items()}  # what links carried
    if (title := st.query_params.get("x")) in former:
        st.query_params["x"] = former[title]
    axis = address.choice(
        "x",
        "X axis",
        tuple(comparison.AXES),
        X_AXES.__getitem__,
        help="Time is that of training alone, without evaluation. Runs of styles have steps in place of epochs.",
    )
    return axis, address.toggle("log", "Logarithmic", True, help="Small differences near the end become visible.")


def link_pages(chosen: Comparison) -> None:
    """Draw a link to the page of each of the first few runs."""
    watched = [run for run in chosen.runs[:FEW] if has_page(run)]
    if watched:
        st.caption("To watch, look into or resume:")
    with st.container(gap="xsmall"):
        for run in watched:
            icon = run_states.STATE_LABELS[run.status().state].icon
            menu.link(run_states.page_of(run), formats.escape_markdown(chosen.names[run.id]), icon, {"run": run.id})


def details(selected: Sequence[Run | DamagedRun], chosen: Comparison, drawn: Sequence[tuple[str, list[Curve]]]) -> None:
    """Draw what the curves mean, the charts after the first, and the settings that differ."""
    for run in selected:
        if isinstance(run, DamagedRun):
            st.error(formats.escape_markdown(str(run)), icon=":material/broken_image:")
    if not chosen.runs:
        return
    whole = sum(isinstance(run, Run) for run in selected)
    if whole > MOST:
        st.caption(f"The first {MOST} of {whole} are drawn; nobody can tell more apart.")
    if not drawn:
        st.caption("These runs have no such figures yet.")
    st.caption(" ".join(sentences(chosen.runs)))
    columns = st.columns(2)
    for place, (quantity, curves) in enumerate(drawn[1:]):
        with columns[place % 2]:
            draw_chart(curves, chosen, quantity)
    differences(chosen)


def draw_chart(curves: list[Curve], chosen: Comparison, quantity: str, *, first: bool = False) -> None:
    """Draw the chart of one quantity; the first fills the stage."""
    st.altair_chart(
        charts.overlay(curves, chosen.names, quantity, chosen.logarithmic),
        height="stretch" if first else charts.HEIGHT,
        key=f"{quantity} of runs",
        alt=f"{ALTS[quantity]} of {len(chosen.names)} runs over the {charts.AXES[curves[0].axis]}.",
    )


def has_page(run: Run) -> bool:
    """Return whether another page shows the run: a study's does even where it was shipped."""
    return run.kind in run_states.WATCHED_ON and (run.kind == comparison.STUDY or not run.shipped)


def sentences(runs: Sequence[Run]) -> Iterator[str]:
    """Yield what the lines of such runs mean, in sentences."""
    if any(run.kind == "classifier" for run in runs):
        yield "Dashed: on training images, mean over an epoch. Solid, with marks: on validation or test images."
    if any(run.kind in STYLED for run in runs):
        yield "Runs of styles count steps, no epochs."
        yield (
            "Content, style and variation are those of equation 5.10, before their weights; only runs of one loss "
            "network can be compared."
        )
    if any(run.kind == comparison.STUDY for run in runs):
        yield "The findings of a transfer learning study are drawn on page Transfer learning."
    yield "Point at a curve to single its run out."


def differences(chosen: Comparison) -> None:
    """Draw the settings in which the runs differ, a column for each run."""
    st.header("What differs", anchor=False)
    if len(chosen.runs) < 2:
        st.caption("Select a second run to see in what it differs.")
        return
    differing = comparison.difference({run.id: table.settings(run) for run in chosen.runs})
    if not differing:
        st.caption("Nothing: these runs have the same settings.")
        return
    rows = {table.setting_title(key): values for key, values in differing.items()}
    data = pd.DataFrame.from_dict(rows, orient="index").rename(columns=dict(chosen.names))
    st.dataframe(data, key="differences", alt="The settings in which the selected runs differ.", height="content")


main()
