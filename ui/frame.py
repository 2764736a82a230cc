"""What every page has: a head with its claim, two columns, a takeaway, and sentences for tracebacks."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from web import address
from web.formats import escape_markdown

ICON = Path(__file__).with_name("icon.png")
STYLE = Path(__file__).with_name("style.css")
STAGE_PX = 640  # of a stage where the stylesheet does not apply
UNEXPECTED = (
    "An unexpected error occurred. Your runs and pictures are safe: reload the page, or "
    "change the last thing you set. The details are in the terminal that serves the app."
)


@dataclass(frozen=True)
class Layout:
    """The three places of a page: the result, what explains it below, and the controls."""

    result: DeltaGenerator
    details: DeltaGenerator
    controls: DeltaGenerator


def head(title: str, claim: str) -> DeltaGenerator:
    """Draw the one line above a result: title and claim. Return the place for buttons at its end."""
    with st.container(key="head", horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(title, anchor=False, width="content")
        st.caption(claim, width="stretch")
        return st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="actions")


def layout() -> Layout:
    """Make the places of a page: result and details in three quarters of the width, controls in the last quarter.

    At a phone's width the result comes first and stays in sight, then the controls, then the details. What was wrong
    with the address is said right below the result.
    """
    left, right = st.columns([3, 1], gap="medium")
    result = left.container(key="result")
    address.place_notes(left.container(key="notes"))
    return Layout(result, left.container(key="details"), right.container(key="controls"))


def stage(name: str = "") -> DeltaGenerator:
    """Make a place in a result that is as high as the first screen leaves room, on a phone half of it.

    Charts and tables drawn in it with `height="stretch"` share that height. Stages beside each other have names.
    """
    return st.container(key=f"stage {name}".strip(), height=STAGE_PX, border=False, gap="small")


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

    Such a sentence quotes names, paths and values of others, so that no Markdown is read in it.
    Return True, by which Streamlit knows that the error has been shown.
    """
    if isinstance(error, UserError):
        st.error(escape_markdown(str(error)), icon=":material/error:")
    else:
        st.error(UNEXPECTED, icon=":material/error:")
    return True
