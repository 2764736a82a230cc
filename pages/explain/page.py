"""Explain a picture: what a net sees in it, which part of it decides, and the box that follows (section 5.1)."""

from dataclasses import dataclass

import streamlit as st

from core.explain import drawing, methods
from core.trainers.trained import TrainedClassifier
from pages.explain import controls, faithfulness, pictures, results
from pages.explain.controls import Settings
from pages.explain.pictures import DRAWN, OWN, SAMPLE, TEST, Subject
from ui import data_sets, digit_pad, frame, nets
from ui.frame import guard


@dataclass(frozen=True)
class Choice:
    """The net, where the picture comes from, the picture where there is one yet, and how it is explained."""

    trained: TrainedClassifier
    source: str
    subject: Subject | None
    settings: Settings


def main() -> None:
    left, right = frame.columns()
    choice = None
    with left, guard():
        choice = choose()
    with right, guard():
        if choice is not None:
            show(choice)
    frame.takeaway(
        "A net always predicts one of its classes, whatever the picture; the map shows what the prediction rests on. "
        "The box holds evidence above the threshold, all of it or its largest region."
    )


def choose() -> Choice | None:
    """Draw the controls and return what they are set to; None without a net."""
    trained = nets.choose()
    if trained is None:
        return None
    source, subject = pictures.choose_source(trained), None
    place = st.container()
    settings = controls.choose(trained)
    with place, guard():
        if source != DRAWN:
            subject = pictures.choose(trained, source)
    return Choice(trained, source, subject, settings)


def show(choice: Choice) -> None:
    """Draw the explanation, the fold with the faithfulness, and what a link to the page carries."""
    if choice.source == DRAWN:
        show_drawn(choice.trained, choice.settings)
    elif choice.subject is not None:
        show_explained(choice.trained, choice.subject, choice.settings)
    elif choice.source == OWN:
        st.markdown("Upload a photograph to see which class the net predicts.")
    show_faithfulness(choice.trained, nets.stamp(choice.trained.name), choice.settings)
    if choice.source in (SAMPLE, TEST):
        st.caption("The address of this page is a link to exactly this view.")
    else:
        st.caption(
            "The address of this page carries every choice but the picture itself, which stays on this computer."
        )


def show_explained(trained: TrainedClassifier, subject: Subject, settings: Settings) -> None:
    """Draw headline, maps and probabilities of a picture."""
    panels = results.panels(trained, subject, settings)
    result = panels[0].view
    st.subheader(results.headline(trained, result, subject.label), anchor=False)
    results.show_maps(trained, subject, settings, panels)
    results.top_five(trained, result, subject.label)


@st.fragment
def show_drawn(trained: TrainedClassifier, settings: Settings) -> None:
    """Draw the pad and the results; a fragment, so that a new line does not draw the whole page again."""
    left, right = st.columns([2, 3], gap="medium")
    maps = st.container()
    with guard():
        strokes, is_example = digit_pad.drawn()
        if strokes:
            subject = Subject(
                pictures.of_image(lambda net: drawing.as_digit(strokes, net.dataset)), None, "drawn-digit"
            )
            panels = results.panels(trained, subject, settings)
            result = panels[0].view
            with right:
                st.subheader(results.headline(trained, result, None), anchor=False)
                results.top_five(trained, result, None)
                st.caption(("This one is an example: draw your own over it. " if is_example else "") + manner(trained))
            with maps:
                results.show_maps(trained, subject, settings, panels)
        else:
            right.markdown("Draw a digit with mouse, finger or pen: the net answers while you draw.")
    with left:
        digit_pad.show()


def manner(trained: TrainedClassifier) -> str:
    """Return how a drawing is prepared for the net, in a sentence."""
    how = drawing.manner(trained.dataset)
    return how.description if how else ""


@st.fragment
def show_faithfulness(trained: TrainedClassifier, stamp: int, settings: Settings) -> None:
    """Draw the faithfulness behind a fold, so that no data are read before it is opened.

    `stamp` is that of the weights in `trained`: while the fold alone is drawn anew, a training may save others.
    """
    fold = st.expander("Faithfulness", key="faithful", on_change="rerun")
    if fold.open:
        with fold, guard():
            data = data_sets.load(trained.dataset)
            if data is not None:
                default = methods.fitting(trained.net)[0].name
                faithfulness.panel(trained, stamp, data, [method or default for method in settings.methods])


main()
