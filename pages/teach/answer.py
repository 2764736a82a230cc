"""The answer of the taught net: the picture under the map of one of the visitor's classes, and how probable each is."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explain import cam
from core.explain.view import View
from core.images import encode
from core.teach import learning
from core.teach.learning import CrossValidation, Learned
from pages.teach.current import Current
from ui import class_bars, map_legend
from ui.class_bars import Bar
from web import address, hide
from web.formats import escape_markdown

BESIDE = [10, 3]  # widths of the map and of what stands beside it
MOST_BARS = 8
MOST_MAPS, MOST_BESIDE = 5, 3  # of classes, side by side and beside the large one
WIDE = 1.2  # times as wide as high: such a picture has the canvas to itself
NARROWEST = 110  # px of a map, before the next goes below it
QUALITY = 92  # of JPEGs on the screen
PREDICTED = "the predicted one"  # in the address, beside the names of the classes


@dataclass(frozen=True)
class Look:
    """The class whose map is drawn, None for the predicted one, and the opacity of its colours, 0 to 1."""

    evidence_for: str | None
    opacity: float


def choose(now: Current) -> Look:
    """Draw the controls of the map and return what they are set to."""
    with hide.group("map"):
        name = address.choice(
            "map",
            "Evidence for",
            (PREDICTED, *now.content.taught),
            lambda name: "Predicted class" if name == PREDICTED else name,
            help="The class whose map is laid over the picture.",
        )
        opacity = address.slider(
            "strength", "Heat map opacity", (0.0, 1.0, 0.05), 0.6, "0 shows the picture alone, 1 the map alone."
        )
    return Look(None if name == PREDICTED else name, opacity)


def position(lesson: Learned, result: View, look: Look) -> int:
    """Return the place of the class whose map is drawn."""
    return lesson.classes.index(look.evidence_for) if look.evidence_for in lesson.classes else result.predicted


def show(lesson: Learned, result: View, look: Look) -> None:
    """Draw the picture under its map; the maps of the most probable classes beside one that leaves room for them."""
    if _is_wide(result):
        _large(lesson, result, look)
        return
    left, right = st.columns(BESIDE, gap="small")
    with left:
        _large(lesson, result, look)
    with right:
        for index in result.top(MOST_BESIDE):
            _small(lesson, result, look, index)


def _is_wide(result: View) -> bool:
    height, width = result.picture.shape[:2]
    return width > WIDE * height


def _large(lesson: Learned, result: View, look: Look) -> None:
    place = position(lesson, result, look)
    heat = result.heat(place, alpha=look.opacity, scale=cam.scale(result.maps[place]))
    st.image(encode(heat, quality=QUALITY), width="stretch", alt=_words(lesson, result, place))


def _small(lesson: Learned, result: View, look: Look, index: int) -> None:
    with st.container(gap="xsmall"):
        small = encode(result.heat(index, alpha=look.opacity))
        st.image(small, width="stretch", alt=_words(lesson, result, index))
        probability = 100 * float(result.probabilities[index])
        st.caption(f"{escape_markdown(lesson.classes[index])}, {probability:.0f}%")


def draw_bars(lesson: Learned, result: View, look: Look) -> DeltaGenerator:
    """Draw the answer and the probability of each class; return a place for what the test says of it."""
    sure = 100 * float(result.probabilities[result.predicted])
    st.header(f"{escape_markdown(_capital(lesson.classes[result.predicted]))}, {sure:.0f}% sure", anchor=False)
    place = position(lesson, result, look)
    rows = [
        Bar(
            lesson.classes[index],
            float(result.probabilities[index]),
            predicted=index == result.predicted,
            mapped=index == place,
        )
        for index in result.top(MOST_BARS)
    ]
    class_bars.show("answers of what was taught", "Probability of each class", rows, _map_of)
    return st.empty()


def _map_of(name: str) -> None:
    address.put("map", name, follow=True)


def tested(lesson: Learned, test: CrossValidation) -> str:
    """Return how often the probe is right on pictures that it has not seen, and on how many that rests."""
    if not test.of:
        return "Not tested yet: that takes two distinct pictures of a class."
    share = f"**{test.right} of {test.of}** samples right ({100 * test.right / test.of:.0f}%)"
    alone = test.folds == len({lesson.groups[place] for place in test.places})
    return f"{share} by cross-validation, {'each' if alone else f'one in {test.folds}'} left out in turn."


def describe(lesson: Learned, result: View, look: Look) -> None:
    """Draw the legend of the map and what it shows in words, and below a wide picture the maps of several classes."""
    place = position(lesson, result, look)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        map_legend.draw(cam.scale(result.maps[place]), small=True)
        st.caption(escape_markdown(_words(lesson, result, place)), width="stretch")
    for remark in result.remarks(place):
        st.caption(f":material/info: {escape_markdown(remark)}")
    if _is_wide(result):
        shown = result.top(MOST_MAPS)
        with st.grid(len(shown), min_column_width=NARROWEST, gap="small"):
            for index in shown:
                _small(lesson, result, look, index)
    st.caption("These small maps have one scale; the mean of a map is the logit of its class.")


def draw_advice(now: Current, lesson: Learned) -> None:
    """Draw sentences about samples from which little can be learned, and how near duplicates are found."""
    sentences = learning.advice(now.content, lesson)
    for sentence in sentences:
        st.caption(f":material/info: {escape_markdown(sentence)}")
    if any("alike" in sentence or "distinct" in sentence for sentence in sentences):
        least = learning.near_duplicate(lesson.features.shape[-1])
        st.caption(f"Pictures count as one where the cosine of their features is {least:g} or more.")


def _words(lesson: Learned, result: View, place: int) -> str:
    return f"Map of {lesson.classes[place]}: evidence {result.evidence(place)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
