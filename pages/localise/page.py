"""Localise: boxes from class maps alone, scored against the true ones at any threshold (section 5.1.1)."""

from collections.abc import Hashable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explain import boxes, methods
from core.trainers.trained import TrainedClassifier
from pages.localise import chart, gallery, scores, search
from pages.localise.search import Evaluation, Method, Pictures
from ui import address, frame, nets
from ui.frame import guard

KIND = "toybox"  # the data that come with true boxes
SOURCES = {"data": "The net's own data", "own": "Your own, with boxes"}
RULES = {"all": "All evidence (thesis)", "largest": "Largest region (Zhou)"}
SLOW = ("score-cam", "occlusion")  # dozens of passes for one map
EVERY = "all"


@dataclass(frozen=True)
class Settings:
    """What the controls are set to, and the places among them that are filled once the maps are there.

    `count` test images are used, 0 for all; it means nothing for one's own pictures.
    """

    method: Method
    source: str
    count: int
    place_of_pictures: DeltaGenerator
    place_of_image: DeltaGenerator


def main() -> None:
    left, right = frame.columns()
    settings = None
    with left, guard():
        settings = choose()
    with right, guard():
        if settings is not None:
            pictures = find(settings)
            if pictures is not None:
                show(settings, pictures)
    frame.takeaway(
        "A map shows where a net finds evidence: coarsely, and often the most telling part rather than the whole, so "
        "boxes come out too large or too small. Their score means something only beside the constant-box baseline."
    )


def choose() -> Settings | None:
    """Draw the controls and return what they are set to; None without a net."""
    trained = nets.choose(own_first=True, of=KIND)
    if trained is None:
        return None
    has_boxes = trained.dataset.partition("?")[0] == KIND
    source = address.choice(
        "from",
        "Pictures",
        tuple(SOURCES) if has_boxes else tuple(reversed(SOURCES)),
        SOURCES.__getitem__,
        "The toybox has a true box in every image. Your own pictures need a file of boxes.",
    )
    place_of_pictures = st.container()
    method = choose_method(trained)
    st.caption(methods.named(method.name).measures)
    place_of_image = st.container()
    count = EVERY
    if source == "data":
        counts = ("200", "1000", EVERY) if method.name in SLOW else ("1000", "200", EVERY)
        count = address.choice("count", "Images", counts, help="Evenly spread over the split; all take longer.")
    return Settings(method, source, 0 if count == EVERY else int(count), place_of_pictures, place_of_image)


def choose_method(trained: TrainedClassifier) -> Method:
    """Return how boxes are made by a net: the method of its maps and the rule of the boxes."""
    name = address.choice(
        "method",
        "Method",
        tuple(method.name for method in methods.fitting(trained.net)),
        lambda name: methods.named(name).title,
        "Always the map of the true class: the question is where, not what.",
    )
    rule = address.choice(
        "rule",
        "Box around",
        tuple(boxes.RULES),
        RULES.__getitem__,
        "Everything above the threshold, or only the largest connected region of it.",
    )
    return Method(trained, name, rule)


def find(settings: Settings) -> Pictures | None:
    """Return the pictures with their maps; None, with a sentence, where they are not there yet."""
    if settings.source == "data":
        return search.in_data(settings.method, settings.count)
    pictures = None
    with settings.place_of_pictures, guard():
        pictures = search.in_own(settings.method)
    if pictures is None:
        st.markdown("Give pictures and their boxes, and see how well the net's maps find them.")
    return pictures


def show(settings: Settings, pictures: Pictures) -> None:
    """Draw the scores at the chosen threshold, one image, the curve, the table and all images."""
    key = search.key_of(settings.method, pictures)
    report = search.report(key, settings.method.rule, pictures)
    place = st.container()
    threshold = choose_threshold(report.threshold, (*key, settings.method.rule))
    evaluation = Evaluation(settings.method, pictures, report, threshold)
    with place:
        scores.headline(evaluation)
    gallery.one(evaluation, choose_image(settings.place_of_image, len(pictures.evaluated_on)))
    st.altair_chart(
        chart.over_threshold(report, threshold),
        alt="Localisation accuracy over the threshold at IoU 0.3, 0.5 and 0.7",
    )
    st.caption(
        f"Points: the threshold that is set, {threshold:.2f}. Dashed: the threshold that was chosen, "
        f"{report.threshold:.2f}. Dotted: the centre box."
    )
    scores.table(evaluation)
    gallery.in_order(evaluation)


def choose_image(place: DeltaGenerator, count: int) -> int:
    """Return the number of the image that is shown large."""
    if st.session_state.get("image", 0) >= count:  # of pictures that were shown before
        st.session_state["image"] = 0
    return place.number_input("Image", 0, count - 1, key="image", bind="query-params", help="Any image of the split.")


def choose_threshold(best: float, key: tuple[Hashable, ...]) -> float:
    """Return the threshold; it begins at the one in the address, else at the `best`, chosen on other images."""
    widget = f"threshold of {' '.join(map(str, key))}"
    if widget not in st.session_state:
        st.session_state[widget] = threshold_in_address() or best
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    row.slider(
        "Threshold",
        0.01,
        0.99,
        step=0.01,
        key=widget,
        on_change=lambda: st.query_params.update(threshold=f"{st.session_state[widget]:g}"),
        help="The box holds the evidence above this share of the map's greatest value. A lower one makes it larger.",
    )

    def reset() -> None:
        st.session_state[widget] = best
        st.query_params.pop("threshold", None)

    row.button(
        f"Reset to {best:.2f}",
        icon=":material/undo:",
        on_click=reset,
        disabled=st.session_state[widget] == best,
        help="The threshold that is best on the images it was chosen on.",
    )
    return float(st.session_state[widget])


def threshold_in_address() -> float | None:
    """Return the threshold in the address, rounded to two digits; None where it is no number between 0 and 1."""
    try:
        threshold = round(float(st.query_params.get("threshold", "")), 2)
    except ValueError:
        return None
    return threshold if 0 < threshold < 1 else None


main()
