"""Controls for single hyperparameters of a training preset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import datasets
from core.datasets import DatasetInfo
from core.trainers import recipe as recipes
from core.trainers.recipe import ClassifierRecipe


@dataclass(frozen=True)
class Fields:
    """Draws controls that start at the values of a training preset for a net on a data set.

    The choice of another net, data set or preset resets all of them.
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

    def key(self, field: str) -> str:
        """Return the key of the widget for a field."""
        return f"{field} {self.net} {self.dataset} {self.preset}"

    def number(self, field: str, label: str, low: float, high: float, help: str, step: float) -> float:
        """Draw a number of the recipe between `low` and `high` and return it."""
        value = float(getattr(self.recipe, field))
        return st.number_input(label, low, high, value, format="%g", step=step, key=self.key(field), help=help)

    def choice(self, field: str, label: str, titles: Mapping[Any, str], options: Iterable[Any], help: str) -> Any:
        """Draw the choice of a recipe's value among options, shown by their titles, and return it."""
        values = list(options)
        return st.selectbox(
            label,
            values,
            values.index(getattr(self.recipe, field)),
            format_func=lambda value: titles.get(value, capitalised(str(value))),
            key=self.key(field),
            help=help,
        )

    def toggle(self, field: str, label: str, help: str) -> bool:
        """Draw a switch of the recipe and return it."""
        return st.toggle(label, getattr(self.recipe, field), key=self.key(field), help=help)


def capitalised(name: str) -> str:
    """Return the name of an option as words: "one_cycle" -> "One cycle"."""
    return name.replace("_", " ").capitalize()


def heading(title: str) -> None:
    """Draw the heading over a group of controls."""
    st.markdown(f"**{title}**")
