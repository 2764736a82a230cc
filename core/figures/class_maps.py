"""Figures 5.1 to 5.4 of the thesis: which net and images show each, and the address of the page that does.

The thesis has nets of CIFAR-10. What a figure shows is shown by the first of its nets that comes with Atelier and
whose images are on this computer; the last one of each needs no download.
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
from core.explain.view import View
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier

EXAMPLES = 8  # of localisation
SEARCHED = 1000  # images that these are chosen from, as on page Localise
MISTAKES = 4
MOST_SURE = 0.65  # of a wrong class: the thesis' mistakes are close calls, one of them with about 35 % for the truth
FIRST = "first"  # instead of a number in the address of page Mistakes: the first of the list


@dataclass(frozen=True)
class Figure:
    """A figure of section 5.1. `nets` are shipped ones by preference; `images` has an index for kinds of data.

    An index is one of the split that a net was judged on. `page` is where the figure is seen.
    """

    name: str
    title: str
    page: str
    nets: tuple[str, ...]
    images: dict[str, int] = field(default_factory=dict)


FIGURES = {
    figure.name: figure
    for figure in (
        Figure(
            "5.1",
            "A class activation map of NiN, its own maps averaged into its scores (equation 5.1)",
            "explain",
            ("bn_nin_cifar10", "bn_nin_digits"),
            {"cifar10": 10, "digits": 7},
        ),
        Figure(
            "5.2",
            "A class activation map of a net with a fully-connected layer after its pooling (equations 5.2 and 5.3)",
            "explain",
            ("densenet_40_12_cifar10", "resnet20_cifar10", "resnet20_toybox"),
            {"cifar10": 10, "toybox": 5},
        ),
        Figure(
            "5.3",
            "Weakly supervised localisation by class activation maps above a threshold",
            "localise",
            ("resnet20_toybox",),
        ),
        Figure(
            "5.4",
            "Classification mistakes, each with the maps of what was predicted and of the truth",
            "mistakes",
            ("densenet_40_12_cifar10", "resnet20_cifar10", "resnet20_toybox"),
        ),
    )
}


def figure(name: str) -> Figure:
    """The figure of that number. Raises UserError, listing the known ones, for another."""
    if name not in FIGURES:
        raise UserError(f"Figure {name} is none of class activation maps: choose one of {', '.join(FIGURES)}.")
    return FIGURES[name]


def subject(figure: Figure, model: str | None = None, root: Path | None = None) -> tuple[TrainedClassifier, Dataset]:
    """The net that shows the figure and its data: `model`, or the first one for which all is on this computer.

    Raises UserError where `model` is no net, or where its data cannot be had.
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
    """The split of the data that the net was judged on while it learned."""
    split: Split = getattr(data, trained.held_out)
    return split


def index_of(figure: Figure, trained: TrainedClassifier) -> int:
    """The image that shows the figure."""
    return figure.images.get(parse(trained.dataset).kind, 0)


def link(figure: Figure, trained: TrainedClassifier, image: int | None = None) -> str:
    """The path and query of the page in the state that shows the figure, to be put behind the app's address."""
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


def one(trained: TrainedClassifier, split: Split, index: int) -> View:
    """An image with the map of its predicted class (Figures 5.1 and 5.2).

    Raises UserError where the split has no such image.
    """
    if not 0 <= index < len(split):
        raise UserError(f"There is no image {index}: choose one from 0 to {len(split) - 1:,}.")
    return view.of_image(trained, split.images[index])


@dataclass(frozen=True)
class Example:
    """An image with the map of its true class `name`, the box found in it, and the true one where it is known.

    Boxes are in pixels; `iou` is None without a true box.
    """

    seen: View
    name: str
    box: boxes.Box | None
    truth: boxes.Box | None
    iou: float | None


def localised(trained: TrainedClassifier, data: Dataset) -> list[Example]:
    """EXAMPLES of localisation at the thesis' threshold (Figure 5.3).

    Where true boxes are known: those that are met best, of SEARCHED test images. Elsewhere: the first test image of
    each class that the net has right.
    """
    if data.test.boxes is None:
        return _right_ones(trained, data.test)
    split = splits.part(data.test, SEARCHED)
    located = localise.locate(trained, split, methods.fitting(trained.net)[0].name)
    found = boxes.over_thresholds(located.maps, [boxes.THRESHOLD])[:, 0]
    ious = localise.overlap(found, located.truth)
    return [
        _example(trained, split, index, float(ious[index]))
        for index in np.argsort(-ious, kind="stable")[:EXAMPLES].tolist()
    ]


def _right_ones(trained: TrainedClassifier, split: Split) -> list[Example]:
    part = splits.part(split, SEARCHED)
    said = mistakes.ask(trained, part)
    right = [(said.right & (said.labels == label)).nonzero()[:1, 0] for label in range(len(trained.classes))]
    return [_example(trained, part, int(index), None) for index in torch.cat(right)[:EXAMPLES]]


def _example(trained: TrainedClassifier, split: Split, index: int, iou: float | None) -> Example:
    label = int(split.labels[index])
    seen = view.of_image(trained, split.images[index], (label,))
    truth = None
    if split.boxes is not None:
        x0, y0, x1, y1 = (round(edge) for edge in split.boxes[index].tolist())
        truth = (x0, y0, x1, y1)
    return Example(seen, trained.classes[label], seen.box(), truth, iou)


def mistaken(trained: TrainedClassifier, split: Split) -> list[tuple[View, int, int]]:
    """MISTAKES that are close calls (Figure 5.4): view with both maps, true class and index in the split of each.

    Of those that the net is at most MOST_SURE of, they are the most confident ones. Raises UserError where it makes
    none such.
    """
    unsure = mistakes.find(trained, split).ordered("confidence").among(confidence=(0.0, MOST_SURE))
    found = unsure.part(0, MISTAKES)
    if not len(found):
        raise UserError(
            f"None of the mistakes of {trained.title} on {len(split):,} images is a close call, its wrong class at "
            f"most {100 * MOST_SURE:.0f} %: choose another net with --model."
        )
    views = view.of_images(trained, split.images[found.indices], found.both)
    return list(zip(views, found.labels.tolist(), found.indices.tolist(), strict=True))
