"""Train a net: choose data, net and recipe, start, and watch; the address carries the run."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import datasets, hardware
from core.models import catalogue
from core.runs import queue
from core.runs.run import DamagedRun, Run, list_runs
from core.runs.status import Status
from core.trainers import pace
from core.trainers import recipe as recipes
from pages.train import card, figure_form, recipe_form
from pages.train import queue_list as waiting_line
from ui import charts, formats, frame, run_card
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch

USUAL = {"dataset": "digits", "net": "bn_nin"}
ONE, FIGURE = "One net", "A figure"
SAMPLES = 24


def choose(runs: list[Run | DamagedRun]) -> None:
    """The controls: what to train, and the button that starts it. Values that do not fit get a sentence."""
    way = st.segmented_control(
        "What to train",
        (ONE, FIGURE),
        default=FIGURE if "figure" in st.query_params else ONE,
        required=True,
        key="way into a training",
        on_change=forget_figure,
        label_visibility="collapsed",
        width="stretch",
        help="A net of your choice, or the runs of a figure of the thesis.",
    )
    with guard():
        if way == FIGURE:
            st.subheader("Reproduce a figure", anchor=False)
            figure_form.choose(runs, start)
        else:
            choose_one(runs)


def forget_figure() -> None:
    """Back to one net: the address no longer names a figure."""
    if st.session_state["way into a training"] == ONE:
        st.query_params.pop("figure", None)


def choose_one(runs: list[Run | DamagedRun]) -> None:
    """Data set, net and recipe, and all the rest behind "More"."""
    dataset = from_address("dataset", "Data set", known_datasets(), lambda name: datasets.info(name).title)
    known = datasets.info(dataset)
    size = f"{known.train_size:,} images to learn from, {known.test_size:,} to be judged by"
    st.caption(size + ("." if known.embedded else f"; {known.download_mb} MB are downloaded once."))
    net = from_address("net", "Net", catalogue.names(), catalogue.title)
    recipe = recipe_form.recipe_choice(net, dataset)
    place = st.container()  # the button stays where it is when the rest is opened
    with st.expander("More"):
        changes = None
        with guard():
            changes = recipe_form.Form(net, dataset, recipe).changes(runs)
    if changes is None:
        return
    with place, guard():
        settings = recipes.settings(dataset, net, recipe, **changes)
        # No callback: its settings would be those of the last time this was drawn, not what was typed since.
        if firm("Train", key="train", type="primary", icon=":material/play_arrow:", width="stretch"):
            start([(title(settings), settings)])
            st.rerun()
        st.caption(prospect(settings, runs))


def prospect(settings: recipes.Settings, runs: list[Run | DamagedRun]) -> str:
    """What is known before the start: how long it takes and on what, and by which images it is judged."""
    chosen, known = settings.recipe, datasets.info(settings.dataset)
    time = formats.duration(pace.seconds(settings, pace.measured(settings, runs)))
    machine = hardware.describe(pace.number_format(settings) == "bfloat16")
    optimizer = recipe_form.optimizer_title(chosen.optimizer)
    judged = (
        "Judged on validation; test measured once, at the end."
        if known.validation_size
        else "The last epoch counts; this data set has no validation split."
    )
    waits = " A training is under way: this one waits for it." if is_full(runs) else ""
    left = recipes.space(settings)
    kept = f" Weights kept along the way take {max(1, left / 1e6):,.0f} MB." if left else ""
    return (
        f"{chosen.epochs} epochs with {optimizer}, about {time} on this machine ({machine}).{waits}  \n{judged}{kept}"
    )


def is_full(runs: list[Run | DamagedRun]) -> bool:
    """Whether a training that is started now has to wait."""
    return sum(isinstance(run, Run) and run.status().under_way for run in runs) >= queue.slots()


def known_datasets() -> tuple[str, ...]:
    """The data sets there are, and the one of the address where it is the user's own pictures or has options."""
    asked = st.query_params.get("dataset")
    if asked is None or asked in datasets.names():
        return datasets.names()
    with guard():
        datasets.info(asked)
        return (*datasets.names(), asked)
    return datasets.names()


def from_address(key: str, label: str, options: tuple[str, ...], title: Callable[[str], str]) -> str:
    """A choice that the address of the page carries."""
    asked = st.query_params.get(key)
    first = options.index(asked if asked in options else USUAL[key])
    return st.selectbox(
        label,
        options,
        index=first,
        format_func=title,
        key=f"train_{key}",
        on_change=lambda: st.query_params.update({key: st.session_state[f"train_{key}"]}),
    )


def title(settings: recipes.Settings) -> str:
    """What a run of these settings is called."""
    data = datasets.info(settings.dataset).title.partition(" (")[0]
    return f"{catalogue.title(settings.model)} on {data}"


def start(trainings: list[tuple[str, recipes.Settings]]) -> None:
    """Begin or queue trainings, each with its name, and show the first. Raises UserError where that cannot be."""
    runs = [Run.create("classifier", settings.to_json(), name=name) for name, settings in trainings]
    st.query_params["run"] = runs[0].id
    for run in runs:
        queue.submit(run)


def draw(run: Run, status: Status) -> None:
    """The card and curves of a run."""
    rows = run.metrics()
    card.draw(run, status, rows)
    if rows or status.alive:
        curves(run, rows)


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
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
    """Instead of an empty page: what there is to learn, and the one button that starts it."""
    st.subheader("No run yet", anchor=False)
    st.markdown("What will this net say to digits it has never seen? Train it, and know in about a minute.")
    usual = figure_form.as_from_a_page(recipes.settings(USUAL["dataset"], USUAL["net"]))
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
    """What waits, and all runs, newest first, each a button that shows it; a damaged one says what is wrong with it."""
    runs = list_runs("classifier")
    with guard():
        waiting_line.show(waiting_line.ordered([(run, run.status()) for run in runs if isinstance(run, Run)]))
    earlier("Runs", runs, shown, judged)


def judged(run: Run) -> str:
    """Its error on the images held out; empty until it was measured."""
    split = run_card.evaluation_split(run)
    error = run.last(f"{split}_error")
    return "" if error is None else f"{error:.2f} % {split} error"


runs = list_runs("classifier")
controls, picture = frame.columns()
with controls:
    choose(runs)
with picture, guard():
    chosen = shown_run("train", runs)
    if chosen is None:
        invite()
    else:
        with guard():
            watch(folder_of(chosen), draw)
        others(chosen)
    frame.takeaway(
        "While test error falls with training error the net learns; where they part, it begins to learn by heart."
    )
