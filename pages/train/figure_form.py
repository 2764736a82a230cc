"""The other way into a training: a figure of the thesis, at full length or scaled to minutes, as runs for the queue."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import streamlit as st

from core import datasets, hardware
from core.figures import training_curves as figures
from core.figures.training_curves import CurveFigure
from core.runs.run import DamagedRun, Run
from core.trainers import kept_epochs, pace, recipe
from core.trainers.recipe import Settings
from ui import address, menu
from ui.buttons import firm
from ui.formats import duration

SCALED, FULL = "Scaled to minutes", "Full length"
MINUTES = 15


def choose(runs: list[Run | DamagedRun], submit: Callable[[list[tuple[str, Settings]]], None]) -> None:
    """The choice of a figure and a length, what that will take, and the button that gives its runs to `submit`.

    Raises UserError for what cannot be trained.
    """
    name = address.choice("figure", "Figure", figures.names(), lambda name: f"{name}  {figures.figure(name).title}")
    figure = figures.figure(name)
    st.caption(figure.what_it_shows)
    length = st.radio("Length", (SCALED, FULL), key="length of the figure", horizontal=True)

    def seconds(settings: Settings) -> float:
        return pace.seconds(settings, pace.measured(settings, runs))

    figure = replace(figure, runs=tuple((label, as_from_a_page(settings)) for label, settings in figure.runs))
    if length == SCALED:
        minutes = st.number_input(
            "Minutes, about", 1, 600, MINUTES, key="minutes for the figure", help="For all of its runs, one by one."
        )
        figure = figures.scaled(figure, minutes, seconds)
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
        submit(named(figure, length == FULL))
        st.rerun()
    _ways_on(figure, runs)


def named(figure: CurveFigure, full: bool) -> list[tuple[str, Settings]]:
    """The runs of a figure with the names that they get in the list of runs."""
    scale = "" if full else ", scaled"
    return [(f"{prefix(figure)} {label}{scale}", settings) for label, settings in figure.runs]


def prefix(figure: CurveFigure) -> str:
    """How the names of a figure's runs begin."""
    return f"Figure {figure.name}:"


def as_from_a_page(settings: Settings) -> Settings:
    """The settings of a training that leaves a core to the pages, and a small net's epochs to be looked at there."""
    net = recipe.blank(settings.model, datasets.info(settings.dataset))
    kept = kept_epochs.usual(net, settings.recipe.epochs)
    return replace(settings, threads=hardware.spare_threads(), keep_epochs=kept)


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


def _ways_on(figure: CurveFigure, runs: Iterable[Run | DamagedRun]) -> None:
    """To the curves of this figure's runs in one picture, where there are any."""
    own = [run.id for run in runs if isinstance(run, Run) and run.name.startswith(prefix(figure))]
    if own:
        shown = [("run", id) for id in own[: 2 * len(figure.runs)]]
        menu.link("runs", f"Figure {figure.name} so far", query=shown)
