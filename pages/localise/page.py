"""Localise: boxes from class maps alone, scored against the true ones at any threshold (section 5.1.1)."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
import torch

from core.datasets import Split
from core.explain import boxes, cam, localise, methods, splits, view
from core.explain.localise import FEWEST, LEVELS, Located, Report, Score
from core.images import encode
from core.trainers.trained import TrainedClassifier
from pages.localise import boxed_pictures, own_boxes
from pages.localise import chart as localisation_chart
from ui import address, frame, held_out, nets, theme
from ui.frame import guard

KIND = "toybox"  # the data that come with true boxes
SOURCES = {"data": "The net's own data", "own": "Your own, with boxes"}
SLOW = ("score-cam", "occlusion")  # dozens of passes for one map
A_PAGE = 8
HALF = LEVELS.index(0.5)  # the level that the headline tells
ENDS = {"worst": "Worst first", "best": "Best first"}
EVERY = "all"


@dataclass(frozen=True)
class Pictures:
    """What is searched: `judged_on`, of which `positions` (N,) are in `located`, and what a threshold is chosen on.

    `truth` (M, B, 4) goes with `judged_on`; `words` say where they come from, `chosen_words` what the threshold's are.
    """

    judged_on: Split
    truth: np.ndarray
    positions: np.ndarray
    located: Located
    chosen_on: Located
    words: str
    chosen_words: str
    remarks: tuple[str, ...] = ()


@st.cache_resource(max_entries=4, show_spinner=False)
def kept(key: tuple[Hashable, ...]) -> list[Pictures]:
    """A place for one search; empty until it has been made."""
    return []


@st.cache_resource(max_entries=8, show_spinner="Reading boxes off the maps at every threshold")
def report(key: tuple[Hashable, ...], rule: str, _found: Pictures) -> Report:
    return localise.evaluate(_found.chosen_on, _found.located, rule)


def located(
    trained: TrainedClassifier, split: Split, method: str, what: str, truth: np.ndarray | None = None
) -> Located:
    """Maps of all images of a split; a bar with a count moves meanwhile."""
    bar = st.progress(0.0, text=what)
    try:
        return localise.locate(
            trained,
            split,
            method,
            truth,
            lambda done, of: bar.progress(done / of, text=f"{what}: {done:,} of {of:,} images"),
        )
    finally:
        bar.empty()


def in_data(trained: TrainedClassifier, method: str, most: int) -> Pictures | None:
    """The test images of the net's data, and those of validation to choose a threshold on; None while they load."""
    data = held_out.dataset(trained.dataset)
    if data is None:
        return None
    place = kept((trained.name, nets.stamp(trained.name), method, most))
    if not place:
        judged_on, other = splits.part(data.test, most), data.validation or data.train
        maps = located(trained, judged_on, method, "Mapping test images")  # says it where there are no boxes
        assert data.test.boxes is not None
        chosen_on = located(trained, splits.part(other, most), method, "Mapping validation images")
        count = len(judged_on)
        words = f"{count:,} test images of {data.title}"
        chosen_words = f"{len(chosen_on):,} {'validation' if data.validation else 'training'} images"
        positions = np.arange(count) * len(data.test) // count
        truth = data.test.boxes.numpy()[:, None]
        place.append(Pictures(data.test, truth, positions, maps, chosen_on, words, chosen_words))
    return place[0]


def in_own(trained: TrainedClassifier, method: str) -> Pictures | None:
    """The user's pictures: one half to choose a threshold on, the other to judge it on; None while none are given."""
    own = own_boxes.ask(trained)
    if own is None:
        return None
    place = kept((trained.name, nets.stamp(trained.name), method, hash(own.truth.tobytes()), own.pictures))
    if not place:
        whole = located(trained, own.split, method, "Mapping your pictures", own.truth)
        judged, chosen = (torch.arange(len(whole)),) * 2
        words, chosen_words = f"{len(whole):,} pictures of your own", "the very same pictures"
        remarks = own.remarks
        if len(whole) >= FEWEST:
            chosen, judged = localise.halves(len(whole))
            words, chosen_words = f"half of {words}", "the other half of the pictures"
        else:
            remarks += (f"Below {FEWEST} pictures, the threshold is chosen on those it is judged on: it looks better.",)
        one, other = whole.part(chosen), whole.part(judged)
        place.append(Pictures(own.split, own.truth, judged.numpy(), other, one, words, chosen_words, remarks))
    return place[0]


