"""The controls of every hyperparameter of a training preset, each with its effect in a line of help."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core import hardware
from core.runs.run import DamagedRun, Run
from core.trainers import kept_epochs
from core.trainers import recipe as recipes
from pages.train.fields import Fields, capitalised, heading
from pages.train.optimiser_fields import draw_length, draw_optimiser
from pages.train.regularisation_fields import draw_augmentation, draw_regularisation
from pages.train.start_fields import draw_start
from web import address

PRECISIONS = {"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16"}
VIEWS = {1: "None", 2: "2 views, flipped"}
SEED_LIMIT = 2**31 - 1


def preset_title(name: str) -> str:
    """Return the title of a preset: "thesis+" -> "Thesis, augmented (+)"."""
    return {"thesis+": "Thesis, augmented (+)"}.get(name, capitalised(name))


def choose_values(fields: Fields, runs: Iterable[Run | DamagedRun]) -> dict[str, Any]:
    """Draw all controls and return their values, by the names that `core.trainers.recipe.settings` takes.

    `runs` are those whose weights a training may start from. Raises UserError for what cannot be trained.
    """
    values = draw_length(fields) | draw_optimiser(fields) | draw_regularisation(fields) | draw_augmentation(fields)
    values |= draw_evaluation(fields) | draw_checkpoints(fields, values["epochs"])
    return values | draw_precision() | draw_seeds() | draw_start(fields, runs)


def draw_evaluation(fields: Fields) -> dict[str, Any]:
    """Draw the control of the evaluation and return its value."""
    heading("Evaluation")
    return {
        "test_views": fields.choice(
            "test_views",
            "Test-time augmentation",
            {views: f"{views} views, flipped and shifted" for views in recipes.VIEWS} | VIEWS,
            recipes.VIEWS,
            "Mean of the net's outputs for several views of an image: a lower error for more time (section 3.6.4).",
        )
    }


def draw_checkpoints(fields: Fields, epochs: int) -> dict[str, Any]:
    """Draw the control of the checkpoints of a training of so many epochs and return its value."""
    net = recipes.blank(fields.net, fields.images)
    count = address.number(
        "keep_epochs",
        "Checkpoints",
        (0, kept_epochs.MOST),
        kept_epochs.usual(net, fields.recipe.epochs),
        help="Epochs whose weights are saved: page Mistakes then shows how the net learned an image.",
    )
    st.caption(describe_checkpoints(kept_epochs.chosen(epochs, count), kept_epochs.size(net, epochs, count)))
    return {"keep_epochs": count}


def describe_checkpoints(epochs: tuple[int, ...], size: int) -> str:
    """Return a sentence about the epochs of the checkpoints and their `size` in bytes."""
    if not epochs:
        return "No checkpoints are saved."
    among = ", ".join(map(str, epochs)) if len(epochs) < 15 else f"{len(epochs)} from {epochs[0]} to {epochs[-1]}"
    return f"Epochs {among}: {max(0.1, size / 1e6):,.1f} MB on the disk."


def draw_precision() -> dict[str, Any]:
    """Draw the controls of number format and processor cores and return their values."""
    heading("Precision")
    precision = address.choice(
        "precision",
        "Number format",
        tuple(recipes.PRECISIONS),
        PRECISIONS.__getitem__,
        "bfloat16 halves the time where the hardware has it and is slower where it has not.",
    )
    fast = hardware.bf16_is_fast()
    st.caption("This machine computes bfloat16 " + ("fast." if fast else "slowly: float32 is used."))
    threads = st.number_input(
        "Processor cores",
        1,
        hardware.cores(),
        hardware.spare_threads(),
        key="threads",
        help="One left free keeps these pages quick.",
    )
    return {"precision": precision, "threads": threads}


def draw_seeds() -> dict[str, Any]:
    """Draw the controls of the random seeds and return their values."""
    heading("Random seeds")
    return {
        f"seed_{what}": address.number(f"seed_{what}", label, (0, SEED_LIMIT), help=help)
        for what, label, help in (
            ("initialisation", "Initialisation seed", "Another number: other initial weights."),
            ("order", "Shuffling seed", "Another number: the images in another order."),
            ("noise", "Augmentation and dropout seed", "Another number: other dropout, shifts and flips."),
        )
    }
