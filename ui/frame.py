"""What every page has: a head with its claim, two columns, a takeaway, and sentences for tracebacks."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError

ICON = Path(__file__).with_name("icon.png")
UNEXPECTED = (
    "An unexpected error occurred. Your runs and pictures are safe: reload the page, or "
    "change the last thing you set. The details are in the terminal that serves the app."
)


def head(title: str, claim: str) -> None:
    """Draw the title of a page and, under it, its idea in one sentence."""
    st.title(title, anchor=False)
    st.caption(claim)


def columns() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return a quarter of the width for the controls and the rest for the picture; on a phone one above the other."""
    controls, picture = st.columns([1, 3], gap="large")
    return controls, picture


def takeaway(text: str) -> None:
    """Draw what to remember of a page, in a sentence or two under the picture."""
    st.caption(text)


@contextmanager
def guard() -> Iterator[None]:
    """Show an error raised inside as a sentence; what follows the block is drawn all the same."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, UserError):
            traceback.print_exception(error, file=sys.stderr)
        show_failure(error)


def show_failure(error: Exception) -> bool:
    """Show `error` as a sentence: its own where it is meant for the user, else a general one.

    Return True, by which Streamlit knows that the error has been shown.
    """
    if isinstance(error, UserError):
        st.error(str(error), icon=":material/error:")
    else:
        st.error(UNEXPECTED, icon=":material/error:")
    return True
