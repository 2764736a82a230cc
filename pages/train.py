"""Train a net: choose data, net and recipe, start, and watch; the address carries the run."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from ui import charts, frame, job_card
from ui.frame import guard

frame.head("Train a net", "Watch a small network learn, epoch by epoch: first in leaps, then in ever smaller steps.")

from core import datasets, hardware  # noqa: E402  (torch takes a moment: the head is shown first)
from core.models import catalogue  # noqa: E402
from core.runs import job  # noqa: E402
from core.runs.folder import DamagedRun, Run, list_runs, root  # noqa: E402
from core.trainers import recipe as recipes  # noqa: E402

SHOWN = "run shown on the train page"
USUAL = {"dataset": "digits", "net": "bn_nin"}
FEW = 6  # earlier runs that are listed at once
SAMPLES = 24


def choose() -> None:
    """The controls: what to train, and the button that starts it. Values that do not fit get a sentence."""
    dataset = from_address("dataset", "Data set", known_datasets(), lambda name: datasets.info(name).title)
    known = datasets.info(dataset)
    size = f"{known.train_size:,} images to learn from, {known.test_size:,} to be judged by"
    st.caption(size + ("." if known.embedded else f"; {known.download_mb} MB are downloaded once."))
    net = from_address("net", "Net", catalogue.names(), catalogue.title)
    place = st.container()  # the button stays where it is when the rest is opened
    with st.expander("More"):
        name, changes = recipe_controls(net, dataset)
    with place, guard():
        # A core is left to the pages, so that they stay quick beside the training.
        settings = recipes.settings(dataset, net, name, threads=hardware.spare_threads(), **changes)
        st.button(
            "Train",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            on_click=start,
            args=(settings,),
        )


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


def recipe_controls(net: str, dataset: str) -> tuple[str, dict[str, Any]]:
    """The recipe's values, each with its effect in a line of help. A choice of recipe sets them all."""
    known = recipes.recipes(net, dataset)
    name = st.selectbox(
        "Recipe",
        list(known),
        format_func=str.capitalize,
        key=f"recipe {net} {dataset}",
        help="Thesis: the values of its tables. Quick: a short training with nearly the same error.",
    )
    recipe = known[name]

    def key(field: str) -> str:
        return f"{field} {net} {dataset} {name}"

    changes: dict[str, Any] = {
        "epochs": st.number_input(
            "Epochs", 1, 10_000, recipe.epochs, key=key("epochs"), help="How often every image is seen."
        ),
        "batch_size": st.number_input(
            "Batch size, images",
            2,
            datasets.info(dataset).train_size,
            recipe.batch_size,
            key=key("batch"),
            help="Images a step. Small batches learn more an epoch and take longer for it.",
        ),
        "learning_rate": st.number_input(
            "Learning rate",
            1e-6,
            100.0,
            recipe.learning_rate,
            format="%g",
            step=recipe.learning_rate / 2,
            key=key("rate"),
            help="Length of a step at its highest. Too high and the loss diverges, too low and it crawls.",
        ),
        "schedule": st.selectbox(
            "Schedule",
            recipes.SCHEDULES,
            recipes.SCHEDULES.index(recipe.schedule),
            format_func=spaced,
            key=key("schedule"),
            help="How the learning rate changes over the epochs.",
        ),
        "optimizer": st.selectbox(
            "Optimiser",
            recipes.OPTIMIZERS,
            recipes.OPTIMIZERS.index(recipe.optimizer),
            format_func=spaced,
            key=key("optimizer"),
            help="How a gradient becomes a step. Adam wants a learning rate near 0.001.",
        ),
        "weight_decay": st.number_input(
            "Weight decay",
            0.0,
            1.0,
            recipe.weight_decay,
            format="%g",
            step=1e-4,
            key=key("decay"),
            help="Pull of every weight towards zero; it keeps the net from learning its images by heart.",
        ),
        "augment": st.toggle(
            "Crop and mirror",
            recipe.augment,
            key=key("augment"),
            help="Show images shifted by up to 4 pixels and mirrored at random; mirrored digits mislead.",
        ),
    }
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 0, key=key("seed"), help="Another seed: other initial weights, another order."
    )
    return name, changes | {f"seed_{what}": seed for what in ("initialisation", "order", "noise")}


