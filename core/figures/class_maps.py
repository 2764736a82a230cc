"""Figures 5.1 to 5.4 of the thesis: the net and the images of each, and the address of the page that shows it.

The thesis uses nets of CIFAR-10. A figure uses the first of its shipped nets whose data set is on this computer; the
last one of each figure needs no download.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import torch

from core import datasets, weights
from core.datasets import Dataset, Split
from core.datasets.name import parse
from core.errors import UserError
from core.explain import boxes, localise, methods, mistakes, splits, view
from core.explain.mistakes import Answers, Mistakes
from core.explain.subjects import Subjects
from core.explain.view import View
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier

EXAMPLES = 8  # of localisation
SEARCHED = 1000  # images that these are chosen from, as on page Localise
MISTAKES = 4
# Highest probability of the wrong class: the thesis shows close mistakes, one with about 35% for the true class.
MOST_SURE = 0.65
FIRST = "first"  # in the address of page Mistakes, in place of an index: the first mistake of the list


@dataclass(frozen=True)
class ClassMapFigure:
    """A figure of section 5.1.

    `page` is the page that shows it; `nets` are shipped ones, the preferred one first; `images` maps a kind of data
    set to an index in the split that the net is evaluated on.
    """

    name: str
    title: str
    page: str
    nets: tuple[str, ...]
    images: dict[str, int] = field(default_factory=dict)


FIGURES = {
    figure.name: figure
    for figure in (
        ClassMapFigure(
            "5.1",
            "A class activation map of NiN, its own maps averaged into its scores (equation 5.1)",
            "explain",
            ("bn_nin_cifar10", "bn_nin_digits"),
            {"cifar10": 10, "digits": 7},
        ),
        ClassMapFigure(
            "5.2",
            "A class activation map of a net with a fully-connected layer after its pooling (equations 5.2 and 5.3)",
            "explain",
            ("densenet_40_12_cifar10", "resnet20_cifar10", "resnet20_toybox"),
            {"cifar10": 10, "toybox": 5},
        ),
        ClassMapFigure(
            "5.3",
            "Weakly supervised localisation by class activation maps above a threshold",
            "localise",
            ("resnet20_toybox",),
        ),
        ClassMapFigure(
            "5.4",
            "Classification mistakes, each with the maps of the predicted and of the true class",
            "mistakes",
            ("densenet_40_12_cifar10", "resnet20_cifar10", "resnet20_toybox"),
        ),
    )
}


def figure(name: str) -> ClassMapFigure:
    """Return the figure of that number. Raises UserError, which lists all numbers, for another."""
    if name not in FIGURES:
        raise UserError(f"Figure {name} is none of class activation maps: choose one of {', '.join(FIGURES)}.")
    return FIGURES[name]


def subject(
    figure: ClassMapFigure, model: str | None = None, root: Path | None = None
) -> tuple[TrainedClassifier, Dataset]:
    """Return the net of the figure and its data set: `model`, or the first net whose data are on this computer.

    Raises UserError where `model` is no net, or where its data set cannot be read or downloaded.
    """
    if model is not None:
        trained = nets.open_named(model)
        return trained, datasets.load(trained.dataset, root)
    shipped = [name for name in figure.nets if name in nets.shipped()]
    for name in shipped[:-1]:
        try:
            data = datasets.load(weights.card(name)["data"]["dataset"], root, download=False)
        except UserError:
            continue
        return nets.open_shipped(name), data
    trained = nets.open_named(shipped[-1] if shipped else figure.nets[-1])
    return trained, datasets.load(trained.dataset, root)


def held_out(trained: TrainedClassifier, data: Dataset) -> Split:
    """Return the split that the net was evaluated on during training."""
    split: Split = getattr(data, trained.held_out)
    return split


def index_of(figure: ClassMapFigure, trained: TrainedClassifier) -> int:
    """Return the index of the image of the figure."""
    return figure.images.get(parse(trained.dataset).kind, 0)


def link(figure: ClassMapFigure, trained: TrainedClassifier, image: int | None = None) -> str:
    """Return the path and query of the page in the state that shows the figure, to append to the app's address."""
    query: dict[str, Any] = {"run" if trained.source == "run" else "net": trained.name}
    if figure.page == "explain":
        # A net for grey images starts with test images anyway.
        query |= {"from": "Test image"} if trained.channels == 3 else {}
        query["image"] = index_of(figure, trained) if image is None else image
    elif figure.page == "localise":
        query |= {"threshold": boxes.THRESHOLD, "end": "best"}
    else:
        query |= {"order": "Confidence", "confidence": (0, round(100 * MOST_SURE)), "image": FIRST}
    return f"/{figure.page}?{urlencode(query, doseq=True)}"


