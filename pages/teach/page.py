"""Teach it: classes of one's own from a handful of pictures, learned at once, each with an exact map (section 5.1)."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from core.teach import features
from core.teach.learning import Learned
from core.trainers.trained import TrainedClassifier, packaged
from pages.teach import answer, asked, current, gallery, keep, lesson, samples
from pages.teach.answer import Look
from pages.teach.asked import Asked
from pages.teach.current import Current
from ui import frame, nets
from ui.frame import Layout, guard
from web import address, hide, uploads
from web.formats import escape_markdown

TAKEAWAY = (
    "The features stay as they were learned on other pictures; only one linear layer is fitted to yours. On averaged "
    "feature maps that layer can be applied at every position as well, so each of your classes has an exact map."
)
EXAMPLE = (
    "An example: three drawn toys, six pictures of each, and a new one to answer. Name a class at the right and add "
    "pictures to teach your own."
)


@dataclass(frozen=True)
class Choice:
    """The set, the net whose features it is learned on, the picture to answer, and how its map is drawn.

    The places are those among the controls that are filled once the answer is there.
    """

    now: Current
    source: TrainedClassifier
    asked: Asked | None
    look: Look
    place_of_bars: DeltaGenerator
    place_to_keep: DeltaGenerator


def main() -> None:
    places = frame.layout()
    now, choice = current.read(), None
    with places.controls, guard():
        choice = choose(now)
    if choice is not None:
        show(choice, places)
    with places.details, guard():
        if hide.is_shown("samples"):
            gallery.show(now)
    with places.details:
        if now.upload is not None:
            st.caption(f"Kept until {now.upload.kept_until}. Whoever has the link sees these pictures.")
            uploads.delete_mine()
        frame.takeaway(TAKEAWAY)


def choose(now: Current) -> Choice:
    """Draw the controls and return what they are set to."""
    bars = st.container()
    with hide.group("samples"):
        samples.choose(now)
    question = None
    with hide.group("picture"):
        if now.content.samples:
            question = asked.choose(now)
    look = answer.choose(now)
    place = st.container()
    with hide.group("more"), st.expander("More", key="more"):
        source = choose_source()
    return Choice(now, source, question, look, bars, place)


def choose_source() -> TrainedClassifier:
    """Return the chosen net whose features are learned on."""
    titles = nets.titles(own_first=False)
    names = tuple(name for name in features.sources() if name in titles)
    help = "The net whose features your classes are learned on. It ends in global average pooling, so maps are exact."
    chosen = address.choice("source", "Source model", names, titles.__getitem__, help)
    try:
        return nets.opened(chosen)
    except UserError as error:  # the package of its weights is missing or damaged
        instead = next((name for name in names if name != chosen and name not in packaged()), "")
        if not instead:
            raise
        address.note(f"{error} Meanwhile {titles[instead]} is used.")
        return nets.opened(instead)


def show(choice: Choice, places: Layout) -> None:
    """Draw the answer, then what it rests on; that of the example while nothing can be learned of the visitor's set."""
    now, question, remark = choice.now, choice.asked, EXAMPLE if choice.now.is_example else ""
    learned: Learned | None = None
    with places.result, guard():
        try:
            learned = lesson.learned(choice.source, now)
        except UserError as error:
            now, remark = current.of_example(), f"{error} Meanwhile the example of drawn toys is shown."
            question = asked.of_example()
            learned = lesson.learned(choice.source, now)
    if learned is None or question is None:
        return
    with places.result, guard():
        result = lesson.explained(learned, now, question)
        answer.show(learned, result, choice.look)
    with choice.place_of_bars, hide.group("answer"):
        place = answer.draw_bars(learned, result, choice.look)
    with places.details, guard():
        if remark or question.remark:
            st.caption(f":material/info: {escape_markdown(remark or question.remark)}")
        answer.draw_advice(now, learned)
        answer.describe(learned, result, choice.look)
        # Last of all: it takes longer than the answer, which is there by now.
        test = lesson.test(learned, now)
        place.markdown(answer.tested(learned, test))
        if not now.is_example:
            with choice.place_to_keep, hide.group("keep"), guard():
                keep.show(now, learned, test)


main()
