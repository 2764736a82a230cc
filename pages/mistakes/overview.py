"""All mistakes at a glance: the confusion matrix to click on, and the commonest pairs as buttons."""

import streamlit as st

from core.explain.mistakes import Answers
from core.trainers.trained import TrainedClassifier
from pages.mistakes import confusion
from pages.mistakes.controls import ANY
from pages.mistakes.listing import back_to_list

COMMONEST = 5


def show(trained: TrainedClassifier, answers: Answers) -> None:
    """Draw the confusion matrix, and the commonest pairs for those who do not click on it."""
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    counts, names = answers.confusion(), trained.classes
    key = f"confusion of {trained.name}"
    with left:
        st.altair_chart(
            confusion.matrix(counts, names),
            key=key,
            width="content",
            on_select=lambda: _choose_clicked(key),
            selection_mode=confusion.CELL,
            alt="Confusion matrix: how often each class is predicted as each other",
        )
    with right:
        st.caption("Click a cell to see its images. The commonest:")
        with st.container(gap="xxsmall"):
            for truth, predicted, count in confusion.commonest(counts, COMMONEST):
                st.button(
                    f"{names[truth]} predicted as {names[predicted]}: {count}",
                    key=f"pair {truth} {predicted}",
                    type="tertiary",
                    on_click=_choose_pair,
                    args=(names[truth], names[predicted]),
                )


def _choose_pair(truth: str, predicted: str) -> None:
    """List the images of a pair of classes; a class paired with itself stands for all mistakes on it."""
    st.session_state["truth"] = truth
    st.session_state["taken"] = ANY if truth == predicted else predicted
    back_to_list()


def _choose_clicked(key: str) -> None:
    cell = confusion.clicked(st.session_state[key])
    _choose_pair(*(cell or (ANY, ANY)))