def view_of(trained: TrainedClassifier, split: Split, index: int) -> View:
    """Return an image with the map of its predicted class (Figures 5.1 and 5.2).

    Raises UserError where the split has no such image.
    """
    if not 0 <= index < len(split):
        raise UserError(f"There is no image {index}: choose one from 0 to {len(split) - 1:,}.")
    return view.of_image(trained, split.images[index])


@dataclass(frozen=True)
class LocalisationExample:
    """An image with the map of its true class `name`, the box read off it, and the true box where there is one.

    Boxes are in pixels; `iou`, 0 to 1, is None without a true box.
    """

    view: View
    name: str
    box: boxes.Box | None
    truth: boxes.Box | None
    iou: float | None


def localised(trained: TrainedClassifier, data: Dataset) -> list[LocalisationExample]:
    """Return EXAMPLES of localisation at the thesis' threshold (Figure 5.3).

    With true boxes: those of greatest IoU among SEARCHED test images. Without: the first correctly classified test
    image of each class.
    """
    if data.test.boxes is None:
        return _first_correct_ones(trained, data.test)
    split = splits.part(data.test, SEARCHED)
    located = localise.locate(trained, split, methods.fitting(trained.net)[0].name)
    predicted = boxes.over_thresholds(located.maps, [boxes.THRESHOLD])[:, 0]
    ious = localise.overlap(predicted, located.truth)
    return [
        _example(trained, split, index, float(ious[index]))
        for index in np.argsort(-ious, kind="stable")[:EXAMPLES].tolist()
    ]


def _first_correct_ones(trained: TrainedClassifier, split: Split) -> list[LocalisationExample]:
    part = splits.part(split, SEARCHED)
    answers = mistakes.answers(trained, part)
    firsts = [(answers.right & (answers.labels == label)).nonzero()[:1, 0] for label in range(len(trained.classes))]
    return [_example(trained, part, int(index), None) for index in torch.cat(firsts)[:EXAMPLES]]


def _example(trained: TrainedClassifier, split: Split, index: int, iou: float | None) -> LocalisationExample:
    label = int(split.labels[index])
    explained = view.of_image(trained, split.images[index], (label,))
    truth = None
    if split.boxes is not None:
        x0, y0, x1, y1 = (round(edge) for edge in split.boxes[index].tolist())
        truth = (x0, y0, x1, y1)
    return LocalisationExample(explained, trained.classes[label], explained.box(), truth, iou)


@dataclass(frozen=True)
class MistakeExample:
    """A mistake: `view` with the maps of the predicted and the true class `label`, `index` in the split."""

    view: View
    label: int
    index: int


def has_close_mistakes(answers: Answers) -> bool:
    """Return whether `close_mistakes` finds any."""
    return len(_close(answers)) > 0


def _close(answers: Answers) -> Mistakes:
    return answers.mistakes().ordered("confidence").among(confidence=(0.0, MOST_SURE))


def close_mistakes(trained: TrainedClassifier, pictures: Subjects, answers: Answers) -> list[MistakeExample]:
    """Return up to MISTAKES close mistakes on some pictures (Figure 5.4).

    They are, of a net's answers, the most confident ones of those of probability <= MOST_SURE.

    Raises UserError where the net makes no such mistake.
    """
    chosen = _close(answers).part(0, MISTAKES)
    if not len(chosen):
        raise UserError(
            f"None of the mistakes of {trained.title} on {len(answers):,} images is close, its wrong class at most "
            f"{100 * MOST_SURE:.0f}%: choose another net with --model."
        )
    views = pictures.views(trained, chosen.indices.tolist(), chosen.both)
    rows = zip(views, chosen.labels.tolist(), chosen.indices.tolist(), strict=True)
    return [MistakeExample(*row) for row in rows]
