"""The images with their boxes: one of them large, and all of them in the order of their IoU."""

import numpy as np
import streamlit as st

from core.explain import boxes, cam, localise, view
from core.explain.view import View
from core.images import encode
from pages.localise import boxed_pictures
from pages.localise.search import Evaluation, Pictures
from ui import address, theme

A_PAGE = 8
ENDS = {"worst": "Lowest IoU first", "best": "Highest IoU first"}


def one(evaluation: Evaluation, index: int) -> None:
    """Draw an image as it is and under the map of its true class, with the predicted and the true boxes."""
    method, pictures = evaluation.method, evaluation.pictures
    label = int(pictures.evaluated_on.labels[index])
    result = view.of_image(method.trained, pictures.evaluated_on.images[index], (label,), method.name)
    side = (pictures.evaluated_on.images.shape[-2], pictures.evaluated_on.images.shape[-1])
    box = boxes.box(cam.upsample(result.maps[0], side), evaluation.threshold, method.rule)
    truth = true_boxes(pictures, index)
    iou = 0.0 if box is None else float(localise.overlap(np.array(box), pictures.truth[index]))
    name = method.trained.classes[label]
    words = "no box: no evidence for the class"
    if box is not None:
        words = f"box {in_words(box)}, true {in_words(truth[0])}"
    plain, heat = st.columns(2)
    for place, picture, what in (
        (plain, result.shown(), "The image"),
        (heat, result.heat(alpha=0.6), f"{result.method} of {name}"),
    ):
        framed = boxed_pictures.framed(picture, result.zoom, box, truth)
        place.image(encode(framed, quality=92), width="stretch", alt=f"{what} with both boxes: {words}, IoU {iou:.2f}")
    predicted, true = theme.coloured("predicted", "prediction"), theme.coloured("true", "truth")
    plain.markdown(f"**IoU {iou:.2f}**: {predicted} solid, {true} dashed")
    heat.caption(f"{result.method} of {name}: evidence {result.evidence()}; {words}")
    plain.caption(_prediction(result, method.trained.classes, name))


def _prediction(result: View, classes: tuple[str, ...], name: str) -> str:
    """Return the predicted class of an image whose true class is `name`."""
    predicted, share = classes[result.predicted], float(result.probabilities[result.predicted])
    return f"Predicted: {predicted}, {100 * share:.0f}% sure{'' if predicted == name else f'; true class: {name}'}."


def true_boxes(pictures: Pictures, index: int) -> list[boxes.Box]:
    """Return the true boxes of an image, to the pixel."""
    rounded = (tuple(round(edge) for edge in box) for box in pictures.truth[index].tolist())
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in rounded if x1]


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
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    shown = order[A_PAGE * (page - 1) : A_PAGE * page]
    images = pictures.evaluated_on.images[pictures.positions[shown]]
    labels = pictures.evaluated_on.labels[pictures.positions[shown]]
    results = view.of_images(method.trained, images, labels[:, None], method.name)
    with slot, st.grid(4, min_column_width=120, gap="small"):
        for position, result in zip(shown.tolist(), results, strict=True):
            with st.container(gap="xxsmall"):
                _small(evaluation, position, result)


def _small(evaluation: Evaluation, position: int, result: View) -> None:
    """Draw the image at `position` of the report with its boxes, and the button that shows it large."""
    index, iou = int(evaluation.pictures.positions[position]), evaluation.ious[position]
    x0, y0, x1, y1 = evaluation.report.curve.boxes[position, evaluation.position].tolist()
    box = (x0, y0, x1, y1) if x1 else None
    truth = true_boxes(evaluation.pictures, index)
    picture = boxed_pictures.framed(result.heat(alpha=0.45), result.zoom, box, truth, line=8)
    name = evaluation.method.trained.classes[result.classes[0]]
    st.image(encode(picture), width="stretch", alt=f"Image {index}, a {name}, with both boxes: IoU {iou:.2f}")
    st.button(
        f"{name}, {iou:.2f}",
        key=f"open {index}",
        type="tertiary",
        on_click=lambda: st.session_state.update(image=index),
        help=f"Open image {index} above.",
    )
