"""Runs: every training, the user's and those that came with Atelier, side by side; the address carries which."""

import itertools
from collections.abc import Iterator, Sequence

import pandas as pd
import streamlit as st

from core.runs import comparison, queue
from core.runs.comparison import Curve
from core.runs.run import DamagedRun, Run, list_runs
from pages.runs import actions, charts, table
from pages.runs.selection import FEW, selected_ids, show_error
from ui import formats, frame, menu, run_states
from ui.frame import guard

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


def main() -> None:
    """Draw the page, and again every few seconds while a training is under way."""
    st.fragment(live, run_every=5 if queue.under_way() else None)()
    frame.takeaway(
        "Two runs teach most when they differ in one thing alone. A lower training error is no better net: only images "
        "that it never trained on can tell."
    )


def live() -> None:
    """Draw the table and, under it, the selected runs."""
    with guard():
        show(list_runs(shipped=True))


def show(runs: list[Run | DamagedRun]) -> None:
    """Draw the table of all `runs`, the actions on the selected ones, and their curves and settings."""
    if not runs:
        invite()
        return
    rows = table.rows(runs)
    ids = selected_ids(rows)
    table.draw(rows, ids)
    selected = sorted((run for run in runs if run.id in ids), key=lambda run: ids.index(run.id))
    whole = [run for run in selected if isinstance(run, Run)]
    names = table.names(whole)
    actions.show(selected, names)
    show_error()
    for run in selected:
        if isinstance(run, DamagedRun):
            st.error(formats.escape_markdown(str(run)), icon=":material/broken_image:")
    if len(whole) > MOST:
        st.caption(f"The first {MOST} of {len(whole)} are drawn; nobody can tell more apart.")
        whole = whole[:MOST]
        names = {run.id: names[run.id] for run in whole}
    if whole:
        overlay(whole, names)
        differences(whole, names)
    else:
        st.caption("Select runs in the table to lay their curves over one another.")


def invite() -> None:
    """Draw, instead of an empty page, the way to a first run."""
    st.markdown("No run yet. The first takes about a minute.")
    menu.link("train", "Train a net")
    with st.container(horizontal=True), st.popover("Import", icon=":material/upload:"):
        actions.import_run()


def overlay(runs: list[Run], names: dict[str, str]) -> None:
    """Draw the controls in a quarter of the width and the curves of the runs in the rest."""
    controls, pictures = frame.columns()
    with controls:
        axis, logarithmic = choose_axes()
        st.caption(" ".join(legend(runs)))
        link_pages(runs, names)
    with pictures:
        draw_charts(runs, names, axis, logarithmic)


def choose_axes() -> tuple[str, bool]:
    """Return the quantity on the x axis, and whether the y axis is logarithmic."""
    axis = st.segmented_control(
        "X axis",
        list(comparison.AXES),
        default="epoch",
        format_func=X_AXES.get,
        required=True,
        key="x",
        bind="query-params",
        help="Time is that of training alone, without evaluation. Runs of styles have steps in place of epochs.",
    )
    logarithmic = st.toggle(
        "Logarithmic", True, key="log", bind="query-params", help="Small differences near the end become visible."
    )
    return axis or "epoch", logarithmic


def link_pages(runs: list[Run], names: dict[str, str]) -> None:
    """Draw a link to the page of each of the first few runs."""
    watched = [run for run in runs[:FEW] if has_page(run)]
    if watched:
        st.caption("To watch, look into or resume:")
    with st.container(gap="xsmall"):
        for run in watched:
            icon = run_states.STATE_LABELS[run.status().state].icon
            menu.link(run_states.page_of(run), formats.escape_markdown(names[run.id]), icon, {"run": run.id})


def draw_charts(runs: list[Run], names: dict[str, str], axis: str, logarithmic: bool) -> None:
    """Draw a chart of every quantity that the runs have: the first over the whole width, the others in two columns."""
    drawn = {quantity: curves for quantity, curves in charts.curves(runs, axis).items() if curves}
    if not drawn:
        st.caption("These runs have no such figures yet.")
    places = itertools.chain([st.container()], itertools.cycle(st.columns(2)))
    for place, (number, (quantity, curves)) in zip(places, enumerate(drawn.items()), strict=False):
        with place:
            draw_chart(curves, names, quantity, logarithmic, first=number == 0)


def draw_chart(curves: list[Curve], names: dict[str, str], quantity: str, logarithmic: bool, first: bool) -> None:
    """Draw the chart of one quantity."""
    st.altair_chart(
        charts.overlay(curves, names, quantity, logarithmic, first),
        key=f"{quantity} of runs",
        alt=f"{ALTS[quantity]} of {len(names)} runs over the {charts.AXES[curves[0].axis]}.",
    )


def has_page(run: Run) -> bool:
    """Return whether another page shows the run: a study's does even where it was shipped."""
    return run.kind in run_states.WATCHED_ON and (run.kind == comparison.STUDY or not run.shipped)


def legend(runs: Sequence[Run]) -> Iterator[str]:
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
    yield "A click on a name in the legend singles its run out."


def differences(runs: list[Run], names: dict[str, str]) -> None:
    """Draw the settings in which the runs differ, a column for each run."""
    st.subheader("What differs", anchor=False)
    if len(runs) < 2:
        st.caption("Select a second run to see in what it differs.")
        return
    differing = comparison.difference({run.id: table.settings(run) for run in runs})
    if not differing:
        st.caption("Nothing: these runs have the same settings.")
        return
    rows = {table.setting_title(key): values for key, values in differing.items()}
    data = pd.DataFrame.from_dict(rows, orient="index").rename(columns=names)
    st.dataframe(data, key="differences", alt="The settings in which the selected runs differ.", height="content")


main()
