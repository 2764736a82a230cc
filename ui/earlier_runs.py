"""The runs of a kind under the one that a page shows: newest first, each a button that shows it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import streamlit as st

from core.runs.run import DamagedRun, Run
from ui import run_states
from ui.buttons import firm
from web import formats

FEW = 6  # that are listed at once


def earlier(
    title: str, runs: Sequence[Run | DamagedRun], shown: str, describe: Callable[[Run], str] = lambda run: ""
) -> None:
    """Draw all `runs` under a title, the older ones folded away, each with its age and what `describe` returns.

    Nothing is drawn where there are none.
    """
    if not runs:
        return
    st.header(title, anchor=False)
    for run in runs[:FEW]:
        _line(run, shown, describe)
    if len(runs) > FEW:
        older = st.expander(f"{len(runs) - FEW} older", on_change="rerun", key=f"older of {title}")
        with older:
            for run in runs[FEW:] if older.open else ():
                _line(run, shown, describe)


def _line(run: Run | DamagedRun, shown: str, describe: Callable[[Run], str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if isinstance(run, DamagedRun):
            st.badge("Damaged", icon=":material/broken_image:", color="red")
            st.caption(formats.escape_markdown(str(run)))
            return
        label = formats.escape_markdown(run.name)
        if run.id == shown:
            st.markdown(f"**{label}**", width="content")
        elif firm(label, type="tertiary", key=f"show {run.id}"):
            st.query_params["run"] = run.id
            st.rerun()
        run_states.badge(run.status())
        st.caption(formats.escape_markdown(" · ".join(filter(None, (age(run.created), describe(run))))))


def age(created: str) -> str:
    """Return how long ago a moment in ISO format was, in words; empty for any other text."""
    try:
        minutes = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() / 60
    except (TypeError, ValueError):
        return ""
    for length, word in ((1440, "d"), (60, "h"), (1, "min")):
        if minutes >= length:
            return f"{minutes // length:.0f} {word} ago"
    return "just now"
