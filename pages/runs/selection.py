"""Which runs are selected, as the address carries it, and the error that a callback leaves for the next run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.runs.run import Run
from web import address

NONE_SELECTED = "none"  # in the address when every run has been taken out
FEW = 4  # runs that are selected at first, and that get a link or a download each
_ERROR = "error of a run's action"


@dataclass(frozen=True)
class Comparison:
    """Runs that are laid over one another, the label of each by its id, and what their curves are drawn over."""

    runs: Sequence[Run]
    names: Mapping[str, str]
    axis: str
    logarithmic: bool


def selected_ids(rows: pd.DataFrame) -> list[str]:
    """Return the ids in the address that exist; without any the newest run and those of the same data set.

    `rows` is the table of all runs by their id. A sentence says which are gone.
    """
    ids = list(dict.fromkeys(st.query_params.get_all("run")))
    found = [id for id in ids if id in rows.index]
    gone = [id for id in ids if id not in rows.index and id != NONE_SELECTED]
    if gone:
        others = f" and {len(gone) - 1} more are" if len(gone) > 1 else " is"
        instead = "the others are drawn" if found else "the newest are drawn"
        address.note(f"The run {address.quoted(gone[0])}{others} not here: {instead}.")
    if found or NONE_SELECTED in ids:
        return found
    measured = rows[rows["Error, %"].notna()]
    return list(measured.index[measured["Data set"] == measured["Data set"].iloc[0]][:FEW]) if len(measured) else []


def select(ids: list[str]) -> None:
    """Write these ids into the address."""
    address.put("run", ids or [NONE_SELECTED])


def add(ids: list[str]) -> None:
    """Add these ids to those in the address."""
    select([*(id for id in st.query_params.get_all("run") if id != NONE_SELECTED), *ids])


def remove(ids: list[str]) -> None:
    """Take these ids out of the address."""
    select([id for id in st.query_params.get_all("run") if id not in ids])


def keep_error(error: UserError) -> None:
    """Keep the error of a callback, which cannot draw, for `show_error`."""
    st.session_state[_ERROR] = str(error)


def show_error() -> None:
    """Show the error that was kept last, once."""
    if message := st.session_state.pop(_ERROR, None):
        st.error(message, icon=":material/error:")
