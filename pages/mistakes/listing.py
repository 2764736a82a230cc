"""The list of mistakes that was filtered, and how an image of it is opened and closed."""

from dataclasses import dataclass

import streamlit as st

from core.datasets import Dataset, Split
from core.explain import marks
from core.explain.mistakes import Mistakes
from core.trainers.trained import TrainedClassifier
from web import address

OPEN, PAGE = "image", "page"  # keys of the address: the opened image, and the page of the list
ANY = "any"  # the filter by class that lets all through


@dataclass(frozen=True)
class Listing:
    """The listed `mistakes` of `trained` on the images of `split`, which is called `name`, of `data`."""

    trained: TrainedClassifier
    data: Dataset
    name: str
    split: Split
    mistakes: Mistakes
    marks: marks.Marks


def open_image(index: int) -> None:
    """Open an image of the split."""
    address.put(OPEN, str(index))


def close() -> None:
    """Close the opened image."""
    address.put(OPEN, None)


def back_to_list() -> None:
    """Close the opened image and turn to the first page of the list."""
    close()
    address.put(PAGE, None)
    st.session_state.pop(PAGE, None)


def choose_pair(truth: str, predicted: str) -> None:
    """List the images of a pair of classes; a class paired with itself stands for all mistakes on it."""
    # The keys of the address are older than the labels, and links to the page have them.
    for key, name in (("truth", truth), ("taken", ANY if truth == predicted else predicted)):
        st.session_state[f"choice of {key}"] = name
        address.put(key, None if name == ANY else name)
    back_to_list()


def open_button(label: str, index: int, icon: str) -> None:
    """Draw a button that opens an image on this page."""
    st.button(label, key=f"{label} {index}", on_click=open_image, args=(index,), icon=f":material/{icon}:")
