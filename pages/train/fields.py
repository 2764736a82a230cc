"""Controls for single hyperparameters of a training preset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import datasets
from core.datasets import DatasetInfo
from core.trainers import recipe as recipes
from core.trainers.recipe import ClassifierRecipe
from web import address

# Keys of the address that hold values which differ from the preset's; another net, data set or preset drops them.
KEYS = (
    "epochs", "batch", "optimizer", "learning_rate", "momentum", "bias_rate", "schedule", "milestones", "weight_decay",
    "dropout", "label_smoothing", "weight_average", "augment", "padding", "border", "mirror", "flip", "test_views",
    "keep_epochs", "precision", "start",
)  # fmt: skip


def forget() -> None:
    """Take the values of another net, data set or preset out of the address. Call it in a callback."""
    for key in KEYS:
        address.put(key, None, follow=True)


@dataclass(frozen=True)
class Fields:
    """Draws controls that start at the values of a training preset for a net on a data set.

    The address carries each value that differs from the preset's.
    """

    net: str
    dataset: str
    preset: str

    @property
    def recipe(self) -> ClassifierRecipe:
        """The values of the preset."""
        return recipes.recipes(self.net, self.dataset)[self.preset]

    @property
    def images(self) -> DatasetInfo:
        """The data set's record."""
        return datasets.info(self.dataset)

    def number(self, field: str, label: str, low: float, high: float, help: str, step: float) -> float:
        """Draw a number of the recipe between `low` and `high` and return it."""
        return address.decimal(field, label, (low, high), float(getattr(self.recipe, field)), help, step=step)

    def choice(self, field: str, label: str, titles: Mapping[Any, str], options: Iterable[Any], help: str) -> Any:
        """Draw the choice of a recipe's value among options, that of the preset first, by titles, and return it."""
        usual = getattr(self.recipe, field)
        by_name = {str(value): value for value in (usual, *options)}
        name = address.choice(
            field, label, tuple(by_name), lambda name: titles.get(by_name[name], capitalised(name)), help
        )
        return by_name[name]

    def toggle(self, field: str, label: str, help: str) -> bool:
        """Draw a switch of the recipe and return it."""
        return address.toggle(field, label, getattr(self.recipe, field), help)


def capitalised(name: str) -> str:
    """Return the name of an option as words: "one_cycle" -> "One cycle"."""
    return name.replace("_", " ").capitalize()


def heading(title: str) -> None:
    """Draw the heading over a group of controls."""
    st.markdown(f"**{title}**")
