"""Weakly supervised localisation (section 5.1.1): accuracy of boxes from maps against true boxes.

The threshold is chosen on one set of images and evaluated on another, by the share of images whose box reaches an IoU
of 0.3, 0.5 and 0.7 with a true box (MaxBoxAccV2 of Choe et al., 2020), given the true class. Three baselines are the
same box for every image: the whole of it, the best centred one, and the best of any place. A map below them has
localised nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.explain import boxes, cam, methods, subjects
from core.explain.box_files import Boxed
from core.explain.boxes import Boxes
from core.explain.cam import Explanation
from core.explain.subjects import Progress
from core.trainers.trained import TrainedClassifier

LEVELS = (0.3, 0.5, 0.7)  # IoU from which a box counts as correct
THRESHOLDS: NDArray = np.arange(1, 100) / 100
FEWEST = 20  # of the user's own, to choose a threshold on one half and evaluate it on the other
CAM = "cam"  # the method of nets that end in global average pooling
_BATCH = 100  # images that are explained at once
_GRID = 16  # places along a side where the search for the best constant box begins
_PAIRS = 2_000_000  # boxes compared at once


@dataclass(frozen=True)
class Located:
    """The maps of N images beside their true boxes.

    `maps` (N, H, W) float32 are of the true class, in the images' size or, of photographs, in positions; `truth`
    (N, B, 4) holds up to B boxes an image, zeros where there are fewer; `correct` (N,) bool, whether the net predicts
    the true class.
    """

    maps: NDArray
    truth: NDArray
    correct: NDArray

    def __len__(self) -> int:
        return len(self.maps)

    def part(self, indices: NDArray | Tensor) -> Located:
        """Return the maps of the images at `indices` (M,)."""
        places = np.asarray(indices)
        return Located(self.maps[places], self.truth[places], self.correct[places])


@dataclass(frozen=True)
class Curve:
    """Accuracy over T thresholds (T,): boxes (N, T, 4) read off the maps by `rule`, and their `ious` (N, T), 0 to 1."""

    rule: str
    thresholds: NDArray
    boxes: Boxes
    ious: NDArray

    def accuracy(self, level: float) -> NDArray:
        """Return the percentage (T,) of images whose box has an IoU of `level` or more."""
        return 100 * (self.ious >= level).mean(0)

    @property
    def mean_accuracy(self) -> NDArray:
        """Return the mean (T,) of the accuracies at LEVELS, in percent; a threshold is chosen by it."""
        return np.mean([self.accuracy(level) for level in LEVELS], 0)

    @property
    def best(self) -> int:
        """Return the index of the threshold of greatest mean accuracy; the middle one where several are equal."""
        return _middle_of_best(self.mean_accuracy)

    def at(self, threshold: float) -> int:
        """Return the index of the threshold nearest to `threshold`."""
        return int(np.abs(self.thresholds - threshold).argmin())


@dataclass(frozen=True)
class Score:
    """Localisation accuracy at each of LEVELS, in percent.

    `accuracy` takes the true class as given (GT-known localisation); `accuracy_with_class` also requires the net to
    predict it (top-1 localisation). `ious` (N,) is of each image, 0 to 1; `box` is the constant box, where it is one.
    """

    accuracy: tuple[float, ...]
    accuracy_with_class: tuple[float, ...]
    ious: NDArray
    box: tuple[int, ...] | None = None

    @property
    def mean_accuracy(self) -> float:
        """Return the mean of the accuracies at LEVELS, in percent."""
        return float(np.mean(self.accuracy))

    @property
    def mean_iou(self) -> float:
        """Return the mean IoU, 0 to 1."""
        return float(self.ious.mean())


@dataclass(frozen=True)
class Report:
    """The threshold of a rule, chosen on some images, and its score on others beside those of the constant boxes.

    `selection_images` is the number of images that it was chosen on; `curve` is of those evaluated on.
    """

    rule: str
    threshold: float
    selection_images: int
    score: Score
    whole: Score
    centre: Score
    constant: Score
    curve: Curve


def locate(
    trained: TrainedClassifier,
    split: Split,
    method: str | None = None,
    progress: Progress = lambda done, of: None,
) -> Located:
    """Return the maps of the true classes of a split, by a method of `methods` (default: CAM or Grad-CAM).

    `progress` is called with the images done and in all. Raises UserError where the split has no boxes, and where it
    has classes that the net lacks.
    """
    if split.boxes is None:
        raise UserError(
            f"The images of {trained.dataset} have no true boxes to compare with: choose a net for the toybox, or "
            "give a folder of pictures and a file of their boxes."
        )
    truth = split.boxes.numpy()[:, None]
    if not len(split):
        raise UserError("There are no images to find anything in: give at least one.")
    name = method or methods.fitting(trained.net)[0].name
    maps, correct = [], []
    for start in range(0, len(split), _BATCH):
        x, labels = trained.prepare(split.images[start : start + _BATCH]), split.labels[start : start + _BATCH]
        explanation = methods.explain(trained.net, x, labels[:, None], name)
        maps.append(cam.upsample(explanation.maps[:, 0], (x.shape[-2], x.shape[-1]), explanation.grid))
        correct.append(explanation.logits.argmax(1) == labels)
        progress(start + len(x), len(split))
    return Located(torch.cat(maps).numpy(), truth, torch.cat(correct).numpy())


def locate_photographs(
    trained: TrainedClassifier, boxed: Boxed, method: str | None = None, progress: Progress = lambda done, of: None
) -> tuple[Boxed, Located]:
    """Return the photographs that can be read, with the class of each, and the maps of these classes, in positions.

    Where a name means several classes, it is the one of the greatest logit. One photograph is in memory at a time.
    `progress` is called with the photographs done and in all. Raises UserError where none can be read.
    """
    name = method or methods.fitting(trained.net)[0].name
    maps, labels, correct, readable, faults = [], [], [], [], []
    for index, picture in boxed.photographs.readable():
        if isinstance(picture, str):
            faults.append(picture)
        else:
            x, group = trained.prepare(trained.prepare_picture(picture)), boxed.photographs.groups[index]
            explanation, position, predicted = _of_group(trained, x, group, name)
            size = (boxed.positions, boxed.positions)
            maps.append(cam.upsample(explanation.maps[0, position], size, explanation.grid))
            label = int(explanation.classes[0, position])
            labels.append(label)
            correct.append(predicted in group)
            readable.append(index)
        progress(index + 1, len(boxed))
    photographs = subjects.without_faults(boxed.photographs, readable, faults)
    rest = replace(boxed, photographs=photographs, truth=boxed.truth[readable], labels=torch.tensor(labels))
    return rest, Located(torch.stack(maps).numpy(), rest.truth, np.array(correct))


def _of_group(
    trained: TrainedClassifier, x: Tensor, group: tuple[int, ...], method: str
) -> tuple[Explanation, int, int]:
    """Return maps of a group's classes for one input, the likeliest one's position in them, and the predicted class."""
    if method != CAM:  # by CAM all maps of a group come in one pass, by others each would cost one
        with torch.inference_mode():
            group = (subjects.best_of(trained.net(x)[0], group),)
    explanation = methods.explain(trained.net, x, torch.tensor([group]), None if method == CAM else method)
    logits = explanation.logits[0]
    return explanation, group.index(subjects.best_of(logits, group)), int(logits.argmax())


def curve(located: Located, rule: str, thresholds: NDArray = THRESHOLDS) -> Curve:
    """Return the boxes of all maps at all thresholds and their IoUs. Raises UserError as `boxes.over_thresholds`."""
    candidates = boxes.over_thresholds(located.maps, thresholds, rule)
    return Curve(rule, np.asarray(thresholds), candidates, overlap(candidates, located.truth[:, None]))


def overlap(candidates: NDArray, truth: NDArray) -> NDArray:
    """Return the IoU (...), 0 to 1, of boxes (..., 4) with the best matching of the true ones (..., B, 4)."""
    return boxes.iou(candidates[..., None, :], truth).max(-1)


def evaluate(selection: Located, evaluation: Located, rule: str) -> Report:
    """Choose the threshold, the centred and the constant box on `selection`, and score them on `evaluation`."""
    threshold = curve(selection, rule).best
    evaluated = curve(evaluation, rule)
    side = (evaluation.maps.shape[2], evaluation.maps.shape[1])
    return Report(
        rule,
        float(evaluated.thresholds[threshold]),
        len(selection),
        _score(evaluated.ious[:, threshold], evaluation.correct),
        _score_of_box(np.array([0, 0, *side]), evaluation),
        _score_of_box(centred_box(selection.truth, side), evaluation),
        _score_of_box(constant_box(selection.truth, side), evaluation),
        evaluated,
    )


def score_at(curve: Curve, threshold: float, correct: NDArray) -> Score:
    """Return the score of the boxes at a threshold in (0, 1); `correct` (N,) bool, as in `Located`."""
    return _score(curve.ious[:, curve.at(threshold)], correct)


def _score_of_box(box: NDArray, located: Located) -> Score:
    return replace(_score(overlap(box, located.truth), located.correct), box=tuple(box.tolist()))


def _score(ious: NDArray, correct: NDArray) -> Score:
    hits = [ious >= level for level in LEVELS]
    return Score(
        tuple(100 * float(hit.mean()) for hit in hits),
        tuple(100 * float((hit & correct).mean()) for hit in hits),
        ious,
    )


def centred_box(truth: NDArray, side: tuple[int, int]) -> NDArray:
    """Return the centred box (4,) of best mean accuracy on `truth` (N, B, 4).

    It has the proportions of the images, which are of `side` (width, height) pixels.
    """
    width, height = side
    shares = np.arange(1, max(side) + 1) / max(side)
    across, down = np.maximum(1, np.rint(shares * width)), np.maximum(1, np.rint(shares * height))
    left, top = (width - across) // 2, (height - down) // 2
    candidates = np.stack([left, top, left + across, top + down], 1).astype(np.int64)
    return candidates[_middle_of_best(_accuracies(candidates, truth))]


def constant_box(truth: NDArray, side: tuple[int, int]) -> NDArray:
    """Return the box (4,) of any place and size with the best mean accuracy on `truth` (N, B, 4).

    Images are of `side` (width, height) pixels. Search a grid of 16 x 16 places, then move edge by edge, in ever
    smaller steps, until no pixel improves it.
    """
    edges = [np.unique(np.rint(np.linspace(0, length, _GRID + 1)).astype(np.int64)) for length in side]
    spans = [np.array([(a, b) for a in places for b in places if a < b]) for places in edges]
    pairs = [(across, down) for across in spans[0] for down in spans[1]]
    candidates = np.array([(x[0], y[0], x[1], y[1]) for x, y in pairs])
    best = candidates[_accuracies(candidates, truth).argmax()]
    step = max(1, max(side) // (2 * _GRID))
    while step:
        moves = step * np.array([[0, 0, 0, 0], *np.eye(4, dtype=np.int64), *-np.eye(4, dtype=np.int64)])
        near = np.clip(best + moves, 0, np.array([*side, *side]))
        near = near[(near[:, 0] < near[:, 2]) & (near[:, 1] < near[:, 3])]
        better = near[_accuracies(near, truth).argmax()]
        if np.array_equal(better, best):
            step //= 2
        best = better
    return best


def _middle_of_best(values: NDArray) -> int:
    best = np.flatnonzero(values >= values.max())
    return int(best[len(best) // 2])


def _accuracies(candidates: NDArray, truth: NDArray) -> NDArray:
    """Return the mean accuracy (M,) at LEVELS, 0 to 1, of boxes (M, 4), each used for every image."""
    batch = max(1, _PAIRS // max(1, truth[..., 0].size))
    accuracies = []
    for start in range(0, len(candidates), batch):
        ious = overlap(candidates[start : start + batch, None], truth)
        accuracies.append(sum((ious >= level).mean(1) for level in LEVELS) / len(LEVELS))
    return np.concatenate(accuracies)


def halves(count: int) -> tuple[Tensor, Tensor]:
    """Split the indices of `count` images into two halves by a fixed shuffle, each sorted: (M,) and (count - M,)."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    return order[: count // 2].sort().values, order[count // 2 :].sort().values
