"""Figures 5.1 to 5.4 of the thesis drawn with matplotlib, and the parts that `python -m core explain` draws as well."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from core import images
from core.datasets import Dataset
from core.explain import boxes, mistakes, view
from core.explain.subjects import Images
from core.explain.view import View
from core.figures import class_maps
from core.figures.class_maps import ClassMapFigure, LocalisationExample, MistakeExample
from core.images import Picture
from core.trainers.trained import TrainedClassifier

TOP = 5  # classes shown as bars
PREDICTED, TRUE, OTHER = "#D55E00", "#009E73", "#8A8578"
COLUMNS = 4  # of examples of localisation
_TALLEST = 1.5  # height of a picture beside others, as a share of its width: a taller one is drawn narrower


def draw(figure: ClassMapFigure, trained: TrainedClassifier, data: Dataset, image: int | None = None) -> Picture:
    """Return a figure of a net and its data, uint8 (H, W, 3); `image` replaces the index of 5.1 and 5.2.

    Raises UserError where the net and the data have nothing to show in it.
    """
    if figure.page == "localise":
        return draw_localisation(class_maps.localised(trained, data))
    split = class_maps.held_out(trained, data)
    if figure.page == "mistakes":
        answers = mistakes.answers(trained, split)
        return draw_mistakes(trained, class_maps.close_mistakes(trained, Images(split), answers))
    index = class_maps.index_of(figure, trained) if image is None else image
    explained = class_maps.view_of(trained, split, index)
    title = f"{trained.classes[int(split.labels[index])]}, image {index}"
    return draw_map(explained, trained.classes[explained.predicted], title)


def draw_map(explained: View, name: str, title: str, position: int = 0) -> Picture:
    """Return image, map and heat map side by side: the map at `position` of the view, of the class `name`."""
    height, width = explained.picture.shape[:2]
    tall = min(_TALLEST, height / width)
    sheet = Figure(figsize=(10, 1.1 + 3.3 * tall), dpi=110, layout="constrained", facecolor="white")
    plain, map, heat = sheet.subplots(1, 3)
    _show(plain, explained.shown(), title)
    _show(map, explained.heat(position, alpha=1), f"{explained.method} of {name}")
    _show(heat, explained.heat(position, alpha=0.6), "the same over the image")
    draw_legend(map, explained, position)
    return render(sheet)


def draw_localisation(examples: list[LocalisationExample]) -> Picture:
    """Return heat maps with the boxes read off them, and the true boxes dashed."""
    rows = -(-len(examples) // COLUMNS)
    sheet = Figure(figsize=(11, 3.1 * rows), dpi=110, layout="constrained", facecolor="white")
    places: Any = np.ravel(sheet.subplots(rows, COLUMNS, squeeze=False))
    for axes in places:
        axes.set_axis_off()
    for axes, example in zip(places, examples, strict=False):
        iou = "" if example.iou is None else f", IoU {example.iou:.2f}"
        _show(axes, example.view.heat(alpha=0.45), f"{example.name}{iou}")
        _draw_frame(axes, example.truth, example.view.zoom, TRUE, "--")
        _draw_frame(axes, example.box, example.view.zoom, PREDICTED, "-")
    has_truth = any(example.truth for example in examples)
    sheet.supxlabel(f"solid: box at {boxes.THRESHOLD:g} of the maximum{'; dashed: true box' if has_truth else ''}")
    return render(sheet)


def _draw_frame(axes: Any, box: boxes.Box | None, zoom: int, colour: str, line: str) -> None:
    if box is None:
        return
    x0, y0, x1, y1 = (edge * zoom - 0.5 for edge in box)
    for width, shade in ((5, "black"), (2.5, colour)):  # the dark line stands out from bright pictures
        style = "-" if shade == "black" and line == "-" else line
        frame = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, linewidth=width, edgecolor=shade, linestyle=style)
        axes.add_patch(frame)


def draw_mistakes(trained: TrainedClassifier, examples: list[MistakeExample]) -> Picture:
    """Return two rows a mistake: image, map of the predicted class, heat map; bars and the same of the true class."""
    across = min(2, len(examples))
    down = -(-len(examples) // across)
    sheet = Figure(figsize=(7.4 * across, 5.4 * down), dpi=100, layout="constrained", facecolor="white")
    parts = np.ravel(np.array(sheet.subfigures(down, across, squeeze=False, wspace=0.04, hspace=0.04)))
    for part, example in zip(parts, examples, strict=False):
        _draw_mistake(part, trained, example)
    return render(sheet)


def _draw_mistake(part: Any, trained: TrainedClassifier, example: MistakeExample) -> None:
    names, explained = trained.classes, example.view
    title = f"{names[example.label]} predicted as {names[explained.predicted]}, image {example.index}"
    part.suptitle(title, fontweight="bold")
    (plain, *predicted), (bars, *true) = part.subplots(2, 3)
    _show(plain, explained.shown(), names[example.label])
    draw_bars(bars, trained, explained, example.label)
    for position, (alone, over), role in ((0, predicted, "predicted"), (1, true, "true")):
        name = names[explained.classes[position]]
        _show(alone, explained.heat(position, alpha=1), f"{explained.method} of {name}")
        _show(over, explained.heat(position, alpha=0.6), f"{role}: {explained.evidence(position)}")


def _show(axes: Any, picture: Picture, title: str) -> None:
    axes.imshow(picture)
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_axis_off()


def draw_bars(axes: Any, trained: TrainedClassifier, explained: View, label: int | None = None) -> None:
    """Draw the probabilities of the TOP classes as bars, and of the true class `label` where it is given."""
    shown = {*explained.top(TOP), *(() if label is None else (label,))}
    classes = sorted(shown, key=lambda i: float(explained.probabilities[i]))
    names = [trained.classes[i] for i in classes]
    percentages = [100 * float(explained.probabilities[i]) for i in classes]
    colours = [TRUE if i == label else PREDICTED if i == explained.predicted else OTHER for i in classes]
    bars = axes.barh(names, percentages, color=colours)
    axes.bar_label(bars, [f"{percentage:.1f}%" for percentage in percentages], padding=4)
    axes.set_xlim(0, 1.25 * max(percentages))
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_legend(axes: Any, explained: View, position: int = 0) -> None:
    """Draw the colour scale of the maps below `axes`, with the raw range of the one at `position`."""
    low, high = explained.scale
    strip = axes.inset_axes((0, -0.09, 1, 0.04))
    strip.imshow(view.scale_picture(), aspect="auto", extent=(low, max(high, low + 1e-9), 0, 1))
    strip.set_yticks([])
    strip.set_xlabel(f"evidence, raw: {explained.evidence(position)}")


def render(figure: Figure) -> Picture:
    """Return a figure of matplotlib as pixels, uint8 (H, W, 3)."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return images.decode(stream.getvalue())
