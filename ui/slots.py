"""Slow answers of a net, computed once behind a progress bar and kept in a cache slot for every visitor.

Streamlit replays at every hit what a cached function has drawn, progress bar and all. So the cached function returns
only the slot, an empty list, under a key that names the net, its `nets.stamp` and the images; it is filled outside.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

Progress = Callable[[int, int], None]
T = TypeVar("T")


def filled(slot: list[T], label: str, compute: Callable[[Progress], T], unit: str = "images") -> T:
    """Return what a cache slot holds; fill an empty one with what `compute` returns, behind a progress bar."""
    if not slot:
        with progress_bar(label, unit) as progress:
            slot.append(compute(progress))
    return slot[0]


@contextmanager
def progress_bar(label: str, unit: str = "images") -> Iterator[Progress]:
    """Show a progress bar while the block runs; yield the function that moves it, called with the count and total."""
    bar = st.progress(0.0, text=label)

    def move(done: int, of: int) -> None:
        bar.progress(done / of, text=f"{label}: {done:,} of {of:,} {unit}")

    try:
        yield move
    finally:
        bar.empty()
