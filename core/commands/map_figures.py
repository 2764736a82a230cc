"""Figures 5.1 to 5.4 for `python -m core figure`: of class activation maps, and where the pages show them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Sheet
from matplotlib.patches import Rectangle

from core import images
from core.commands import explain as command
from core.datasets import Dataset
from core.errors import UserError
from core.explain import boxes
from core.explain.view import View
from core.figures import class_maps as figures
from core.figures.class_maps import Example, Figure
from core.images import Picture
from core.trainers.trained import TrainedClassifier

COLUMNS = 4  # of examples of localisation


def add_options(parser: argparse._ArgumentGroup) -> None:
    """Add what these figures are told on the command line, besides name and place."""
    parser.add_argument("--model", help="a shipped net, or the name or path of a run (default: the one most alike)")
    parser.add_argument("--image", type=int, metavar="N", help="another image of the held-out split, for 5.1 and 5.2")
    parser.add_argument("--data", type=Path, metavar="ROOT", help="the folder that holds the data sets")


def run(args: argparse.Namespace) -> int:
    """Draw the figure to `args.out`; print what it shows and the page that shows it; exit status 0."""
    figure = figures.figure(args.name)
    if args.image is not None and figure.page != "explain":
        raise UserError(f"Figure {figure.name} chooses its images itself: leave --image out.")
    trained, data = figures.subject(figure, args.model, args.data)
    images.save(drawn(figure, trained, data, args.image), args.out)
    print(f"Figure {figure.name}: {figure.title}.\n{trained.title}; images of {data.title}.")
    if figure.page != "localise" or data.test.boxes is not None:
        print(f"On the pages: {figures.link(figure, trained, args.image)}")
    return 0


def drawn(figure: Figure, trained: TrainedClassifier, data: Dataset, image: int | None = None) -> Picture:
    """The figure of a net and its data. Raises UserError where they cannot show it."""
    if figure.page == "localise":
        return _examples(figures.localised(trained, data))
    split = figures.held_out(trained, data)
    if figure.page == "mistakes":
        return _mistakes(trained, figures.mistaken(trained, split))
    index = figures.index_of(figure, trained) if image is None else image
    seen = figures.one(trained, split, index)
    return _one(trained, seen, f"{trained.classes[int(split.labels[index])]}, image {index}")


def _one(trained: TrainedClassifier, seen: View, title: str) -> Picture:
    """Image, map and heat map side by side."""
    sheet = Sheet(figsize=(10, 4.4), dpi=110, layout="constrained", facecolor="white")
    plain, map, heat = sheet.subplots(1, 3)
    name = trained.classes[seen.predicted]
    _show(plain, seen.shown(), title)
    _show(map, seen.heat(alpha=1), f"{seen.method} of {name}")
    _show(heat, seen.heat(alpha=0.6), "the same over the image")
    command.draw_legend(map, seen)
    return command.rendered(sheet)


def _examples(examples: list[Example]) -> Picture:
    """Heat maps with the boxes read off them, and the true boxes dashed."""
    rows = -(-len(examples) // COLUMNS)
    sheet = Sheet(figsize=(11, 3.1 * rows), dpi=110, layout="constrained", facecolor="white")
    places: Any = np.ravel(sheet.subplots(rows, COLUMNS, squeeze=False))
    for axes in places:
        axes.set_axis_off()
    for axes, example in zip(places, examples, strict=False):
        met = "" if example.iou is None else f", IoU {example.iou:.2f}"
        _show(axes, example.seen.heat(alpha=0.45), f"{example.name}{met}")
        _frame(axes, example.truth, example.seen.zoom, command.TRUTH, "--")
        _frame(axes, example.box, example.seen.zoom, command.PREDICTION, "-")
    known = any(example.truth for example in examples)
    sheet.supxlabel(f"one line: found at {boxes.THRESHOLD:g} of the maximum{'; dashed: true' if known else ''}")
    return command.rendered(sheet)


def _frame(axes: Any, box: boxes.Box | None, zoom: int, colour: str, line: str) -> None:
    if box is None:
        return
    x0, y0, x1, y1 = (edge * zoom - 0.5 for edge in box)
    for width, shade in ((5, "black"), (2.5, colour)):  # the dark line stands out from bright pictures
        style = "-" if shade == "black" and line == "-" else line
        frame = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, linewidth=width, edgecolor=shade, linestyle=style)
        axes.add_patch(frame)


def _mistakes(trained: TrainedClassifier, mistaken: list[tuple[View, int, int]]) -> Picture:
    """Of each mistake two rows: image, map of the prediction and heat map; bars, map of the truth and heat map."""
    across = min(2, len(mistaken))
    down = -(-len(mistaken) // across)
    sheet = Sheet(figsize=(7.4 * across, 5.4 * down), dpi=100, layout="constrained", facecolor="white")
    parts = np.ravel(np.array(sheet.subfigures(down, across, squeeze=False, wspace=0.04, hspace=0.04)))
    for part, (seen, label, index) in zip(parts, mistaken, strict=False):
        names = trained.classes
        part.suptitle(f"{names[label]} taken for {names[seen.predicted]}, image {index}", fontweight="bold")
        (plain, *predicted), (bars, *truth) = part.subplots(2, 3)
        _show(plain, seen.shown(), names[label])
        command.draw_bars(bars, trained, seen, label)
        for position, (alone, over), role in ((0, predicted, "predicted"), (1, truth, "truth")):
            _show(alone, seen.heat(position, alpha=1), f"{seen.method} of {names[seen.classes[position]]}, {role}")
            _show(over, seen.heat(position, alpha=0.6), f"evidence {seen.evidence(position)}")
    return command.rendered(sheet)


def _show(axes: Any, picture: Picture, title: str) -> None:
    axes.imshow(picture)
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_axis_off()