def threshold_choice(chosen: float, key: str) -> float:
    """The slider; it begins at the threshold in the address, else at the one that was chosen on other images."""
    widget = f"threshold of {key}"
    if widget not in st.session_state:
        st.session_state[widget] = asked_threshold() or chosen
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

    def back() -> None:
        st.session_state[widget] = chosen
        st.query_params.pop("threshold", None)

    row.button(
        f"Back to {chosen:.2f}",
        icon=":material/undo:",
        on_click=back,
        disabled=st.session_state[widget] == chosen,
        help="The threshold that is best on the images it was chosen on.",
    )
    return float(st.session_state[widget])


def asked_threshold() -> float | None:
    try:
        asked = round(float(st.query_params.get("threshold", "")), 2)
    except ValueError:
        return None
    return asked if 0 < asked < 1 else None


def headline(judged: Report, now: Score) -> None:
    """What the threshold reaches, against what looks at no image."""
    lead = now.accuracy[HALF] - max(judged.centre.accuracy[HALF], judged.constant.accuracy[HALF])
    st.subheader(
        f"{now.accuracy[HALF]:.1f} % of the boxes overlap the truth by half, "
        f"{abs(lead):.1f} points {'more' if lead >= 0 else 'less'} than boxes that look at no image",
        anchor=False,
    )


def table(found: Pictures, judged: Report, now: Score, threshold: float) -> None:
    """All the figures, and what they were taken on."""
    levels = [f"IoU {level:g}" for level in LEVELS]
    rows = {
        f"Map, threshold {threshold:.2f}": now,
        f"Map, chosen threshold {judged.threshold:.2f}": judged.score,
        "Box in the middle": judged.centre,
        "Best constant box": judged.constant,
    }
    percent = {name: st.column_config.NumberColumn(format="%.1f %%") for name in (*levels, "Mean", "Mean IoU")}
    named = st.column_config.NumberColumn(format="%.1f %%", help="IoU 0.5 or more, and the class named as well.")
    st.dataframe(
        pd.DataFrame(
            [
                [name, *score.accuracy, score.mean_accuracy, 100 * score.mean_iou, score.accuracy_with_class[HALF]]
                for name, score in rows.items()
            ],
            columns=["Box", *levels, "Mean", "Mean IoU", "And named"],
        ),
        hide_index=True,
        column_config={**percent, "And named": named},
        alt="Accuracy of the map's boxes and of boxes that look at no image",
    )
    st.caption(
        f"Judged on {found.words}; the threshold and both constant boxes are chosen on {found.chosen_words}. "
        "A map that does not surpass the constant boxes has localised nothing."
    )
    for remark in found.remarks:
        st.caption(remark)


def opened(trained: TrainedClassifier, found: Pictures, threshold: float, rule: str, method: str, index: int) -> None:
    """One image: as it is, and under the map of its true class, with the box found and the true ones."""
    label = int(found.judged_on.labels[index])
    seen = view.of_image(trained, found.judged_on.images[index], (label,), method)
    side = (found.judged_on.images.shape[-2], found.judged_on.images.shape[-1])
    box = boxes.box(cam.upsample(seen.maps[0], side), threshold, rule)
    truth = true_boxes(found, index)
    iou = 0.0 if box is None else float(localise.overlap(np.array(box), found.truth[index]))
    name, colours = trained.classes[label], theme.colours()
    words = (
        "no box, for nothing speaks for the class" if box is None else f"box {in_words(box)}, true {in_words(truth[0])}"
    )
    plain, heat = st.columns(2)
    for place, picture, what in (
        (plain, seen.shown(), "The image"),
        (heat, seen.heat(alpha=0.6), f"{seen.method} of {name}"),
    ):
        framed = boxed_pictures.framed(picture, seen.zoom, box, truth)
        place.image(encode(framed, quality=92), width="stretch", alt=f"{what} with both boxes: {words}, IoU {iou:.2f}")
    plain.markdown(
        f'**IoU {iou:.2f}**: :color[found]{{foreground="{colours.prediction}"}} in one line, '
        f':color[true]{{foreground="{colours.truth}"}} dashed'
    )
    heat.caption(f"{seen.method} of {name}: evidence {seen.evidence()}; {words}")
    answer = trained.classes[seen.predicted]
    share = f"{100 * float(seen.probabilities[seen.predicted]):.0f} % sure"
    plain.caption(f"The net says {answer}, {share}{'' if answer == name else f'; it is {name}'}.")


def true_boxes(found: Pictures, index: int) -> list[boxes.Box]:
    """The true boxes of an image to the pixel."""
    rounded = (tuple(round(edge) for edge in one) for one in found.truth[index].tolist())
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in rounded if x1]


def in_words(box: tuple[int, ...]) -> str:
    return f"{box[2] - box[0]} x {box[3] - box[1]} px at ({box[0]}, {box[1]})"


