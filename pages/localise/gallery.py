"""The images with their boxes: one of them large, and all of them in the order of their IoU."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import altair as alt
import numpy as np
import streamlit as st

from core.explain import box_files, boxes, localise
from core.explain.box_files import Boxed
from core.explain.subjects import Photographs
from core.explain.view import View
from core.images import encode, fit
from pages.localise import boxed_pictures
from pages.localise.search import Evaluation, Method, PictureSet, Scene
from ui import nets, theme
from web import address
from web.formats import escape_markdown

A_PAGE = 8
SMALL_SIDE = 448  # px of a photograph among others
BESIDE = [5, 2]  # widths of the map and of what stands beside it
ENDS = {"worst": "Lowest IoU first", "best": "Highest IoU first"}


@dataclass(frozen=True)
class Seen:
    """What a net sees in an image: the view, the box it gives, if any, the true ones, their IoU, the class by name."""

    result: View
    box: boxes.Box | None
    truth: list[boxes.Box]
    iou: float
    name: str

    def describe(self) -> str:
        """Return method, class, raw range and both boxes in one sentence."""
        words = "no box: no evidence for the class"
        if self.box is not None:
            words = f"box {in_words(self.box)}, true {in_words(self.truth[0])}"
        return f"{self.result.method} of {self.name}: evidence {self.result.evidence()}; {words}"


def see(scene: Scene, index: int) -> Seen:
    """Return what the net sees in an image at the threshold of the scene."""
    method, pictures = scene.method, scene.pictures
    label, truth, count = int(pictures.labels[index]), pictures.truth[index], pictures.positions
    (result,) = views(method, pictures, (index,))
    box = boxes.box(result.map(0, (count, count)), scene.threshold, method.rule)
    iou = 0.0 if box is None else float(localise.overlap(np.array(box), truth))
    predicted = next(iter(box_files.in_pixels(np.array([box or (0,) * 4]), result, count)), None)
    return Seen(result, predicted, box_files.in_pixels(truth, result, count), iou, method.trained.classes[label])


def views(method: Method, pictures: PictureSet, indices: tuple[int, ...]) -> list[View]:
    """Return the net's view of some pictures, each with the map of its class."""
    trained = method.trained
    return _views((pictures.content, trained.name, nets.stamp(trained.name), method.name), indices, method, pictures)


@st.cache_resource(max_entries=24, show_spinner=False)
def _views(key: Hashable, indices: tuple[int, ...], _method: Method, _pictures: PictureSet) -> list[View]:
    labels = _pictures.labels[list(indices)][:, None]
    return _pictures.subjects.views(_method.trained, indices, labels, _method.name)


def one(seen: Seen, chart: alt.LayerChart | None) -> None:
    """Draw an image under the map of its true class, with the predicted and the true boxes.

    Beside it stand the image as it is, its IoU, and the `chart` of all images once that is known.
    """
    large, beside = st.columns(BESIDE, gap="small")
    heat = boxed_pictures.framed(seen.result.heat(alpha=0.6), seen.result.zoom, seen.box, seen.truth)
    large.image(encode(heat, quality=92), width="stretch", alt=seen.describe())
    predicted, true = theme.coloured("predicted", "prediction"), theme.coloured("true", "truth")
    beside.markdown(f"**IoU {seen.iou:.2f}**: {predicted} solid, {true} dashed")
    line = 2 * boxed_pictures.LINE  # it is shown at half the size
    plain = boxed_pictures.framed(seen.result.shown(), seen.result.zoom, seen.box, seen.truth, line=line)
    words = f"The image, a {seen.name}, with both boxes: IoU {seen.iou:.2f}"
    beside.image(encode(plain, quality=92), width="stretch", alt=words)
    if chart is not None:
        beside.altair_chart(chart, alt="Localisation accuracy over the threshold at IoU 0.3, 0.5 and 0.7")


def in_sentences(seen: Seen, classes: tuple[str, ...]) -> None:
    """Draw what the map and the boxes of an image are, and what the net predicts."""
    st.caption(escape_markdown(seen.describe()))
    st.caption(escape_markdown(_prediction(seen.result, classes, seen.name)))


