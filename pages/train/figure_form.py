"""The form of a figure of the thesis: its trainings, at full length or scaled to minutes, as runs for the queue."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import streamlit as st

from core import datasets, hardware
from core.figures import training_curves
from core.figures.training_curves import CurveFigure
from core.runs.run import DamagedRun, Run
from core.trainers import pace, recipe
from core.trainers.recipe import Settings
from ui import menu
from ui.buttons import firm
from ui.start import start, with_page_defaults
from web import address
from web.formats import duration

SCALED, FULL = "scaled", "full"
LENGTHS = {SCALED: "Scaled to minutes", FULL: "Full length"}
MINUTES = 15


def choose(runs: list[Run | DamagedRun]) -> None:
    """Draw the choice of a figure and a length, what that will take, and the button that starts its runs.

    Raises UserError for what cannot be trained.
    """
    name = address.choice(
        "figure", "Figure", training_curves.names(), lambda name: f"{name}  {training_curves.figure(name).title}"
    )
    figure = training_curves.figure(name)
    st.caption(figure.what_it_shows)
    length = address.segments("length", "Length", tuple(LENGTHS), LENGTHS.__getitem__, labelled=True)

    def seconds(settings: Settings) -> float:
        return pace.seconds(settings, pace.measured(settings, runs))

    figure = replace(figure, runs=tuple((label, with_page_defaults(settings)) for label, settings in figure.runs))
    if length == SCALED:
        minutes = address.number("minutes", "Minutes, about", (1, 600), MINUTES, "For all of its runs, one by one.")
        figure = training_curves.scaled(figure, minutes, seconds)
    st.caption(figure.length)
    _list_runs(figure, seconds)
    for _, settings in figure.runs:
        recipe.check(settings)
    if firm(
        f"Train its {len(figure.runs)} runs" if len(figure.runs) > 1 else "Train its run",
        type="primary",
        icon=":material/playlist_add:",
        width="stretch",
        key="train the figure",
        help="One after the other, where this machine trains one net at a time.",
    ):
        start(named(figure, length == FULL))
        st.rerun()
    _link_to_runs(figure, runs)


def named(figure: CurveFigure, full: bool) -> list[tuple[str, Settings]]:
    """Return the settings of a figure's runs with the names that they get in the list of runs."""
    scale = "" if full else ", scaled"
    return [(f"{prefix(figure)} {label}{scale}", settings) for label, settings in figure.runs]


def prefix(figure: CurveFigure) -> str:
    """Return the beginning of the names of a figure's runs."""
    return f"Figure {figure.name}:"


def _list_runs(figure: CurveFigure, seconds: Callable[[Settings], float]) -> None:
    times = [seconds(settings) for _, settings in figure.runs]
    lines = [
        f"- {label}: {settings.recipe.epochs} epochs, {duration(time)}"
        for (label, settings), time in zip(figure.runs, times, strict=True)
    ]
    st.markdown("\n".join(lines))
    download = max(_megabytes(settings) for _, settings in figure.runs)
    more = f" {download:,} MB are downloaded first, once." if download else ""
    bf16 = pace.number_format(figure.runs[0][1]) == "bfloat16"
    st.caption(f"In all about {duration(sum(times))} on this machine ({hardware.describe(bf16)}).{more}")


def _megabytes(settings: Settings) -> int:
    return datasets.info(settings.dataset).download_mb


def _link_to_runs(figure: CurveFigure, runs: Iterable[Run | DamagedRun]) -> None:
    """Draw a link to the curves of this figure's runs in one picture, where there are any."""
    ids = [run.id for run in runs if isinstance(run, Run) and run.name.startswith(prefix(figure))]
    if ids:
        query = [("run", id) for id in ids[: 2 * len(figure.runs)]]
        menu.link("runs", f"Figure {figure.name} so far", query=query)
