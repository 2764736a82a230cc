"""The search for objects: maps of a net's own data or of one's own pictures, and their boxes at every threshold."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from core.datasets import Dataset, Split
from core.explain import localise, splits
from core.explain.box_files import Boxed
from core.explain.localise import FEWEST, Located, Report, Score
from core.explain.subjects import Images, Subjects
from core.trainers.trained import TrainedClassifier
from pages.localise import own_boxes
from ui import nets
from ui.slots import canceller, is_cancelled, progress_bar


@dataclass(frozen=True)
class Method:
    """How boxes come about: the net, the method of its maps, and the rule by which boxes are read off."""

    trained: TrainedClassifier
    name: str
    rule: str


@dataclass(frozen=True)
class PictureSet:
    """M pictures, their classes `labels` (M,) and true boxes `truth` (M, B, 4) in positions, `positions` along a side.

    `content` is the same for the same pictures, whatever their names.
    """

    subjects: Subjects
    labels: torch.Tensor
    truth: np.ndarray
    positions: int
    content: Hashable


@dataclass(frozen=True)
class Scene:
    """Pictures, and the threshold at which a method draws boxes into them."""

    method: Method
    pictures: PictureSet
    threshold: float


@dataclass(frozen=True)
class Pictures:
    """Pictures to be `evaluated_on`: `located` are those at `places` (N,); a threshold is chosen on others.

    `source` names these pictures, `chosen_source` those that the threshold is chosen on.
    """

    evaluated_on: PictureSet
    places: np.ndarray
    located: Located
    chosen_on: Located
    source: str
    chosen_source: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """The boxes of a method on some pictures at the `threshold` that is set."""

    method: Method
    pictures: Pictures
    report: Report
    threshold: float

    @property
    def scene(self) -> Scene:
        """The images and their boxes at the threshold."""
        return Scene(self.method, self.pictures.evaluated_on, self.threshold)

    @property
    def score(self) -> Score:
        """The score of the boxes at the threshold."""
        return localise.score_at(self.report.curve, self.threshold, self.pictures.located.correct)

    @property
    def position(self) -> int:
        """Where in the curve's thresholds the nearest one is."""
        return self.report.curve.at(self.threshold)

    @property
    def ious(self) -> np.ndarray:
        """The IoU of each image at the threshold, (N,)."""
        return self.report.curve.ious[:, self.position]


def key_of(method: Method, pictures: Pictures) -> tuple[Hashable, ...]:
    """Return what names these maps of these pictures among all others."""
    trained = method.trained
    return trained.name, nets.stamp(trained.name), method.name, pictures.evaluated_on.content


@st.cache_resource(max_entries=8, show_spinner="Reading boxes off the maps at every threshold")
def report(key: tuple[Hashable, ...], rule: str, _pictures: Pictures) -> Report:
    """Return the scores of all thresholds."""
    return localise.evaluate(_pictures.chosen_on, _pictures.located, rule)


@st.cache_resource(max_entries=4, show_spinner=False)
def _slot(key: tuple[Hashable, ...]) -> list[Pictures]:
    """Return the cache slot for one search."""
    return []


def is_slow(method: Method, count: int) -> bool:
    """Return whether `in_data` has still to make the maps."""
    return not _slot_of(method, count)


def _slot_of(method: Method, count: int) -> list[Pictures]:
    return _slot((method.trained.name, nets.stamp(method.trained.name), method.name, count))


def in_data(method: Method, data: Dataset, count: int, cancel: Callable[[], None] | None = None) -> Pictures:
    """Return `count` test images of the net's data set, 0 for all, and as many validation images for the threshold.

    Where the maps are still to be made, a button calls `cancel`.

    Raise UserError where its images have no true boxes.
    """
    slot = _slot_of(method, count)
    if not slot:
        evaluated_on, other = splits.part(data.test, count), data.validation or data.train
        maps = located(method, evaluated_on, "Mapping test images", cancel)  # UserError where there are no boxes
        chosen_on = located(method, splits.part(other, count), "Mapping validation images", cancel)
        source = f"{len(evaluated_on):,} test images of {data.title}"
        chosen_source = f"{len(chosen_on):,} {'validation' if data.validation else 'training'} images"
        places = np.arange(len(evaluated_on)) * len(data.test) // len(evaluated_on)
        slot.append(Pictures(of_data(data, count), places, maps, chosen_on, source, chosen_source))
    return slot[0]


def of_data(data: Dataset, count: int) -> PictureSet:
    """Return the test images of a data set with their boxes, of which `count` are evaluated on, 0 for all."""
    truth = np.zeros((0, 1, 4)) if data.test.boxes is None else data.test.boxes.numpy()[:, None]
    return PictureSet(Images(data.test), data.test.labels, truth, data.side, (data.name, count))


def in_own(method: Method) -> Pictures | None:
    """Return the user's pictures, one half to choose a threshold on and the other to evaluate it.

    None without any, and after the search for the objects has been cancelled: then a button starts it again.
    """
    trained = method.trained
    own = own_boxes.choose(trained)
    if own is None:
        return None
    key = (trained.name, nets.stamp(trained.name), method.name, own.content)
    slot = _slot(key)
    if not slot and is_cancelled(key, "Localise in these pictures"):
        return None
    if not slot:
        with progress_bar("Mapping your pictures", "pictures", canceller(key)) as progress:
            boxed, whole = localise.locate_photographs(trained, own.boxed, method.name, progress)
        slot.append(_halved(boxed, whole, own.content))
    return slot[0]


def _halved(boxed: Boxed, whole: Located, content: Hashable) -> Pictures:
    """Return the half to evaluate on and the half to choose a threshold on; all for both of too few pictures."""
    evaluated, chosen = (torch.arange(len(whole)),) * 2
    source, chosen_source = f"{len(whole):,} pictures of your own", "the same pictures"
    remarks = boxed.photographs.remarks
    if len(whole) >= FEWEST:
        chosen, evaluated = localise.halves(len(whole))
        source, chosen_source = f"half of {source}", "the other half of the pictures"
    else:
        remarks += (
            f"With fewer than {FEWEST} pictures the threshold is chosen on those it is evaluated on, so the scores "
            "are too good.",
        )
    every = PictureSet(boxed.photographs, boxed.labels, boxed.truth, boxed.positions, content)
    parts = whole.part(evaluated), whole.part(chosen)
    return Pictures(every, evaluated.numpy(), *parts, source, chosen_source, remarks)


def located(method: Method, split: Split, label: str, cancel: Callable[[], None] | None = None) -> Located:
    """Return the maps of all images of a split, behind a progress bar."""
    with progress_bar(label, cancel=cancel) as progress:
        return localise.locate(method.trained, split, method.name, progress)
