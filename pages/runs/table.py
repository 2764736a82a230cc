"""Runs as lines of a table and as names in a legend."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import datasets
from core.errors import UserError
from core.models import catalogue
from core.runs import comparison
from core.runs.run import DamagedRun, Run
from core.trainers.recipe import Settings
from ui import run_states

COLUMNS: dict[str, Any] = {
    "Run": st.column_config.TextColumn(width="medium", pinned=True),
    "Error, %": st.column_config.NumberColumn(format="%.2f", help="On the images held out."),
    "Judged on": st.column_config.TextColumn(help="The split whose error it is."),
    "Train error, %": st.column_config.NumberColumn(format="%.2f", help="Mean over the last epoch."),
    "Epochs": st.column_config.NumberColumn(format="%.4g"),
    "Time, min": st.column_config.NumberColumn(format="%.1f", help="Of training alone, without evaluation."),
    "Images/s": st.column_config.NumberColumn(format="%.0f"),
    "Created": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    "From": st.column_config.TextColumn(help="Yours, or shipped with Atelier to compare with."),
    "Note": st.column_config.TextColumn(width="medium"),
}


ORDER = (
    ("Run", "From", "State", "Error, %", "Judged on", "Train error, %", "Net", "Data set")  # fmt: skip
    + ("Recipe", "Epochs", "Time, min", "Images/s", "Created", "Note")
)


def lines(runs: Sequence[Run | DamagedRun]) -> pd.DataFrame:
    """A row for each run, in their order, by its id."""
    return pd.DataFrame([line(run) for run in runs], [run.id for run in runs], ORDER)


def line(run: Run | DamagedRun) -> dict[str, Any]:
    """A row of the table; of a damaged folder the sentence that says what is wrong with it."""
    try:
        if isinstance(run, DamagedRun):
            raise run
        found = comparison.summary(run)
    except UserError as error:
        return {"Run": run.id, "State": "Damaged", "From": "you", "Note": str(error)}
    return {
        "Run": found.name,
        "State": run_states.FACES[run.status().state].word,
        "Error, %": found.error,
        "Judged on": found.held_out if found.error is not None else None,
        "Train error, %": found.train_error,
        "Net": net_title(found.net),
        "Data set": dataset_title(found.dataset),
        "Recipe": found.recipe.replace("_", " ").capitalize() or None,
        "Epochs": found.epochs,
        "Time, min": None if found.seconds is None else found.seconds / 60,
        "Images/s": found.images_per_second,
        "Created": found.created,
        "From": "Atelier" if run.shipped else "you",
        "Note": found.note or None,
    }


def names(runs: Iterable[Run]) -> dict[str, str]:
    """A label for each run by its id, no two the same: its name, and where others have that too, when it was made."""
    found = {run.id: comparison.summary(run) for run in runs}
    labels = {id: line.name for id, line in found.items()}
    for tell in (lambda id: f"{found[id].created:%d %b %H:%M}" if found[id].created else id, lambda id: id):
        known = list(labels.values())
        labels = {
            id: f"{found[id].name}, {tell(id)}" if known.count(label) > 1 else label for id, label in labels.items()
        }
    return labels


def settings(run: Run) -> Mapping[str, Any]:
    """The run's settings, what an older version did not write filled in; as they stand where they fit no classifier."""
    try:
        return Settings.from_json(run.settings).to_json()
    except UserError:
        return run.settings


def setting_title(key: str) -> str:
    """recipe.learning_rate -> Learning rate"""
    return key.removeprefix("recipe.").replace("_", " ").replace(".", ", ").capitalize()


@functools.lru_cache(maxsize=512)
def net_title(name: str) -> str | None:
    """The net's name as the thesis writes it; as it stands where it is in no catalogue."""
    try:
        return catalogue.title(name)
    except UserError:
        return name.replace("_", " ").capitalize() or None


@functools.lru_cache(maxsize=512)
def dataset_title(name: str) -> str | None:
    """The data set's name in short; of the user's own pictures the folder's."""
    kind, _, rest = name.partition(":")
    if kind == "folder":
        return rest.partition("?")[0].rstrip("/").rpartition("/")[2] or name
    try:
        return datasets.info(name).title.partition(" (")[0]
    except UserError:
        return name or None
