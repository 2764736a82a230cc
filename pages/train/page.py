"""Train a net: choose data, net and training preset, start, and watch; the address carries the run."""

import streamlit as st

from core.runs.run import DamagedRun, Run, list_runs
from core.runs.status import Status
from pages.train import card, figure_form, net_form, queue_list
from ui import charts, frame, run_card
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch
from web import address
from web.hide import group, is_shown

ONE, FIGURE = "net", "figure"
WAYS = {ONE: "One net", FIGURE: "Thesis figure"}
RECORDED = "bn_nin_digits"  # shown where there is no run yet: the net and the data that the form starts with


def main() -> None:
    """Draw the curve of the run of the address, its controls and the form beside it, all else below."""
    places = frame.layout()
    runs, recorded = list_runs("classifier"), recorded_runs()
    with places.details:
        id = shown_run("train", runs, recorded)
    if id is not None:
        with places.result, guard():
            watch(folder_of(id), draw)
        with places.controls, guard():
            watch(folder_of(id), card.draw)
    with places.controls:
        choose(runs)
    with places.details, guard():
        if id is not None:
            watch(folder_of(id), explain)
        if is_shown("runs"):
            others(id or "", recorded)
        frame.takeaway(
            "While test error falls with training error the net learns; where they part, it begins to overfit."
        )


def recorded_runs() -> list[Run | DamagedRun]:
    """Return the runs that came with Atelier, first the one of the net that is trained by default."""
    recorded = [run for run in list_runs("classifier", shipped=True) if isinstance(run, Run) and run.shipped]
    return sorted(recorded, key=lambda run: run.id != RECORDED)


def choose(runs: list[Run | DamagedRun]) -> None:
    """Draw the controls: what to train, and the button that starts it. Values that do not fit get a sentence."""
    with group("figures"):
        way = address.segments(
            "way",
            "What to train",
            tuple(WAYS),
            WAYS.__getitem__,
            "A net of your choice, or the runs of a figure of the thesis.",
            default=FIGURE if "figure" in st.query_params else ONE,
        )
    with guard():
        if way == FIGURE:
            figure_form.choose(runs)
        else:
            net_form.choose(runs)


def draw(run: Run, status: Status) -> None:
    """Draw the result: the error over the epochs."""
    epochs, split = run_card.epochs(run), run_card.evaluation_split(run)
    with frame.stage():
        st.altair_chart(
            charts.error_curves(run.metrics(), epochs, split),
            key="error curves",
            alt=f"Error in percent over the epochs, train and {split}.",
            height="stretch",
        )


def explain(run: Run, status: Status) -> None:
    """Draw what belongs to the curve: figures, loss and learning rate, how the run is evaluated, and where to go on."""
    rows = run.metrics()
    card.figures(run, status, rows)
    epochs, split = run_card.epochs(run), run_card.evaluation_split(run)
    loss, rate = st.columns(2)
    with loss:
        st.altair_chart(
            charts.loss_curves(rows, epochs, split),
            key="loss curves",
            alt=f"Loss over the epochs, train and {split}.",
        )
    with rate:
        st.altair_chart(charts.rate_curve(rows, epochs), key="rate curve", alt="Learning rate over the epochs.")
    st.caption(card.evaluation_note(run))
    card.links(run)


@st.fragment(run_every=3)
def others(shown: str, recorded: list[Run | DamagedRun]) -> None:
    """Draw the queue and all runs, newest first, each a button that shows it; a damaged one with its error."""
    runs = list_runs("classifier")
    with guard():
        queue_list.show(queue_list.ordered([(run, run.status()) for run in runs if isinstance(run, Run)]))
    earlier("Runs", runs, shown, error_of)
    earlier("Recorded runs", recorded, shown, error_of)


def error_of(run: Run) -> str:
    """Return the run's error on its evaluation split in words; empty until it was measured."""
    split = run_card.evaluation_split(run)
    error = run.last(f"{split}_error")
    return "" if error is None else f"{error:.2f}% {split} error"


main()
