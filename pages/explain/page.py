"""Explain a picture: what a net sees in it, which part of it decides, and the box that follows (section 5.1)."""

from collections.abc import Callable
from typing import BinaryIO

import streamlit as st
from torch import Tensor

from core import images
from core.explain import drawing, methods, view
from core.explain.view import View
from core.images import Picture
from core.trainers.trained import TrainedClassifier
from pages.explain import controls as map_question
from pages.explain import digit_pad
from pages.explain import faithfulness as faithful
from pages.explain import results as map_answer
from pages.explain.controls import Question
from pages.explain.results import Ask, Subject
from ui import frame, held_out, map_panels, nets
from ui.frame import guard

SAMPLE, TEST, OWN, DRAWN = "Sample", "Test image", "Your own", "Draw a digit"


@st.cache_resource(max_entries=16, show_spinner=False)
def sample(name: str) -> Picture:
    return images.sample(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def uploaded(id: str, _file: BinaryIO) -> Picture:
    return images.decode(_file, max_side=2048)


def source(trained: TrainedClassifier) -> str:
    """Where the picture comes from. A net for digits starts with digits, one for photographs with a photograph."""
    # A default is left out of the address, so another default needs another key to make the same link again.
    options, key = ((SAMPLE, TEST, OWN), "from") if trained.channels == 3 else ((TEST, SAMPLE, OWN), "grey_from")
    if drawing.manner(trained.dataset):
        options = (*options, DRAWN)
    return st.selectbox("Picture from", options, key=key, bind="query-params")


def subject(trained: TrainedClassifier, where: str) -> Subject | None:
    """The chosen picture; None where there is none yet."""
    if where == SAMPLE:
        name = st.selectbox("Sample", images.sample_names(), key="sample", bind="query-params")
        return Subject(of_picture(sample(name)), None, name)
    if where == OWN:
        file = st.file_uploader(
            "Photograph",
            type=["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"],
            help=f"Up to {images.MAX_PIXELS // 1_000_000} megapixels. It stays on this computer.",
        )
        if file is None:
            return None
        stem = map_panels.plain_name(file.name.rpartition(".")[0])
        return Subject(of_picture(uploaded(file.file_id, file)), None, stem)
    split = held_out.split(trained)
    if split is None:
        return None
    index = st.number_input(
        f"Image of the {trained.held_out} split",
        0,
        len(split) - 1,
        key="image",
        bind="query-params",
        help=f"0 to {len(split) - 1:,}. The net was not trained on these.",
    )
    stem = f"{trained.held_out}-{index}"
    return Subject(of_image(lambda net: split.images[index]), int(split.labels[index]), stem)


def of_picture(picture: Picture) -> Ask:
    def ask(net: TrainedClassifier, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        return view.of_picture(net, picture, classes, method, view.side_at_net(net, times))

    return ask


def of_image(image_for: Callable[[TrainedClassifier], Tensor]) -> Ask:
    def ask(net: TrainedClassifier, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        image, side = image_for(net), view.side_at_net(net, times)
        return view.of_image(net, image, classes, method, None if side == image.shape[-1] else side)

    return ask


def show(trained: TrainedClassifier, about: Subject, asked: Question) -> None:
    found = map_answer.panels(trained, about, asked)
    st.subheader(map_answer.sentence(trained, found[0].seen, about.label), anchor=False)
    map_answer.show_maps(trained, about, asked, found)
    map_answer.top_five(trained, found[0].seen, about.label)


@st.fragment
def drawn(trained: TrainedClassifier, asked: Question) -> None:
    """The pad and the answer; a fragment, so that every line is answered without drawing the page again."""
    left, right = st.columns([2, 3], gap="medium")
    maps = st.container()
    with guard():
        strokes, example = digit_pad.drawn()
        if strokes:
            digit = Subject(of_image(lambda net: drawing.as_digit(strokes, net.dataset)), None, "drawn-digit")
            found = map_answer.panels(trained, digit, asked)
            with right:
                st.subheader(map_answer.sentence(trained, found[0].seen, None), anchor=False)
                map_answer.top_five(trained, found[0].seen, None)
                st.caption(("This one is an example: draw your own over it. " if example else "") + manner(trained))
            with maps:
                map_answer.show_maps(trained, digit, asked, found)
        else:
            right.markdown("Draw a digit with mouse, finger or pen: the net answers while you draw.")
    with left:
        digit_pad.show()


def manner(trained: TrainedClassifier) -> str:
    how = drawing.manner(trained.dataset)
    return how.description if how else ""


@st.fragment
def faithfulness(trained: TrainedClassifier, stamp: int, asked: Question) -> None:
    """Behind a fold, so that no data are read before it is opened."""
    fold = st.expander("How faithful are these maps?", key="faithful", on_change="rerun")
    if fold.open:
        with fold, guard():
            data = held_out.dataset(trained.dataset)
            if data is not None:
                usual = methods.fitting(trained.net)[0].name
                faithful.panel(trained, stamp, data, [method or usual for method in asked.methods])


def about_the_link(where: str) -> None:
    if where in (SAMPLE, TEST):
        st.caption("The address of this page is a link to exactly this view.")
    else:
        st.caption(
            "The address of this page carries every choice but the picture itself, which stays on this computer."
        )


controls, right = frame.columns()
trained = chosen = asked = None
with controls, guard():
    trained = nets.choose()
    if trained is not None:
        where = source(trained)
        place = st.container()
        asked = map_question.question(trained)
        with place, guard():
            if where != DRAWN:
                chosen = subject(trained, where)
with right, guard():
    if trained is not None and asked is not None:
        if where == DRAWN:
            drawn(trained, asked)
        elif chosen is not None:
            show(trained, chosen, asked)
        elif where == OWN:
            st.markdown("Upload a photograph, and see what the net takes it for.")
        faithfulness(trained, nets.stamp(trained.name), asked)
        about_the_link(where)
frame.takeaway(
    "A net answers with one of the classes it knows, whatever it is shown; the map tells what it went by. "
    "The box holds evidence above the threshold, all of it or its largest region."
)
