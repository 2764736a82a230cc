"""How well boxes from maps find objects whose true boxes are known (section 5.1.1), and what that is worth.

The threshold is chosen on one set of images and judged on another, by the share of images whose box overlaps the truth
by an IoU of 0.3, 0.5 and 0.7 (Choe et al., 2020), the true class being given. Beside it stand two boxes that look at
no image: in the middle, and wherever boxes are best on average. A map that does not surpass them has localised nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.explain import boxes, cam, methods
from core.trainers.trained import TrainedClassifier

LEVELS = (0.3, 0.5, 0.7)  # of the IoU, from which a box counts as found
THRESHOLDS: NDArray = np.arange(1, 100) / 100
FEWEST = 20  # pictures of one's own, to choose a threshold on one half and evaluate it on the other
_IMAGES = 100  # that are explained at once
_GRID = 16  # places along a side where the search for the best constant box begins
_PAIRS = 2_000_000  # boxes compared at once


@dataclass(frozen=True)
class Located:
    """What is to be judged: N images' maps, their true boxes, and whether the net names their class.

    `maps` (N, H, W) float32 are of the true class, of the images' size; `truth` (N, B, 4) holds up to B boxes an image,
    zeros where there are fewer; `named` (N,) bool.
    """

    maps: NDArray
    truth: NDArray
    named: NDArray

    def __len__(self) -> int:
        return len(self.maps)


@dataclass(frozen=True)
class Curve:
    """Accuracy over all thresholds: `ious` (N, T) at `thresholds` (T,), of boxes (N, T, 4) read off by `rule`."""

    rule: str
    thresholds: NDArray
    found: boxes.Boxes
    ious: NDArray

    def accuracy(self, level: float) -> NDArray:
        """Share of the images, in percent, whose box overlaps the truth by `level` or more: (T,)."""
        return 100 * (self.ious >= level).mean(0)

    @property
    def mean_accuracy(self) -> NDArray:
        """The mean of the accuracies at LEVELS, which is what a threshold is chosen by: (T,)."""
        return np.mean([self.accuracy(level) for level in LEVELS], 0)

    @property
    def best(self) -> int:
        """Where in `thresholds` the mean accuracy is greatest; the middle one where several are as good."""
        return _middle_of_best(self.mean_accuracy)

    def at(self, threshold: float) -> int:
        """Where in `thresholds` the nearest one is."""
        return int(np.abs(self.thresholds - threshold).argmin())


@dataclass(frozen=True)
class Score:
    """Share of the images, in percent, whose box reaches each of LEVELS: `accuracy`, and with the class named: `named`.

    `ious` (N,) of each image; `box` is the one constant box, where it is one. `mean_iou` is 0 to 1.
    """

    accuracy: tuple[float, ...]
    named: tuple[float, ...]
    ious: NDArray
    box: tuple[int, ...] | None = None

    @property
    def mean_accuracy(self) -> float:
        """The mean of the accuracies at LEVELS, percent."""
        return float(np.mean(self.accuracy))

    @property
    def mean_iou(self) -> float:
        """The mean IoU, 0 to 1."""
        return float(self.ious.mean())


@dataclass(frozen=True)
class Report:
    """A rule's threshold, chosen on some images, and its score on others, beside those of the two constant boxes."""

    rule: str
    threshold: float
    chosen_on: int
    score: Score
    centre: Score
    constant: Score
    curve: Curve