def spaced(name: str) -> str:
    return {"sgd": "SGD"}.get(name, name.replace("_", " ").capitalize())


def start(settings: recipes.Settings) -> None:
    """Begin a training and show it."""
    with guard():
        data = datasets.info(settings.dataset).title.partition(" (")[0]
        title = f"{catalogue.title(settings.model)} on {data}"
        run = Run.create("classifier", settings.to_json(), name=title)
        job.start(run)
        st.query_params["run"] = run.id


def shown_run(runs: list[Run | DamagedRun]) -> str | None:
    """The run of the address; without one the run last looked at, one that is under way, or the newest."""
    if asked := st.query_params.get("run"):
        return asked
    whole = [run for run in runs if isinstance(run, Run)]
    remembered = [run for run in whole if run.id == st.session_state.get(SHOWN)]
    under_way = [run for run in whole if run.status().alive]
    return next((run.id for run in (*remembered, *under_way, *whole)), None)


def watch(id: str) -> None:
    """The card and curves of the run `id`, redrawn every second while it is under way."""
    path = root() / Path(id).name  # an address opens no folder but those of runs
    alive = Run.open(path).status().alive

    @st.fragment(run_every=1 if alive else None)
    def live() -> None:
        with guard():
            run = Run.open(path)  # what a run says of its net comes a moment after its start
            status = run.status()
            if status.alive != alive:
                st.rerun()
            rows = run.metrics()
            job_card.card(run, status, rows)
            if rows or status.alive:
                curves(run, rows)

    live()


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    epochs, split = job_card.epochs(run), job_card.held_out(run)
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
    st.button(
        "Train BN-NiN on digits",
        icon=":material/play_arrow:",
        on_click=lambda: start(recipes.settings(USUAL["dataset"], USUAL["net"], threads=hardware.spare_threads())),
    )
    images = datasets.load("digits").train.images[:SAMPLES]
    st.image(
        [image.permute(1, 2, 0).squeeze(2).numpy() for image in images],
        width=56,
        alt=["A scanned digit"] * SAMPLES,
    )


@st.fragment(run_every=5)
def earlier(shown: str) -> None:
    """All runs, newest first, each a button that shows it; a damaged one says what is wrong with it."""
    runs = list_runs("classifier")
    st.subheader("Runs", anchor=False)
    for run in runs[:FEW]:
        line(run, shown)
    if len(runs) > FEW:
        older = st.expander(f"{len(runs) - FEW} older", on_change="rerun", key="older runs")
        with older:
            for run in runs[FEW:] if older.open else ():
                line(run, shown)


def line(run: Run | DamagedRun, shown: str) -> None:
    if isinstance(run, DamagedRun):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("Damaged", icon=":material/broken_image:", color="red")
            st.caption(str(run))
        return
    split = job_card.held_out(run)
    error = job_card.latest(run.metrics(), f"{split}_error")
    with st.container(horizontal=True, vertical_alignment="center"):
        label = job_card.plain(run.name)
        if run.id == shown:
            st.markdown(f"**{label}**", width="content")
        elif st.button(label, type="tertiary", key=f"show {run.id}"):
            st.query_params["run"] = run.id
            st.rerun()
        job_card.badge(run.status())
        judged = "" if error is None else f"{error:.2f} % {split} error"
        st.caption(" · ".join(filter(None, (when(run.created), judged))))


def when(created: str) -> str:
    """How long ago, in words."""
    try:
        minutes = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() / 60
    except (TypeError, ValueError):
        return ""
    for length, word in ((1440, "d"), (60, "h"), (1, "min")):
        if minutes >= length:
            return f"{minutes // length:.0f} {word} ago"
    return "just now"


controls, picture = frame.columns()
with controls:
    choose()
with picture, guard():
    runs = list_runs("classifier")
    chosen = shown_run(runs)
    if chosen is None:
        invite()
    else:
        st.query_params["run"] = st.session_state[SHOWN] = chosen
        with guard():
            watch(chosen)
        earlier(chosen)
    frame.takeaway(
        "While test error falls with training error the net learns; where they part, it begins to learn by heart."
    )
