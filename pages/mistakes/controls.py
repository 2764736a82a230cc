"""The controls of the page: net, split, filters and order of the mistakes, and how they are shown."""

from dataclasses import dataclass

import streamlit as st

from core.explain import marks, mistakes
from core.explain.subjects import Photographs
from core.runs.run import Run
from core.trainers.trained import TrainedClassifier, packaged
from pages.mistakes import photographs
from pages.mistakes.listing import ANY, back_to_list
from ui import data_sets, nets
from ui.frame import guard
from web import address
from web.hide import group

DATA, OWN = "data", "own"
SOURCES = {DATA: "The net's own data", OWN: "Your photographs"}
LAYOUTS = {"maps": "With both maps", "pictures": "Pictures alone"}
NONE = "none"
WHICH = {
    "all": "All mistakes of this net",
    "broken": "Wrong here, right there",
    "fixed": "Right here, wrong there",
    "both": "Wrong in both",
}
MARKED = {ANY: "Any", **marks.MARKS}


@dataclass(frozen=True)
class Settings:
    """What the controls are set to.

    `source` is the net's own DATA, of which `split` is taken, or OWN: `photographs`, if there are any; `failed`, where
    those that were given cannot be used. `truth` and `predicted` are classes by index, None for any; `confidence` is a
    range in percent, `marked` a mark or ANY. `which` of WHICH matters only beside the net named `other`. With `quiz`
    predictions are guessed first.
    """

    trained: TrainedClassifier
    source: str
    split: str
    photographs: Photographs | None
    failed: bool
    order: str
    truth: int | None
    predicted: int | None
    confidence: tuple[int, int]
    layout: str
    marked: str
    other: str | None
    which: str
    quiz: bool


def choose() -> Settings | None:
    """Draw the controls and return what they are set to; None without a net.

    The groups "net", "filters", "more" and "quiz" can be hidden; what the address says of them counts all the same.
    """
    with group("net"):
        trained = nets.choose(own_first=True)
        if trained is None:
            return None
        source = _choose_source(trained)
        split = data_sets.choose_split(trained) if source == DATA else photographs.NAME
    own, failed = None, source == OWN
    if source == OWN:
        with group("photographs"), guard():
            own, failed = photographs.choose(trained), False
    with group("filters"):
        order = _choose_order()
        # The keys of the address are older than the labels, and links to the page have them.
        truth = _choose_class("True class", "truth", trained.classes, "Only images of this class.")
        predicted = _choose_class(
            "Predicted", "taken", trained.classes, "Only images that the net predicts as this class."
        )
        confidence = _choose_confidence()
    with group("more"), st.expander("More"):
        layout = address.choice("layout", "Cards", tuple(LAYOUTS), LAYOUTS.__getitem__)
        marked = address.choice("marked", "Marked", tuple(MARKED), MARKED.__getitem__, "Your own verdicts.")
        other = _choose_other(trained) if source == DATA else None
        which = "all"
        if other is not None:
            which = address.choice("which", "Which mistakes", tuple(WHICH), WHICH.__getitem__)
    with group("quiz"):
        quiz = address.toggle(
            "ask", "Quiz mode", help="An opened image shows the prediction only after you have guessed it."
        )
    if trained.source == "run" and Run.open(trained.name).status().alive:
        _watch(trained, nets.stamp(trained.name))
    return Settings(
        trained, source, split, own, failed, order, truth, predicted, confidence, layout, marked, other, which, quiz
    )


def _choose_source(trained: TrainedClassifier) -> str:
    """Return where the pictures come from: DATA or OWN, the latter first where the address names photographs."""
    sources = (DATA, OWN)
    if any(key in st.query_params for key in (photographs.FOLDER, photographs.ARCHIVE)):
        sources = (OWN, DATA)
    return address.choice(
        "from",
        "Pictures",
        (OWN,) if trained.name in packaged() else sources,
        SOURCES.__getitem__,
        "Those that the net was made for, or your own in folders named like its classes.",
        unfit={DATA: "The photographs that this net was trained on do not come with Atelier"},
    )


def _choose_order() -> str:
    titles = {order.capitalize(): order for order in mistakes.ORDERS}  # `?order=Confidence` stands in older links
    title = address.choice(
        "order",
        "Sort by",
        tuple(titles),
        help="The greatest first. Loss: the true class has the least probability. Confidence: the predicted class has "
        "the most. Margin: the predicted class is furthest ahead of the true one.",
    )
    return titles[title]


def _choose_confidence() -> tuple[int, int]:
    """Return the range of confidence in percent, both ends of which stand in the address."""
    return address.span(
        "confidence", "Confidence, %", (0, 100), "Only mistakes whose predicted class has a probability in this range."
    )


def _choose_class(label: str, key: str, classes: tuple[str, ...], help: str) -> int | None:
    name = address.choice(key, label, (ANY, *classes), help=help, on_change=back_to_list)
    return None if name == ANY else classes.index(name)


def _choose_other(trained: TrainedClassifier) -> str | None:
    """Return the net to compare with, of those trained on the same data."""
    kind = trained.dataset.partition("?")[0]
    others = {name: title for name, title in nets.of_data(kind).items() if name != trained.name}
    if not others:
        return None
    name = address.choice(
        "with",
        "Compare with",
        (NONE, *others),
        lambda name: others.get(name, "No other net"),
        "What this net fixes and what it breaks, against another trained on the same data.",
    )
    return None if name == NONE else name


def _watch(trained: TrainedClassifier, stamp: int) -> None:
    """Show that the net is still in training, and a button once newer weights have been saved."""

    @st.fragment(run_every=5)
    def look() -> None:
        with guard():
            st.caption("Still in training: every epoch makes other mistakes.")
            newer = nets.stamp(trained.name) != stamp
            if newer and st.button("Refresh", icon=":material/refresh:", help="Use the weights saved last."):
                st.rerun()

    look()
