"""Slow answers of a net, computed once behind a progress bar and kept in a cache slot for every visitor.

Streamlit replays at every hit what a cached function has drawn, progress bar and all. So the cached function returns
only the slot, an empty list, under a key that names the net, its `nets.stamp` and the images; it is filled outside.
"""

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from ui import messages
from ui.messages import Work

ESTIMATE_AFTER = 1.0  # seconds of work: the pace of less says little
_CANCELLED = "work that was cancelled"
Progress = Callable[[int, int], None]
T = TypeVar("T")


def filled(slot: list[T], label: str, compute: Callable[[Progress], T], unit: str = "images") -> T:
    """Return what a cache slot holds; fill an empty one with what `compute` returns, behind a progress bar."""
    if not slot:
        with progress_bar(label, unit) as progress:
            slot.append(compute(progress))
    return slot[0]


@contextmanager
def progress_bar(label: str, unit: str = "images", cancel: Callable[[], None] | None = None) -> Iterator[Progress]:
    """Show a progress bar while the block runs; yield the function that moves it, called with the count and total.

    The time that is left is estimated from the pace so far.
    """
    place = st.empty()
    with place.container():
        bar = messages.progress(Work(label, 0, 0), cancel=cancel, key=f"cancel {label}")
    start = time.monotonic()

    def move(done: int, of: int) -> None:
        seconds = time.monotonic() - start
        left = seconds * (of - done) / done if done and seconds > ESTIMATE_AFTER else None
        messages.progress(Work(label, done, of, unit, left), bar)

    try:
        yield move
    finally:
        place.empty()


def canceller(key: Hashable) -> Callable[[], None]:
    """Return what a Cancel button calls to give up the work of that key until `is_cancelled` starts it again."""

    def cancel() -> None:
        st.session_state.setdefault(_CANCELLED, set()).add(key)

    return cancel


def is_cancelled(key: Hashable, label: str) -> bool:
    """Return whether the visitor has cancelled the work of that key; if so, draw a button that starts it again."""
    cancelled = st.session_state.get(_CANCELLED, set())
    if key not in cancelled:
        return False
    st.button(label, icon=":material/play_arrow:", on_click=cancelled.discard, args=(key,))
    return True
