"""Explain a picture: what a net sees in it, which part of it decides, and the box that follows (section 5.1)."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explain import drawing, methods, view
from core.trainers.trained import TrainedClassifier
from core.uploads import UploadGone
from pages.explain import controls, faithfulness, map_panels, method_strip, pictures, results
from pages.explain.controls import Settings
from pages.explain.map_panels import Panel
from pages.explain.pictures import DRAWN, OWN, Subject
from ui import data_sets, digit_pad, frame, messages, nets
from ui.frame import guard
from web import hide
from web.formats import escape_markdown

BESIDE = [5, 2]  # widths of the map and of what stands beside it
ROW, LOW_ROW = 58, 26  # px of a bar beside the map, and below it


@dataclass(frozen=True)
class Choice:
    """The net, where the picture comes from, the picture, and how it is explained.

    Without a picture yet, `subject` is a sample, and `remark` says so. It is None for the pad and where an upload is
    gone, which `remark` says then. `downloads` is the place of their buttons among the controls.
    """

    trained: TrainedClassifier
    source: str
    subject: Subject | None
    remark: str
    settings: Settings
    downloads: DeltaGenerator


def main() -> None:
    places = frame.layout()
    choice = None
    with places.controls, guard():
        choice = choose()
    if choice is not None:
        show(choice, places)
    with places.details:
        frame.takeaway(
            "A net always predicts one of its classes, whatever the picture; the map shows what the prediction rests "
            "on. The box holds evidence above the threshold, all of it or its largest region."
        )


def choose() -> Choice | None:
    """Draw the controls and return what they are set to; None without a net."""
    with hide.group("net"):
        trained = nets.choose()
    if trained is None:
        return None
    with hide.group("picture"):
        source = pictures.choose_source(trained)
        place = st.container()
    settings = controls.choose(trained)
    subject, remark = None, ""
    with place:
        if source != DRAWN:
            subject, remark = choose_picture(trained, source)
    return Choice(trained, source, subject, remark, settings, st.container())


def choose_picture(trained: TrainedClassifier, source: str) -> tuple[Subject | None, str]:
    """Return the picture of a source and a remark: what is shown instead of one that is not there, or gone."""
    with guard():
        try:
            subject = pictures.choose(trained, source)
            if subject is not None:
                return subject, ""
        except UploadGone as error:
            return None, str(error)
    what = "you upload a photograph" if source == OWN else "its test images are here"
    return pictures.sample(), f"This is a sample, shown until {what}."


def show(choice: Choice, places: frame.Layout) -> None:
    """Draw the explanation, then what it means and how faithful it is."""
    panels: list[Panel] = []
    with places.result, guard():
        if choice.source == DRAWN:
            show_drawn(choice.trained, choice.settings, places.details.empty())
        elif choice.subject is None:
            messages.empty(choice.remark)
        else:
            panels = results.panels(choice.trained, choice.subject, choice.settings)
            show_explained(choice.trained, choice.subject, choice.settings, panels)
    with places.details, guard():
        if choice.subject is not None and panels:
            show_details(choice, choice.subject, panels)
        show_faithfulness(choice.trained, nets.stamp(choice.trained.name), choice.settings)
    if choice.subject is not None and panels and hide.is_shown("download"):
        with choice.downloads, st.popover("Download", icon=":material/download:", width="stretch"):
            map_panels.downloads(panels, choice.settings.look, choice.subject.stem)


def show_explained(trained: TrainedClassifier, subject: Subject, settings: Settings, panels: list[Panel]) -> None:
    """Draw the maps, and beside one that stands alone what the net says and what it was shown."""
    if len(panels) > 1:
        map_panels.show(panels, settings.look)
        return
    result = panels[0].view
    left, right = st.columns(BESIDE, gap="small")
    with left:
        map_panels.show(panels, settings.look)
    with right:
        headline(results.headline(trained, result, subject.label))
        map_panels.show_input(result, view.side_at_net(trained, settings.times))
        results.top_five(trained, result, subject.label, row=ROW)


def headline(text: str) -> None:
    """Draw what the net says."""
    st.header(escape_markdown(text), anchor=False)


def show_details(choice: Choice, subject: Subject, panels: list[Panel]) -> None:
    """Draw legend and ranges, the answers where maps stand side by side, other methods, and why a method was used."""
    trained, settings, result = choice.trained, choice.settings, panels[0].view
    if choice.remark:
        st.caption(f":material/info: {choice.remark}")
    map_panels.describe(panels, settings.look)
    if len(panels) > 1:
        headline(results.headline(trained, result, subject.label))
        left, right = st.columns([1, 3], gap="small")
        with left:
            map_panels.show_input(result, view.side_at_net(trained, settings.times))
        with right:
            results.top_five(trained, result, subject.label, row=LOW_ROW)
    elif hide.is_shown("method"):
        method_strip.show(trained, subject, settings, result)
    results.show_reasons(trained, subject, settings, panels)


@st.fragment
def show_drawn(trained: TrainedClassifier, settings: Settings, words: DeltaGenerator) -> None:
    """Draw the pad and beside it what the net says; a fragment, so that a new line does not draw the whole page.

    What the map shows is written to `words`, which takes no widgets: it is outside of the fragment.
    """
    with st.container(key="drawing"):
        left, right = st.columns(2, gap="small")
    below = st.container()
    with guard():
        strokes, is_example = digit_pad.drawn()
        if strokes:
            subject = pictures.of_drawing(strokes)
            panels = results.panels(trained, subject, settings)
            with right:
                map_panels.show(panels, settings.look)
                headline(results.headline(trained, panels[0].view, None))
            with below:
                if is_example:
                    st.caption("This one is an example: draw your own over it.")
                show_answers(trained, subject, settings, panels)
            with words.container():
                map_panels.describe(panels, settings.look)
                st.caption(manner(trained))
                results.show_reasons(trained, subject, settings, panels)
        else:
            words.empty()
            right.markdown("Draw a digit with mouse, finger or pen: the net answers while you draw.")
    with left:
        digit_pad.show(width=None)


def show_answers(trained: TrainedClassifier, subject: Subject, settings: Settings, panels: list[Panel]) -> None:
    """Draw how probable each digit is, and the files to download."""
    results.top_five(trained, panels[0].view, None, row=LOW_ROW)
    if hide.is_shown("download"):
        with st.popover("Download", icon=":material/download:"):
            map_panels.downloads(panels, settings.look, subject.stem)


def manner(trained: TrainedClassifier) -> str:
    """Return how a drawing is prepared for the net, in a sentence."""
    how = drawing.manner(trained.dataset)
    return how.description if how else ""


@st.fragment
def show_faithfulness(trained: TrainedClassifier, stamp: int, settings: Settings) -> None:
    """Draw the faithfulness behind a fold, so that no data are read before it is opened.

    `stamp` is that of the weights in `trained`: while the fold alone is drawn anew, a training may save others.
    """
    if not hide.is_shown("faithfulness"):
        return
    fold = st.expander("Faithfulness", key="faithful", on_change="rerun")
    if fold.open:
        with fold, guard():
            data = data_sets.load(trained.dataset)
            if data is not None:
                default = methods.fitting(trained.net)[0].name
                faithfulness.panel(trained, stamp, data, [method or default for method in settings.methods])


main()
