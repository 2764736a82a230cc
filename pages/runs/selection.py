"""Which runs are selected, as the address carries it, and the error that a callback leaves for the next run."""

import pandas as pd
import streamlit as st

from core.errors import UserError

NONE_SELECTED = "none"  # in the address when every run has been taken out
FEW = 4  # runs that are selected at first, and that get a link or a download each
_ERROR = "error of a run's action"


def selected_ids(rows: pd.DataFrame) -> list[str]:
    """Return the ids in the address that exist; without any the newest run and those of the same data set.

    `rows` is the table of all runs by their id.
    """
    if ids := st.query_params.get_all("run"):
        return [id for id in dict.fromkeys(ids) if id in rows.index]
    measured = rows[rows["Error, %"].notna()]
    return list(measured.index[measured["Data set"] == measured["Data set"].iloc[0]][:FEW]) if len(measured) else []


def select(ids: list[str]) -> None:
    """Write these ids into the address."""
    st.query_params["run"] = ids or [NONE_SELECTED]


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