def locate(
    trained: TrainedClassifier,
    split: Split,
    method: str | None = None,
    truth: NDArray | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Located:
    """Maps of the true classes of a split, by a method of `methods` (left out: the net's own, CAM or Grad-CAM).

    `truth` (N, B, 4), in the net's pixels, stands for the split's own boxes. Raises UserError where neither is there,
    and where the split has classes that the net has not.
    """
    if truth is None:
        if split.boxes is None:
            raise UserError(
                f"The images of {trained.dataset} have no true boxes to compare with: choose a net for the toybox, or "
                "give a folder of pictures and a file of their boxes."
            )
        truth = split.boxes.numpy()[:, None]
    if not len(split):
        raise UserError("There are no images to find anything in: give at least one.")
    name = method or methods.fitting(trained.net)[0].name
    maps, named = [], []
    for start in range(0, len(split), _IMAGES):
        x, labels = trained.prepare(split.images[start : start + _IMAGES]), split.labels[start : start + _IMAGES]
        found = methods.explain(trained.net, x, labels[:, None], name)
        maps.append(cam.upsample(found.maps[:, 0], (x.shape[-2], x.shape[-1])))
        named.append(found.logits.argmax(1) == labels)
        progress(start + len(x), len(split))
    return Located(torch.cat(maps).numpy(), truth, torch.cat(named).numpy())


def curve(located: Located, rule: str, thresholds: NDArray = THRESHOLDS) -> Curve:
    """The boxes of all maps at all thresholds and how far they overlap with the truth. Raises UserError as `boxes`."""
    found = boxes.over_thresholds(located.maps, thresholds, rule)
    return Curve(rule, np.asarray(thresholds), found, overlap(found, located.truth[:, None]))


def overlap(found: NDArray, truth: NDArray) -> NDArray:
    """IoU (...) of boxes (..., 4) with the nearest of the true ones (..., B, 4)."""
    return boxes.iou(found[..., None, :], truth).max(-1)


def judge(chosen_on: Located, judged_on: Located, rule: str) -> Report:
    """Choose the threshold, the centred box and the constant box on some images, and score them on others."""
    thresholds = curve(chosen_on, rule)
    position = thresholds.best
    found = curve(judged_on, rule)
    side = (judged_on.maps.shape[2], judged_on.maps.shape[1])
    return Report(
        rule,
        float(found.thresholds[position]),
        len(chosen_on),
        _score(found.ious[:, position], judged_on.named),
        _score_of_box(centred_box(chosen_on.truth, side), judged_on),
        _score_of_box(constant_box(chosen_on.truth, side), judged_on),
        found,
    )


def score_at(curve: Curve, threshold: float, named: NDArray) -> Score:
    """Return the score of the boxes at a threshold in (0, 1); `named` (N,) bool, as in `Located`."""
    return _score(curve.ious[:, curve.at(threshold)], named)


def _score_of_box(box: NDArray, located: Located) -> Score:
    score = _score(overlap(box, located.truth), located.named)
    return Score(score.accuracy, score.named, score.ious, tuple(box.tolist()))


def _score(ious: NDArray, named: NDArray) -> Score:
    hits = [ious >= level for level in LEVELS]
    return Score(
        tuple(100 * float(hit.mean()) for hit in hits),
        tuple(100 * float((hit & named).mean()) for hit in hits),
        ious,
    )


def centred_box(truth: NDArray, side: tuple[int, int]) -> NDArray:
    """The box (4,) in the middle of images of `side` (width, height), in their proportions, that suits `truth` best."""
    width, height = side
    shares = np.arange(1, max(side) + 1) / max(side)
    across, down = np.maximum(1, np.rint(shares * width)), np.maximum(1, np.rint(shares * height))
    left, top = (width - across) // 2, (height - down) // 2
    candidates = np.stack([left, top, left + across, top + down], 1).astype(np.int64)
    return candidates[_middle_of_best(_accuracies(candidates, truth))]


def constant_box(truth: NDArray, side: tuple[int, int]) -> NDArray:
    """The box (4,) of any place and size that suits `truth` (N, B, 4) best, in images of `side` (width, height).

    Found on a grid of sixteen by sixteen places, then moved edge by edge, ever more finely, until no pixel improves it.
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
    good = np.flatnonzero(values >= values.max())
    return int(good[len(good) // 2])


def _accuracies(candidates: NDArray, truth: NDArray) -> NDArray:
    """The mean accuracy at LEVELS (M,) of boxes (M, 4), each taken for every image."""
    at_once = max(1, _PAIRS // max(1, truth[..., 0].size))
    found = []
    for start in range(0, len(candidates), at_once):
        ious = overlap(candidates[start : start + at_once, None], truth)
        found.append(sum((ious >= level).mean(1) for level in LEVELS) / len(LEVELS))
    return np.concatenate(found)


def halves(count: int) -> tuple[Tensor, Tensor]:
    """Positions of `count` images in two halves, by lot, always alike: to choose on one and judge on the other."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    return order[: count // 2].sort().values, order[count // 2 :].sort().values
