"""Which of its runs a page shows, and how it is kept up to date.

The address carries the run's id, and the session keeps it for as long as the tab is open.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core.runs.run import DamagedRun, Run, root
from core.runs.status import Status
from ui.frame import guard


def shown_run(page: str, runs: Sequence[Run | DamagedRun]) -> str | None:
    """Return the id in the address; without one the run looked at last, one that is under way, or the newest.

    None where there is no run.
    """
    key = f"run shown on the {page} page"
    id = st.query_params.get("run") or _usual(runs, st.session_state.get(key))
    if id is not None:
        st.query_params["run"] = st.session_state[key] = id
    return id


def watch(path: Path, draw: Callable[[Run, Status], None], beside: Sequence[Run] = ()) -> None:
    """Draw the run in `path`, again every second while it or one of the runs `beside` it is under way.

    It is opened each time: a run writes its own figures only a moment after its start.
    """

    def is_moving(run: Run) -> bool:
        return any(one.status().under_way for one in (run, *beside))

    moving = is_moving(Run.open(path))

    @st.fragment(run_every=1 if moving else None)
    def live() -> None:
        with guard():
            run = Run.open(path)
            if is_moving(run) != moving:
                st.rerun()
            draw(run, run.status())

    live()


def folder_of(id: str) -> Path:
    """Return the folder of the run with the id of an address; never a folder elsewhere."""
    return root() / Path(id).name


def _usual(runs: Sequence[Run | DamagedRun], remembered: str | None) -> str | None:
    whole = [run for run in runs if isinstance(run, Run)]
    last_seen = [run for run in whole if run.id == remembered]
    under_way = [run for run in whole if run.status().alive]
    return next((run.id for run in (*last_seen, *under_way, *whole)), None)
