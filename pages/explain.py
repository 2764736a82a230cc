"""Explain a picture: what a net sees in it, which part of it decides, and the box that follows (section 5.1)."""

from typing import BinaryIO

import streamlit as st

from ui import frame
from ui.frame import guard

frame.head("Explain a picture", "Taught nothing but names, a net learns places: its class maps show what decides.")

from core import images  # noqa: E402  (torch takes a moment: the head is shown first)
from core.explain import boxes, view  # noqa: E402
from core.explain.view import View  # noqa: E402
from core.images import Picture, encode  # noqa: E402
from core.trainers.trained import Trained  # noqa: E402
from ui import bars, held_out, nets  # noqa: E402

SAMPLE, TEST, OWN = "Sample", "Test image", "Your own"
PREDICTED = "the predicted one"
MOST_BARS = 10


@st.cache_resource(max_entries=16, show_spinner=False)
def sample(name: str) -> Picture:
    return images.sample(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def uploaded(id: str, _file: BinaryIO) -> Picture:
    return images.decode(_file, max_side=2048)


def source(trained: Trained) -> str:
    """Where the picture comes from. A net for digits starts with digits, one for photographs with a photograph."""
    # A default is left out of the address, so another default needs another key to make the same link again.
    options, key = ((SAMPLE, TEST, OWN), "from") if trained.channels == 3 else ((TEST, SAMPLE, OWN), "grey_from")
    return st.selectbox("Picture from", options, key=key, bind="query-params")


def look(trained: Trained, where: str, wanted: int | None) -> tuple[View, int | None] | None:
    """What the net makes of the chosen picture, and the picture's true class where that is known."""
    classes = None if wanted is None else (wanted,)
    if where == SAMPLE:
        name = st.selectbox("Sample", images.sample_names(), key="sample", bind="query-params")
        return view.of_picture(trained, sample(name), classes), None
    if where == OWN:
        file = st.file_uploader(
            "Photograph",
            type=["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"],
            help=f"Up to {images.MAX_PIXELS // 1_000_000} megapixels. It stays on this computer.",
        )
        return None if file is None else (view.of_picture(trained, uploaded(file.file_id, file), classes), None)
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
    return view.of_image(trained, split.images[index], classes), int(split.labels[index])


def class_choice(trained: Trained) -> int | None:
    chosen = st.selectbox(
        "Evidence for",
        (PREDICTED, *trained.classes),
        key="class",
        bind="query-params",
        help="The class whose map is laid over the picture.",
    )
    return None if chosen == PREDICTED else trained.classes.index(chosen)


def sliders() -> tuple[float, float]:
    threshold = st.slider(
        "Box threshold",
        0.05,
        0.95,
        boxes.THRESHOLD,
        0.05,
        key="threshold",
        bind="query-params",
        help="The box holds all evidence above this share of the map's greatest value.",
    )
    strength = st.slider(
        "Strength of the colours",
        0.0,
        1.0,
        0.6,
        0.05,
        key="strength",
        bind="query-params",
        help="0 shows the picture alone, 1 the map alone.",
    )
    return threshold, strength


def show(trained: Trained, seen: View, label: int | None, threshold: float, strength: float) -> None:
    name = trained.classes[seen.classes[0]]
    st.subheader(sentence(trained, seen, label), anchor=False)
    plain, heat = st.columns(2)
    with plain:
        st.image(encode(seen.shown(), quality=92), width="stretch", alt="The square that the net is shown")
        st.caption(f"The square that the net is shown, at {trained.side} x {trained.side} pixels")
    with heat:
        words = f"{seen.method} of {name}: evidence {seen.evidence()}; {box_in_words(seen, threshold)}"
        st.image(encode(seen.heat(alpha=strength, threshold=threshold), quality=92), width="stretch", alt=words)
        legend(seen)
        st.caption(words)
    top = seen.top(MOST_BARS)
    st.altair_chart(
        bars.probabilities(
            [trained.classes[i] for i in top],
            [float(seen.probabilities[i]) for i in top],
            trained.classes[seen.predicted],
            None if label is None else trained.classes[label],
        ),
        alt="Probability of each class, most probable first",
    )
    st.caption(seen.why)


def sentence(trained: Trained, seen: View, label: int | None) -> str:
    """What the net says, and whether that is right where it can be known."""
    said = f"{trained.classes[seen.predicted]}, {100 * float(seen.probabilities[seen.predicted]):.0f} % sure"
    if label is None:
        return said[0].upper() + said[1:]
    verdict = "and it is" if label == seen.predicted else f"but it is {trained.classes[label]}"
    return f"{said[0].upper() + said[1:]}, {verdict}"


def legend(seen: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("0", width="content")
        st.image(encode(view.scale_picture(), "PNG"), width=160, alt="The colours of the scale, from none to most")
        st.caption(f"{seen.scale[1]:.3g} evidence", width="content")


def box_in_words(seen: View, threshold: float) -> str:
    box = seen.box(0, threshold)
    if box is None:
        return "no box, for nothing speaks for the class"
    x0, y0, x1, y1 = box
    width, height = seen.picture.shape[1], seen.picture.shape[0]
    return f"box {x1 - x0} x {y1 - y0} of {width} x {height} px, its corner at ({x0}, {y0})"


controls, right = frame.columns()
trained = seen = label = None
with controls, guard():
    trained = nets.choose()
    if trained is not None:
        where = source(trained)
        place = st.container()
        wanted = class_choice(trained)
        threshold, strength = sliders()
        with place, guard():
            if found := look(trained, where, wanted):
                seen, label = found
with right, guard():
    if trained is not None and seen is not None:
        show(trained, seen, label, threshold, strength)
    elif trained is not None and where == OWN:
        st.markdown("Upload a photograph, and see what the net takes it for.")
frame.takeaway(
    "A net answers with one of the classes it knows, whatever it is shown; the map tells what it went by. "
    "The box is the smallest around all evidence above the threshold."
)
