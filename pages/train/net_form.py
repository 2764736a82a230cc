"""The form of a single training: data set, net and training preset, and the button that starts it."""

from collections.abc import Callable

import streamlit as st

from core import datasets, hardware
from core.errors import UserError
from core.models import catalogue
from core.runs import queue
from core.runs.run import DamagedRun, Run
from core.trainers import pace
from core.trainers import recipe as recipes
from core.trainers.recipe import Settings
from pages.train import fields, recipe_form
from pages.train.fields import Fields
from pages.train.optimiser_fields import optimizer_title
from ui.buttons import firm
from ui.frame import guard
from ui.start import start, title
from web import address, formats
from web.hide import group, is_shown

USUAL = {"dataset": "digits", "net": "bn_nin"}


def choose(runs: list[Run | DamagedRun]) -> None:
    """Draw data set, net and preset, every hyperparameter behind "More", and the button that starts the training."""
    with group("recipe"):
        dataset = from_address("dataset", "Data set", dataset_options(), lambda name: datasets.info(name).title)
        images = datasets.info(dataset)
        size = f"{images.train_size:,} training images, {images.test_size:,} test images"
        st.caption(size + ("." if images.embedded else f"; {images.download_mb} MB are downloaded once."))
        net = from_address("net", "Net", catalogue.names(), catalogue.title)
        preset = choose_preset(net, dataset)
    place = st.container()  # the button stays where it is when the rest is opened
    changes = None
    with group("more"), st.expander("More"), guard():
        changes = recipe_form.choose_values(Fields(net, dataset, preset), runs)
    if changes is None:
        return
    with place, guard():
        settings = recipes.settings(dataset, net, preset, **changes)
        if is_shown("train"):
            offer(settings, runs)


def offer(settings: Settings, runs: list[Run | DamagedRun]) -> None:
    """Draw the button that starts the training, and what is known before that."""
    # No callback: its settings would be those of the last time this was drawn, not what was typed since.
    if firm("Train", key="train", type="primary", icon=":material/play_arrow:", width="stretch"):
        start([(title(settings), settings)])
        st.rerun()
    st.caption(prospect(settings, runs))


def prospect(settings: Settings, runs: list[Run | DamagedRun]) -> str:
    """Return what is known before the start: how long it takes and on what, and on which images it is evaluated."""
    recipe = settings.recipe
    time = formats.duration(pace.seconds(settings, pace.measured(settings, runs)))
    machine = hardware.describe(pace.number_format(settings) == "bfloat16")
    evaluation = (
        "Evaluated on validation; test measured once, at the end."
        if datasets.info(settings.dataset).validation_size
        else "Weights of the last epoch are used; this data set has no validation split."
    )
    waits = " A training is under way: this one waits for it." if is_full(runs) else ""
    size = recipes.space(settings)
    checkpoints = f" Checkpoints take {max(1, size / 1e6):,.0f} MB." if size else ""
    return (
        f"{recipe.epochs} epochs with {optimizer_title(recipe.optimizer)}, about {time} on this machine ({machine})."
        f"{waits}  \n{evaluation}{checkpoints}"
    )


def is_full(runs: list[Run | DamagedRun]) -> bool:
    """Return whether a training that is started now has to wait."""
    return sum(isinstance(run, Run) and run.status().under_way for run in runs) >= queue.slots()


def dataset_options() -> tuple[str, ...]:
    """Return all data sets, and the one of the address where it is the user's own pictures or has options."""
    name = st.query_params.get("dataset")
    if not name or name in datasets.names():
        return datasets.names()
    try:
        datasets.info(name)
    except (UserError, OSError, ValueError) as error:
        if isinstance(error, UserError) and name.startswith("folder:"):
            address.note(str(error))
            address.put("dataset", None)
        return datasets.names()  # of any other the choice says that it is not among them
    return (*datasets.names(), name)


def from_address(key: str, label: str, options: tuple[str, ...], title: Callable[[str], str]) -> str:
    """Return the choice that the address carries, the usual one without it."""
    options = (USUAL[key], *(name for name in options if name != USUAL[key]))
    return address.choice(key, label, options, title, on_change=forget_preset)


def forget_preset() -> None:
    """Take preset and values out of the address: those of another net or data set say nothing about this one."""
    address.put("preset", None, follow=True)
    fields.forget()


def choose_preset(net: str, dataset: str) -> str:
    """Return the training preset of a net on a data set that the address carries, the first without it."""
    return address.choice(
        "preset",
        "Training preset",
        tuple(recipes.recipes(net, dataset)),
        recipe_form.preset_title,
        "Thesis: the values of its tables, + augmented. Quick: a tenth of the epochs, nearly its error.",
        fields.forget,
    )
