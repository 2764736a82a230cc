"""Explain a picture: what a net sees in it, which part of it decides, and the box that follows (section 5.1)."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets import classes
from core.explain import drawing, methods
from core.trainers.trained import TrainedClassifier
from core.uploads import UploadGone
from pages.explain import controls, faithfulness, map_panels, method_strip, pictures, results
from pages.explain.controls import Settings
from pages.explain.map_panels import Panel
from pages.explain.pictures import DRAWN, OWN, Subject
from ui import class_bars, data_sets, digit_pad, frame, messages, nets
from ui.frame import guard
from web import address, hide
from web.formats import escape_markdown

BESIDE = [5, 2]  # widths of the map and of the network input beside it
LOW_ROW = 26  # px of a bar below a drawing
BARS = "class bars"
OLD_KIND = "cifar10"  # the data of the nets that this page opened with before there was one for whole photographs
OLD_KEYS = ("image", "grey_from", "times")  # of the address, which mean something for such nets alone


@dataclass(frozen=True)
class Choice:
    """The net, where the picture comes from, the picture, and how it is explained.

    Without a picture yet, `subject` is a sample, and `remark` says so. It is None for the pad and where an upload is
    gone, which `remark` says then. `answer` and `downloads` are places among the controls.
    """

    trained: TrainedClassifier
    source: str
    subject: Subject | None
    remark: str
    settings: Settings
    answer: DeltaGenerator
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
            "on. Boxes hold the evidence above the threshold: one for all of it, one for each region, or the largest."
        )


def choose() -> Choice | None:
    """Draw the controls and return what they are set to; None without a net."""
    answer, place_of_class = st.container(), st.container()
    with hide.group("net"):
        trained = nets.choose(of=OLD_KIND if is_old_address() else "")
    if trained is None:
        return None
    with hide.group("picture"):
        source = pictures.choose_source(trained)
        place = st.container()
    settings = controls.choose(trained, place_of_class)
    subject, remark = None, ""
    with place:
        if source != DRAWN:
            subject, remark = choose_picture(trained, source)
    return Choice(trained, source, subject, remark, settings, answer, st.container())


def is_old_address() -> bool:
    """Return whether the address names no net, but what only nets for small images have, as links of before may.

    That is an image of a test split, the size of the input, or a class of theirs.
    """
    if "net" in st.query_params or "run" in st.query_params:
        return False
    named = {*st.query_params.get_all("class"), *st.query_params.get_all("maps_of")}
    return (
        any(key in st.query_params for key in OLD_KEYS)
        or st.query_params.get("from") == pictures.TEST
        or not named.isdisjoint(classes.CIFAR10)
    )


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
    """Draw the explanation, the answer among the controls, then what it means and how faithful it is."""
    panels: list[Panel] = []
    with places.result, guard():
        if choice.source == DRAWN:
            show_drawn(choice.trained, choice.settings, places.details.empty())
        elif choice.subject is None:
            messages.empty(choice.remark)
        else:
            panels = results.panels(choice.trained, choice.subject, choice.settings)
            show_explained(choice.trained, panels, choice.settings)
    if choice.subject is not None and panels:
        with choice.answer, guard():
            show_answer(choice.trained, choice.settings, choice.subject, panels)
    with places.details, guard():
        if choice.subject is not None and panels:
            show_details(choice, choice.subject, panels)
        show_faithfulness(choice.trained, nets.stamp(choice.trained.name), choice.settings)
    if choice.subject is not None and panels and hide.is_shown("download"):
        with choice.downloads, st.popover("Download", icon=":material/download:", width="stretch"):
            map_panels.downloads(panels, choice.settings.look, choice.subject.stem)


def show_explained(trained: TrainedClassifier, panels: list[Panel], settings: Settings) -> None:
    """Draw the maps, and beside one that stands alone the network input, where that is not the whole picture."""
    if len(panels) > 1 or trained.whole:
        map_panels.show(panels, settings.look)
        return
    with st.container(key="explained"):
        left, right = st.columns(BESIDE, gap="small")
    with left:
        map_panels.show(panels, settings.look)
    with right:
        map_panels.show_input(panels[0].view)
        st.caption(f"Network input, {map_panels.size_of_input(panels[0].view)}")


def headline(text: str) -> None:
    """Draw what the net says."""
    st.header(escape_markdown(text), anchor=False)


def show_answer(trained: TrainedClassifier, settings: Settings, subject: Subject, panels: list[Panel]) -> None:
    """Draw what the net says, and the most probable classes as bars: a click shows the map of a class."""
    result, several = panels[0].view, settings.beside == "classes"
    headline(results.headline(trained, result, subject.label))
    mapped = result.classes if several else result.classes[:1]

    def choose_class(name: str) -> None:
        if several:
            names = [trained.classes[index] for index in mapped]
            chosen = [one for one in names if one != name] if name in names else [*names, name]
            address.put("maps_of", chosen[-controls.MOST :], follow=True)
        else:
            # Without a class the map is that of the predicted one, of whatever picture.
            address.put("class", None if name == trained.classes[result.predicted] else name, follow=True)

    with hide.group("answer"):
        class_bars.show(
            BARS,
            f"The most probable of {len(trained.classes):,} classes",
            results.bars_of(trained, result, subject.label, mapped),
            choose_class,
        )


def show_details(choice: Choice, subject: Subject, panels: list[Panel]) -> None:
    """Draw legend and ranges, other methods, and why a method was used."""
    if choice.remark:
        st.caption(f":material/info: {choice.remark}")
    map_panels.describe(panels, choice.settings.look)
    if len(panels) == 1 and hide.is_shown("method"):
        method_strip.show(choice.trained, subject, choice.settings, panels[0].view)
    results.show_reasons(choice.trained, subject, choice.settings, panels)


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
    """Draw the faithfulness behind a fold, so that no data are read before it is opened; not without test images.

    `stamp` is that of the weights in `trained`: while the fold alone is drawn anew, a training may save others.
    """
    if trained.whole or not hide.is_shown("faithfulness"):
        return
    fold = st.expander("Faithfulness", key="faithful", on_change="rerun")
    if fold.open:
        with fold, guard():
            data = data_sets.load(trained.dataset)
            if data is not None:
                default = methods.fitting(trained.net)[0].name
                faithfulness.panel(trained, stamp, data, [method or default for method in settings.methods])


main()