def images_in_order(
    trained: TrainedClassifier, found: Pictures, judged: Report, threshold: float, rule: str, method: str
) -> None:
    """A page of the images by their IoU at this threshold, each of which opens."""
    at = judged.curve.at(threshold)
    ious = judged.curve.ious[:, at]
    end = address.choice("end", "Images", tuple(ENDS), ENDS.__getitem__, "By the IoU at this threshold.")
    order = np.argsort(ious if end == "worst" else -ious, kind="stable")
    slot = st.container()
    pages = max(1, -(-len(order) // A_PAGE))
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    shown = order[A_PAGE * (page - 1) : A_PAGE * page]
    places = found.positions[shown]
    labels = found.judged_on.labels[places]
    views = view.of_images(trained, found.judged_on.images[places], labels[:, None], method)
    with slot, st.grid(4, min_column_width=120, gap="small"):
        for position, index, seen in zip(shown.tolist(), places.tolist(), views, strict=True):
            with st.container(gap="xxsmall"):
                x0, y0, x1, y1 = judged.curve.boxes[position, at].tolist()
                box = (x0, y0, x1, y1) if x1 else None
                truth = true_boxes(found, index)
                picture = boxed_pictures.framed(seen.heat(alpha=0.45), seen.zoom, box, truth, line=8)
                name = trained.classes[seen.classes[0]]
                st.image(
                    encode(picture),
                    width="stretch",
                    alt=f"Image {index}, a {name}, with both boxes: IoU {ious[position]:.2f}",
                )
                st.button(
                    f"{name}, {ious[position]:.2f}",
                    key=f"open {index}",
                    type="tertiary",
                    on_click=lambda index=index: st.session_state.update(image=index),  # type: ignore[misc]
                    help=f"Open image {index} above.",
                )


controls, right = frame.columns()
trained = where = None
with controls, guard():
    trained = nets.choose(own_first=True, of=KIND)
    if trained is not None:
        known = trained.dataset.partition("?")[0] == KIND
        where = address.choice(
            "from",
            "Pictures",
            tuple(SOURCES) if known else tuple(reversed(SOURCES)),
            SOURCES.__getitem__,
            "The toybox has a true box in every image. Your own pictures need a file of boxes.",
        )
        asking = st.container()
        method = address.choice(
            "method",
            "Map by",
            tuple(method.name for method in methods.fitting(trained.net)),
            lambda name: methods.named(name).title,
            "Always the map of the true class: the question is where, not what.",
        )
        rule = address.choice(
            "rule",
            "Box around",
            tuple(boxes.RULES),
            {"all": "All evidence (thesis)", "largest": "Largest region (Zhou)"}.__getitem__,
            "Everything above the threshold, or only the largest connected region of it.",
        )
        st.caption(methods.named(method).measures)
        numbering = st.container()
        if where == "data":
            counts = ("200", "1000", EVERY) if method in SLOW else ("1000", "200", EVERY)
            most = address.choice("count", "Images", counts, help="Evenly spread over the split; all take longer.")
with right, guard():
    found = None
    if trained is not None and where == "data":
        found = in_data(trained, method, 0 if most == EVERY else int(most))
    elif trained is not None:
        with asking, guard():
            found = in_own(trained, method)
        if found is None:
            st.markdown("Give pictures and their boxes, and see how well the net's maps find them.")
    if trained is not None and found is not None:
        key = (trained.name, nets.stamp(trained.name), method, found.words, hash(found.truth.tobytes()))
        judged = report(key, rule, found)
        place = st.container()
        threshold = threshold_choice(judged.threshold, " ".join(map(str, (*key, rule))))
        now = localise.score_at(judged.curve, threshold, found.located.correct)
        with place:
            headline(judged, now)
        if st.session_state.get("image", 0) >= len(found.judged_on):  # of pictures that were shown before
            st.session_state["image"] = 0
        index = numbering.number_input(
            "Image", 0, len(found.judged_on) - 1, key="image", bind="query-params", help="Any image of the split."
        )
        opened(trained, found, threshold, rule, method, index)
        st.altair_chart(
            localisation_chart.over_threshold(judged, threshold),
            alt="Localisation accuracy over the threshold at IoU 0.3, 0.5 and 0.7",
        )
        st.caption(
            f"Points: threshold {threshold:.2f}, as it is set. Dashed: {judged.threshold:.2f}, as it was chosen. "
            "Dotted: the box in the middle."
        )
        table(found, judged, now, threshold)
        images_in_order(trained, found, judged, threshold, rule, method)
frame.takeaway(
    "A map shows where a net finds evidence: coarsely, and often the most telling part rather than the whole, so boxes "
    "come out too large or too small. Only against a box that never looks does their score mean anything."
)