def _prediction(result: View, classes: tuple[str, ...], name: str) -> str:
    """Return the predicted class of an image whose true class is `name`."""
    predicted, share = classes[result.predicted], float(result.probabilities[result.predicted])
    return f"Predicted: {predicted}, {100 * share:.0f}% sure{'' if predicted == name else f'; true class: {name}'}."


def in_words(box: tuple[int, ...]) -> str:
    """Return size and corner of a box."""
    return f"{box[2] - box[0]} x {box[3] - box[1]} px at ({box[0]}, {box[1]})"


def in_order(evaluation: Evaluation) -> None:
    """Draw a page of the images by their IoU at the threshold, each with a button that shows it large."""
    ious, pictures, method = evaluation.ious, evaluation.pictures, evaluation.method
    end = address.choice("end", "Sort by", tuple(ENDS), ENDS.__getitem__, "The IoU at this threshold.")
    order = np.argsort(ious if end == "worst" else -ious, kind="stable")
    slot = st.container()
    pages = max(1, -(-len(order) // A_PAGE))
    page = address.page("page", "Page", pages)
    shown = order[A_PAGE * (page - 1) : A_PAGE * page]
    results = views(method, pictures.evaluated_on, tuple(pictures.places[shown].tolist()))
    with slot, st.grid(4, min_column_width=120, gap="small"):
        for position, result in zip(shown.tolist(), results, strict=True):
            with st.container(gap="xxsmall"):
                _small(evaluation, position, result)


def figure(evaluation: Evaluation) -> None:
    """Draw the download of Figure 5.3 of one's own photographs, which is made at the click."""
    if isinstance(evaluation.pictures.evaluated_on.subjects, Photographs):
        st.download_button(
            "Figure 5.3, PNG",
            lambda: _figure(evaluation),
            "figure-5-3.png",
            "image/png",
            icon=":material/image:",
            on_click="ignore",
            help=f"The boxes of greatest IoU at {boxes.THRESHOLD:g} of the maximum, as in Figure 5.3 of the thesis.",
        )


def _figure(evaluation: Evaluation) -> bytes:
    """Return the PNG of Figure 5.3 of the photographs that are evaluated on."""
    from core.figures import class_map_drawing, own_pictures  # matplotlib's figures take half a second to import

    pictures, method = evaluation.pictures, evaluation.method
    every, places = pictures.evaluated_on, pictures.places.tolist()
    assert isinstance(every.subjects, Photographs)
    part = Boxed(every.subjects.part(places), every.truth[places], every.labels[places], every.positions)
    curve = localise.curve(pictures.located, method.rule, np.array([boxes.THRESHOLD]))
    examples = own_pictures.localised(method.trained, part, curve)
    return encode(class_map_drawing.draw_localisation(examples), "PNG")


def _small(evaluation: Evaluation, position: int, result: View) -> None:
    """Draw the image at `position` of the report with its boxes, and the button that shows it large."""
    index, iou = int(evaluation.pictures.places[position]), evaluation.ious[position]
    every = evaluation.pictures.evaluated_on
    small = replace(result, picture=fit(result.picture, SMALL_SIDE))
    box = next(
        iter(
            box_files.in_pixels(evaluation.report.curve.boxes[position, [evaluation.position]], small, every.positions)
        ),
        None,
    )
    truth = box_files.in_pixels(every.truth[index], small, every.positions)
    picture = boxed_pictures.framed(small.heat(alpha=0.45), small.zoom, box, truth, line=8)
    name = evaluation.method.trained.classes[result.classes[0]]
    st.image(encode(picture), width="stretch", alt=f"Image {index}, a {name}, with both boxes: IoU {iou:.2f}")
    st.button(
        f"{escape_markdown(name)}, {iou:.2f}",
        key=f"open {index}",
        type="tertiary",
        on_click=lambda: address.put("image", str(index) if index else None, follow=True),
        help=f"Open image {index} above.",
    )
