"""The table of all runs, and the labels of runs in a legend."""

import functools
import hashlib
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
from pages.runs.selection import select
from ui import run_states

COLUMNS: dict[str, Any] = {
    "Run": st.column_config.TextColumn(width="medium", pinned=True),
    "Error, %": st.column_config.NumberColumn(format="%.2f", help="On validation or test images."),
    "Evaluated on": st.column_config.TextColumn(help="The split whose error it is."),
    "Train error, %": st.column_config.NumberColumn(format="%.2f", help="Mean over the last epoch."),
    "Epochs": st.column_config.NumberColumn(format="%.4g"),
    "Time, min": st.column_config.NumberColumn(format="%.1f", help="Of training alone, without evaluation."),
    "Images/s": st.column_config.NumberColumn(format="%.0f"),
    "Created": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    "From": st.column_config.TextColumn(help="Yours, or shipped with Atelier to compare with."),
    "Note": st.column_config.TextColumn(width="medium"),
}
ORDER = (
    ("Run", "From", "State", "Error, %", "Evaluated on", "Train error, %", "Net", "Data set")  # fmt: skip
    + ("Training preset", "Epochs", "Time, min", "Images/s", "Created", "Note")
)
ROW_PX, FEW_ROWS = 35, 7  # so few rows leave the rest of the stage to the chart
_VERSION = "version of the table of runs"


def draw(rows: pd.DataFrame, ids: list[str]) -> None:
    """Draw the rows in a table whose headers sort it; what is selected in it goes into the address."""
    shown_ids = list(rows.index)
    places = [place for place, id in enumerate(shown_ids) if id in ids]
    stamp = hashlib.sha1("\n".join(shown_ids).encode()).hexdigest()[:12]
    key = f"runs {stamp} {st.session_state.get(_VERSION, 0)}"
    state = st.session_state.get(key)
    if state is not None and sorted(state["selection"]["rows"]) != places:
        # The address was changed elsewhere: a table of a new name begins with its selection.
        st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
        key = f"runs {stamp} {st.session_state[_VERSION]}"

    def write_address() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        select([shown_ids[row] for row in chosen if row < len(shown_ids)])

    st.dataframe(
        rows,
        key=key,
        on_select=write_address,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": places}},
        hide_index=True,
        placeholder="–",
        height="stretch" if len(shown_ids) > FEW_ROWS else ROW_PX * (1 + len(shown_ids)) + 3,
        column_config=COLUMNS,
        alt=f"{len(shown_ids)} runs with net, data set, preset, state, errors, epochs and time of each.",
    )


def place(run: Run | DamagedRun) -> tuple[bool, bool]:
    """Return a key that sorts the user's own runs before the shipped ones, and among these classifiers first."""
    if isinstance(run, DamagedRun) or not run.shipped:
        return False, False
    return True, run.kind != "classifier"


def rows(runs: Sequence[Run | DamagedRun]) -> pd.DataFrame:
    """Return a row for each run, in their order, by its id."""
    return pd.DataFrame([row(run) for run in runs], [run.id for run in runs], ORDER)


def row(run: Run | DamagedRun) -> dict[str, Any]:
    """Return a row of the table; of a damaged folder the sentence that says what is wrong with it."""
    try:
        if isinstance(run, DamagedRun):
            raise run
        summary = comparison.summary(run)
    except UserError as error:
        return {"Run": run.id, "State": "Damaged", "From": "you", "Note": str(error)}
    return {
        "Run": summary.name,
        "State": run_states.STATE_LABELS[run.status().state].word,
        "Error, %": summary.error,
        "Evaluated on": summary.held_out if summary.error is not None else None,
        "Train error, %": summary.train_error,
        "Net": net_title(summary.net),
        "Data set": dataset_title(summary.dataset),
        "Training preset": summary.recipe.replace("_", " ").capitalize() or None,
        "Epochs": summary.epochs,
        "Time, min": None if summary.seconds is None else summary.seconds / 60,
        "Images/s": summary.images_per_second,
        "Created": summary.created,
        "From": "Atelier" if run.shipped else "you",
        "Note": summary.note or None,
    }


def names(runs: Iterable[Run]) -> dict[str, str]:
    """Return a label for each run by its id, no two the same: its name, with its time or id where others share it."""
    summaries = {run.id: comparison.summary(run) for run in runs}

    def created(id: str) -> str:
        moment = summaries[id].created
        return f"{moment:%d %b %H:%M}" if moment else id

    labels = {id: summary.name for id, summary in summaries.items()}
    for suffix in (created, str):
        in_use = list(labels.values())
        labels = {
            id: f"{summaries[id].name}, {suffix(id)}" if in_use.count(label) > 1 else label
            for id, label in labels.items()
        }
    return labels


def settings(run: Run) -> Mapping[str, Any]:
    """Return the run's settings, completed where an older version wrote fewer; unchanged where it is no classifier."""
    try:
        return Settings.from_json(run.settings).to_json()
    except UserError:
        return run.settings


def setting_title(key: str) -> str:
    """Return the title of a setting: "recipe.learning_rate" -> "Learning rate"."""
    return key.removeprefix("recipe.").replace("_", " ").replace(".", ", ").capitalize()


@functools.lru_cache(maxsize=512)
def net_title(name: str) -> str | None:
    """Return the net's name as the thesis writes it; as it stands where it is in no catalogue."""
    try:
        return catalogue.title(name)
    except UserError:
        return name.replace("_", " ").capitalize() or None


@functools.lru_cache(maxsize=512)
def dataset_title(name: str) -> str | None:
    """Return the data set's name in short; of the user's own pictures the folder's."""
    kind, _, rest = name.partition(":")
    if kind == "folder":
        return rest.partition("?")[0].rstrip("/").rpartition("/")[2] or name
    try:
        return datasets.info(name).title.partition(" (")[0]
    except UserError:
        return name or None
