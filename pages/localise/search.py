"""The search for objects: maps of a net's own data or of one's own pictures, and their boxes at every threshold."""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from core.datasets import Dataset, Split
from core.explain import localise, splits
from core.explain.localise import FEWEST, Located, Report, Score
from core.trainers.trained import TrainedClassifier
from pages.localise import own_boxes
from ui import nets
from ui.slots import progress_bar


@dataclass(frozen=True)
class Method:
    """How boxes come about: the net, the method of its maps, and the rule by which boxes are read off."""

    trained: TrainedClassifier
    name: str
    rule: str


@dataclass(frozen=True)
class Scene:
    """Images with their true boxes (M, B, 4), and the threshold at which a method draws boxes into them."""

    method: Method
    split: Split
    truth: np.ndarray
    threshold: float


@dataclass(frozen=True)
class Pictures:
    """The images of `evaluated_on`, whose `positions` (N,) are in `located`, and those a threshold is chosen on.

    `truth` (M, B, 4) holds the true boxes of `evaluated_on`. `source` names these images, `chosen_source` those that
    the threshold is chosen on. `content` is the same for the same images, whatever their names.
    """

    evaluated_on: Split
    truth: np.ndarray
    positions: np.ndarray
    located: Located
    chosen_on: Located
    source: str
    chosen_source: str
    content: Hashable
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
        return Scene(self.method, self.pictures.evaluated_on, self.pictures.truth, self.threshold)

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
    return trained.name, nets.stamp(trained.name), method.name, pictures.content


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
        maps = located(
            method, evaluated_on, "Mapping test images", cancel=cancel
        )  # raises UserError where there are no boxes
        chosen_on = located(method, splits.part(other, count), "Mapping validation images", cancel=cancel)
        source = f"{len(evaluated_on):,} test images of {data.title}"
        chosen_source = f"{len(chosen_on):,} {'validation' if data.validation else 'training'} images"
        positions = np.arange(len(evaluated_on)) * len(data.test) // len(evaluated_on)
        content = (method.trained.dataset, count)
        slot.append(Pictures(data.test, truth_of(data), positions, maps, chosen_on, source, chosen_source, content))
    return slot[0]


def truth_of(data: Dataset) -> np.ndarray:
    """Return the true boxes of the test images, (N, 1, 4); none of them where the data set has no boxes."""
    return np.zeros((0, 1, 4)) if data.test.boxes is None else data.test.boxes.numpy()[:, None]


def in_own(method: Method) -> Pictures | None:
    """Return the user's pictures, one half to choose a threshold on and the other to evaluate it; None without any."""
    trained = method.trained
    own = own_boxes.choose(trained)
    if own is None:
        return None
    content = digest(own.split.images.numpy(), own.split.labels.numpy(), own.truth)
    slot = _slot((trained.name, nets.stamp(trained.name), method.name, content))
    if not slot:
        whole = located(method, own.split, "Mapping your pictures", own.truth)
        evaluated, chosen = (torch.arange(len(whole)),) * 2
        source, chosen_source = f"{len(whole):,} pictures of your own", "the same pictures"
        remarks = own.remarks
        if len(whole) >= FEWEST:
            chosen, evaluated = localise.halves(len(whole))
            source, chosen_source = f"half of {source}", "the other half of the pictures"
        else:
            remarks += (
                f"With fewer than {FEWEST} pictures the threshold is chosen on those it is evaluated on, so the scores "
                "are too good.",
            )
        evaluated_on, chosen_on = whole.part(evaluated), whole.part(chosen)
        slot.append(
            Pictures(
                own.split,
                own.truth,
                evaluated.numpy(),
                evaluated_on,
                chosen_on,
                source,
                chosen_source,
                content,
                remarks,
            )
        )
    return slot[0]


def digest(*arrays: np.ndarray) -> str:
    """Return a name for the content of some arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def located(
    method: Method,
    split: Split,
    label: str,
    truth: np.ndarray | None = None,
    cancel: Callable[[], None] | None = None,
) -> Located:
    """Return the maps of all images of a split, behind a progress bar."""
    with progress_bar(label, cancel=cancel) as progress:
        return localise.locate(method.trained, split, method.name, truth, progress)
