"""Train a net: choose data, net and training preset, start, and watch; the address carries the run."""

from typing import Any

import streamlit as st

from core import datasets
from core.runs.run import DamagedRun, Run, list_runs
from core.runs.status import Status
from core.trainers import recipe as recipes
from pages.train import card, figure_form, net_form, queue_list
from ui import charts, frame, run_card
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch
from ui.start import start, title, with_page_defaults

ONE, FIGURE = "One net", "Thesis figure"
SAMPLES = 24
_WAY = "way into a training"


def main() -> None:
    """Draw the controls, and beside them the run of the address and all others."""
    runs = list_runs("classifier")
    controls, picture = frame.columns()
    with controls:
        choose(runs)
    with picture, guard():
        id = shown_run("train", runs)
        if id is None:
            invite()
        else:
            with guard():
                watch(folder_of(id), draw)
            others(id)
        frame.takeaway(
            "While test error falls with training error the net learns; where they part, it begins to overfit."
        )


def choose(runs: list[Run | DamagedRun]) -> None:
    """Draw the controls: what to train, and the button that starts it. Values that do not fit get a sentence."""
    way = st.segmented_control(
        "What to train",
        (ONE, FIGURE),
        default=FIGURE if "figure" in st.query_params else ONE,
        required=True,
        key=_WAY,
        on_change=forget_figure,
        label_visibility="collapsed",
        width="stretch",
        help="A net of your choice, or the runs of a figure of the thesis.",
    )
    with guard():
        if way == FIGURE:
            st.subheader("Reproduce a thesis figure", anchor=False)
            figure_form.choose(runs)
        else:
            net_form.choose(runs)


def forget_figure() -> None:
    """Take the figure out of the address where one net is chosen."""
    if st.session_state[_WAY] == ONE:
        st.query_params.pop("figure", None)


def draw(run: Run, status: Status) -> None:
    """Draw the card and the curves of a run."""
    rows = run.metrics()
    card.draw(run, status, rows)
    if rows or status.alive:
        curves(run, rows)


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    """Draw error, loss and learning rate over the epochs."""
    epochs, split = run_card.epochs(run), run_card.evaluation_split(run)
    error, loss = st.columns(2)
    with error:
        st.altair_chart(
            charts.error_curves(rows, epochs, split),
            key="error curves",
            alt=f"Error in percent over the epochs, train and {split}.",
        )
    with loss:
        st.altair_chart(
            charts.loss_curves(rows, epochs, split),
            key="loss curves",
            alt=f"Loss over the epochs, train and {split}.",
        )
    st.altair_chart(charts.rate_curve(rows, epochs), key="rate curve", alt="Learning rate over the epochs.")


def invite() -> None:
    """Draw, instead of an empty page, what there is to learn and the button that starts it."""
    st.subheader("No run yet", anchor=False)
    st.markdown("What will this net say to digits it has never seen? Train it, and know in about a minute.")
    usual = with_page_defaults(recipes.settings(net_form.USUAL["dataset"], net_form.USUAL["net"]))
    if firm("Train BN-NiN on digits", key="train on digits", icon=":material/play_arrow:"):
        start([(title(usual), usual)])
        st.rerun()
    images = datasets.load("digits").train.images[:SAMPLES]
    st.image(
        [image.permute(1, 2, 0).squeeze(2).numpy() for image in images],
        width=56,
        alt=["A scanned digit"] * SAMPLES,
    )


@st.fragment(run_every=3)
def others(shown: str) -> None:
    """Draw the queue and all runs, newest first, each a button that shows it; a damaged one with its error."""
    runs = list_runs("classifier")
    with guard():
        queue_list.show(queue_list.ordered([(run, run.status()) for run in runs if isinstance(run, Run)]))
    earlier("Runs", runs, shown, error_of)


def error_of(run: Run) -> str:
    """Return the run's error on its evaluation split in words; empty until it was measured."""
    split = run_card.evaluation_split(run)
    error = run.last(f"{split}_error")
    return "" if error is None else f"{error:.2f}% {split} error"


main()
