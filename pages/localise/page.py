"""Localise: boxes from class maps alone, scored against the true ones at any threshold (section 5.1.1)."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explain import boxes, methods
from core.trainers.trained import TrainedClassifier, packaged
from pages.localise import chart, gallery, own_boxes, scores, search
from pages.localise.search import Evaluation, Method, Pictures, Scene
from ui import data_sets, frame, messages, nets
from ui.frame import guard
from web import address, hide

KIND = "toybox"  # the data that come with true boxes
OWN = "own"
SOURCES = {"data": "The net's own data", OWN: "Your own, with boxes"}
RULES = {"all": "All evidence (thesis)", "largest": "Largest region (Zhou)"}
SLOW = ("score-cam", "occlusion")  # dozens of passes for one map
EVERY, FEWEST = "all", "200"  # images
THRESHOLD, IMAGE = "threshold", "image"  # keys in the address


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

    @property
    def has_boxes(self) -> bool:
        """Whether the net's own data have true boxes."""
        return self.method.trained.dataset.partition("?")[0] == KIND


def main() -> None:
    places = frame.layout()
    settings = None
    with places.controls, guard():
        settings = choose()
    if settings is not None:
        show(settings, places)
    with places.details:
        frame.takeaway(
            "A map shows where a net finds evidence: coarsely, and often the most telling part rather than the whole, "
            "so boxes come out too large or too small. Their score means something only beside the constant-box "
            "baseline."
        )


def choose() -> Settings | None:
    """Draw the controls and return what they are set to; None without a net."""
    with hide.group("net"):
        trained = nets.choose(own_first=True, of=KIND)
    if trained is None:
        return None
    own_first = any(key in st.query_params for key in (own_boxes.UPLOADS, own_boxes.FOLDER))
    has_boxes = trained.dataset.partition("?")[0] == KIND and not own_first
    with hide.group("picture"):
        sources = tuple(SOURCES) if has_boxes else tuple(reversed(SOURCES))
        source = address.choice(
            "from",
            "Pictures",
            (OWN,) if trained.name in packaged() else sources,
            SOURCES.__getitem__,
            "The toybox has a true box in every image. Your own pictures need a file of boxes.",
            unfit={"data": "The photographs that this net was trained on do not come with Atelier"},
        )
        place_of_pictures = st.container()
    place_of_image = st.container()
    with hide.group("method"):
        method = choose_method(trained)
    count = EVERY
    if source == "data":
        counts = (FEWEST, "1000", EVERY) if method.name in SLOW else ("1000", FEWEST, EVERY)
        with hide.group("count"):
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
        unfit={method.name: f"{method.title} does not fit this net" for method in map(methods.named, methods.names())},
    )
    rule = address.choice(
        "rule",
        "Box around",
        tuple(boxes.RULES),
        RULES.__getitem__,
        "Everything above the threshold, or only the largest connected region of it.",
    )
    return Method(trained, name, rule)


def show(settings: Settings, places: frame.Layout) -> None:
    """Draw one image with the curve beside it, then the scores at the chosen threshold and all images."""
    pictures, remark, large = None, "", places.result.empty()
    if settings.source == OWN:
        with settings.place_of_pictures, guard():
            pictures = search.in_own(settings.method)
        remark = "" if pictures else "Give pictures and their boxes, and see how well the net's maps find them."
    with places.result, guard():
        if pictures is None and (settings.source == "data" or settings.has_boxes):
            pictures = find(settings, large)
        if pictures is not None:
            show_found(settings, pictures, places, large)
        elif remark:
            messages.empty(remark)
            remark = ""
    if remark:
        places.details.caption(f":material/info: {remark} Until then these are test images of the net's own data.")


def find(settings: Settings, large: DeltaGenerator) -> Pictures | None:
    """Return the net's own data with their maps; None where they are not on this computer.

    While the maps are made, one image stands in `large`, with the box at the usual threshold.
    """
    method, data = settings.method, data_sets.load(settings.method.trained.dataset)
    if data is None:
        return None
    if data.test.boxes is not None and search.is_slow(method, settings.count):
        index = min(image_in_address(), len(data.test) - 1)
        scene = Scene(method, search.of_data(data, settings.count), boxes.rule(method.rule).threshold)
        with large.container():
            gallery.one(gallery.see(scene, index), None)
    return search.in_data(method, data, settings.count, quicker(settings))


def quicker(settings: Settings) -> Callable[[], None] | None:
    """Return what Cancel does while maps are made: fewer images, else the first method; None where both are so."""
    if settings.count != int(FEWEST):
        return lambda: address.put("count", FEWEST, follow=True)
    if "method" in st.query_params:
        return lambda: address.put("method", None, follow=True)
    return None


def show_found(settings: Settings, pictures: Pictures, places: frame.Layout, large: DeltaGenerator) -> None:
    """Draw one image with the curve beside it in `large`, then scores and all images among the details."""
    key = (*search.key_of(settings.method, pictures), settings.method.rule)
    report = search.report(key, settings.method.rule, pictures)
    with settings.place_of_image:
        image = choose_image(len(pictures.evaluated_on.labels))
        threshold = choose_threshold(report.threshold)
    evaluation = Evaluation(settings.method, pictures, report, threshold)
    seen = gallery.see(evaluation.scene, image)
    with large.container():
        gallery.one(seen, chart.over_threshold(report, threshold))
    with places.details, guard():
        scores.headline(evaluation)
        gallery.in_sentences(seen, settings.method.trained.classes)
        st.caption(methods.named(settings.method.name).measures)
        st.caption(
            f"Points: the threshold that is set, {threshold:.2f}. Dashed: the threshold that was chosen, "
            f"{report.threshold:.2f}. Dotted: the centre box."
        )
        scores.table(evaluation)
        gallery.in_order(evaluation)
        gallery.figure(evaluation)


def image_in_address() -> int:
    """Return the number of the image in the address; 0 where there is none that can be used."""
    text = st.query_params.get(IMAGE, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def choose_image(count: int) -> int:
    """Return the number of the image that is shown large."""
    with hide.group("image"):
        return address.number(IMAGE, "Image", (0, count - 1), help="Any image of the split.")


def choose_threshold(best: float) -> float:
    """Return the threshold: the one in the address, else the `best`, chosen on other images."""
    with hide.group("threshold"):
        threshold = address.slider(
            THRESHOLD,
            "Threshold",
            (0.01, 0.99, 0.01),
            best,
            "The box holds the evidence above this share of the map's greatest value. A lower one makes it larger.",
        )
        st.button(
            f"Reset to {best:.2f}",
            icon=":material/undo:",
            on_click=address.put,
            args=(THRESHOLD, None),
            kwargs={"follow": True},
            disabled=threshold == best,
            help="The threshold that is best on the images it was chosen on.",
        )
    return threshold


main()
