"""The list of mistakes that was filtered, and how an image of it is opened and closed."""

from dataclasses import dataclass

import streamlit as st

from core.datasets import Dataset, Split
from core.explain import marks
from core.explain.mistakes import Mistakes
from core.trainers.trained import TrainedClassifier

OPEN = "image"  # the key of the address that says which image is opened


@dataclass(frozen=True)
class Listing:
    """The listed `mistakes` of `trained` on the images of `split`, which is called `name`, of `data`."""

    trained: TrainedClassifier
    data: Dataset
    name: str
    split: Split
    mistakes: Mistakes
    marks: marks.Marks


def open_button(label: str, index: int, icon: str = "open_in_full") -> None:
    """Draw a button that opens an image on this page."""
    st.button(
        label,
        key=f"{label} {index}",
        type="tertiary",
        on_click=lambda: st.query_params.update({OPEN: str(index)}),
        icon=f":material/{icon}:",
    )


def close() -> None:
    """Close the opened image."""
    st.query_params.pop(OPEN, None)


def back_to_list() -> None:
    """Close the opened image and turn to the first page of the list."""
    close()
    st.session_state.pop("page", None)
