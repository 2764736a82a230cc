"""Which of its runs a page shows. The address carries it, and the page remembers it for as long as the tab is open."""

from collections.abc import Sequence

import streamlit as st

from core.runs.folder import DamagedRun, Run


def shown_run(page: str, runs: Sequence[Run | DamagedRun]) -> str | None:
    """The run of the address; without one the run last looked at, one that is under way, or the newest.

    None where there is no run.
    """
    key = f"run shown on the {page} page"
    chosen = st.query_params.get("run") or _usual(runs, st.session_state.get(key))
    if chosen is not None:
        st.query_params["run"] = st.session_state[key] = chosen
    return chosen


def _usual(runs: Sequence[Run | DamagedRun], remembered: str | None) -> str | None:
    whole = [run for run in runs if isinstance(run, Run)]
    last_seen = [run for run in whole if run.id == remembered]
    under_way = [run for run in whole if run.status().alive]
    return next((run.id for run in (*last_seen, *under_way, *whole)), None)
