"""The list of mistakes that was filtered, and how an image of it is opened and closed."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.datasets import Split
from core.explain import marks
from core.explain.mistakes import Answers, Mistakes
from core.explain.subjects import Photographs, Subjects
from core.explain.view import View
from core.trainers.trained import TrainedClassifier
from web import address

OPEN, PAGE = "image", "page"  # keys of the address: the opened image, and the page of the list
ANY = "any"  # the filter by class that lets all through


@dataclass(frozen=True)
class Classified:
    """Pictures titled `title` and a net's answers for them.

    `name` is what one of them is called: "test" or "photograph". `key` names them among all others, `marks_key` in the
    file of the user's marks. `train` is the split that the net was trained on, where there is one.
    """

    title: str
    name: str
    key: str
    marks_key: str
    subjects: Subjects
    answers: Answers
    train: Split | None = None

    def file(self, index: int) -> str:
        """Return the place of a photograph in its folder; nothing for an image of a split."""
        return self.subjects.entries[index].place if isinstance(self.subjects, Photographs) else ""


@dataclass(frozen=True)
class Listing:
    """The listed `mistakes` of `trained` among the `pictures`, and the user's marks on them."""

    trained: TrainedClassifier
    pictures: Classified
    mistakes: Mistakes
    marks: marks.Marks

    @property
    def name(self) -> str:
        """What one of the pictures is called."""
        return self.pictures.name

    def label(self, index: int) -> int:
        """Return the true class of a picture."""
        return int(self.pictures.answers.labels[index])

    def views(self, indices: Sequence[int]) -> list[View]:
        """Return pictures with the maps of predicted and of true class."""
        answers, places = self.pictures.answers, list(indices)
        return self.pictures.subjects.views(self.trained, places, answers.both(places))


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
