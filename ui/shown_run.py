"""Which of its runs a page shows, and how it is kept up to date.

The address carries the run's id, and the session keeps it for as long as the tab is open.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core.errors import UserError
from core.runs.run import DamagedRun, Run, root, shipped_root
from core.runs.status import Status
from ui.frame import guard
from web import address


def shown_run(page: str, runs: Sequence[Run | DamagedRun], recorded: Sequence[Run | DamagedRun] = ()) -> str | None:
    """Return the id in the address; without one the run looked at last, one that is under way, or the newest.

    Where there is none of them, the first of the `recorded` ones, which came with Atelier; None without any. An address
    of no such run gets a sentence.
    """
    key = f"run shown on the {page} page"
    in_address = st.query_params.get_all("run")
    known = _by_id((*recorded, *runs))
    if in_address and in_address[-1] in known:
        id = in_address[-1]
    else:
        id = _usual(runs, st.session_state.get(key)) or next(iter(_by_id(recorded)), None)
    if id is not None and not in_address:
        address.default("run", id)
    if id in _by_id(runs):
        st.session_state[key] = id
    if in_address and in_address != [id]:
        address.note(_fault(in_address, runs) + (f" Shown is {known[id].name}." if id else ""))
    return id


def _fault(in_address: list[str], runs: Sequence[Run | DamagedRun]) -> str:
    """Return in a sentence why the runs in the address cannot be shown."""
    name = Path(in_address[-1]).name
    if len(in_address) > 1:
        return f"The address names {len(in_address)} runs; this page shows one."
    if not name:
        return "The address names no run."
    for run in runs:
        if isinstance(run, DamagedRun) and run.id == name:
            return str(run)
    try:
        return f"The run {Run.open(folder_of(name)).name} is of another kind."
    except (UserError, OSError, ValueError):
        return f"There is no run named {name[: address.LONGEST]}; it may have been moved or deleted."


def watch(path: Path, draw: Callable[[Run, Status], None], beside: Sequence[Run] = ()) -> None:
    """Draw the run in `path`, again every second while it or one of the runs `beside` it is under way.

    It is opened each time: a run writes its own figures only a moment after its start. Where it is gone by then, the
    page is drawn anew.
    """

    def is_moving(run: Run) -> bool:
        return any(one.status().under_way for one in (run, *beside))

    moving = is_moving(Run.open(path))

    @st.fragment(run_every=1 if moving else None)
    def live() -> None:
        with guard():
            try:
                run = Run.open(path)
            except DamagedRun:
                st.rerun()
            if is_moving(run) != moving:
                st.rerun()
            draw(run, run.status())

    live()


def folder_of(id: str) -> Path:
    """Return the folder of the run with the id of an address, a recorded one or one's own; never a folder elsewhere."""
    own, recorded = root() / Path(id).name, shipped_root() / Path(id).name
    # os.path says no to a name that is longer than the file system takes, where pathlib raises an error.
    return recorded if os.path.isdir(recorded) and not os.path.isdir(own) else own


def _by_id(runs: Sequence[Run | DamagedRun]) -> dict[str, Run]:
    return {run.id: run for run in runs if isinstance(run, Run)}


def _usual(runs: Sequence[Run | DamagedRun], remembered: str | None) -> str | None:
    whole = [run for run in runs if isinstance(run, Run)]
    last_seen = [run for run in whole if run.id == remembered]
    under_way = [run for run in whole if run.status().alive]
    return next((run.id for run in (*last_seen, *under_way, *whole)), None)
