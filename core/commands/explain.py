"""`python -m core explain IN OUT --model M`: classify a picture and draw its class activation map (section 5.1)."""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from core import images
from core.commands import arguments
from core.explain import boxes, methods, view
from core.explain.boxes import Box
from core.explain.view import View
from core.figures.class_map_drawing import TOP, draw_bars, draw_legend, render
from core.images import Picture
from core.trainers.trained import TrainedClassifier

ONE = "one"  # of --boxes
NO_BOX = "no box: no positive evidence"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain` to the parser."""
    parser.add_argument("picture", metavar="IN", type=Path, help="a photograph: JPEG, PNG, WebP, GIF, BMP or TIFF")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the explanation is written: .png, .jpg, ...")
    arguments.add_model(parser)
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="explain this class, not the predicted one")
    parser.add_argument(
        "--method", metavar="NAME", help=f"one of {', '.join(methods.names())} (default: CAM or Grad-CAM)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=boxes.THRESHOLD,
        help="the box holds all evidence above this share of the maximum (0 to 1, default %(default)s)",
    )
    parser.add_argument(
        "--boxes",
        choices=(ONE, boxes.COMPONENTS),
        default=ONE,
        help="one box around all that evidence, or one around each connected region (default %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Write the explanation of a picture to `args.out`, print the most probable classes; return exit status 0."""
    trained = arguments.opened(args)
    classes = None if args.class_name is None else (view.class_named(trained, args.class_name),)
    picture = images.photograph(args.picture)
    explained = view.of_picture(trained, picture, classes, args.method)
    by = boxes.COMPONENTS if args.boxes == boxes.COMPONENTS else "all"
    width, height = images.size(args.picture)
    row = _as_json(trained, view.part_of(trained, height, width), explained, args.threshold, by)
    images.save(_draw(trained, explained, args.threshold, by), args.out)
    print(json.dumps(row, indent=1) if args.json else _table(trained, explained, row))
    return 0


def _as_json(
    trained: TrainedClassifier, part: tuple[int, int, int, int], explained: View, threshold: float, by: str
) -> dict[str, Any]:
    """Return the answer as JSON; `part` is the part of the whole picture that the net got."""
    box = explained.box(0, threshold)
    in_whole = partial(_in_whole, part, explained)
    low, high = float(explained.maps[0].min()), float(explained.maps[0].max())
    return {
        "model": trained.name,
        "predicted": trained.classes[explained.predicted],
        "top": [
            {"class": trained.classes[i], "probability": round(float(explained.probabilities[i]), 6)}
            for i in explained.top(TOP)
        ],
        "class": trained.classes[explained.classes[0]],
        "method": explained.method,
        "why": explained.why,
        "remarks": list(explained.remarks()),
        "evidence": [low, high],
        "threshold": threshold,
        "box": None if box is None else in_whole(box),
        "boxes": [in_whole(each) for each in explained.boxes(0, threshold, by)],
    }


def _in_whole(part: tuple[int, int, int, int], explained: View, box: Box) -> list[int]:
    """Return a box of the view, half-open [x0, y0, x1, y1], in pixels of the picture whose `part` the net got."""
    top, left, height, width = part
    across, down = width / explained.picture.shape[1], height / explained.picture.shape[0]
    x0, y0, x1, y1 = box
    return [left + round(x0 * across), top + round(y0 * down), left + round(x1 * across), top + round(y1 * down)]


def _table(trained: TrainedClassifier, explained: View, row: dict[str, Any]) -> str:
    width = max(len(answer["class"]) for answer in row["top"])
    answers = [f"{answer['class']:<{width}}  {answer['probability']:7.1%}" for answer in row["top"]]
    found = "; ".join(", ".join(map(str, box)) for box in row["boxes"])
    place = f"{'box' if len(row['boxes']) == 1 else 'boxes'} (x0, y0, x1, y1) {found}" if found else NO_BOX
    return "\n".join(
        [
            f"{trained.title} predicts",
            *(f"  {answer}" for answer in answers),
            f"{explained.method} of {row['class']}: evidence {explained.evidence()}; {place}",
            explained.why,
            *explained.remarks(),
        ]
    )


def _draw(trained: TrainedClassifier, explained: View, threshold: float, by: str) -> Picture:
    """Return the picture, the heat map with its scale and boxes, and the probabilities, side by side."""
    figure = Figure(figsize=(13, 4.4), dpi=100, layout="constrained", facecolor="white")
    plain, heat, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    plain.imshow(explained.shown())
    plain.set_title("Network input", loc="left")
    heat.imshow(explained.heat(threshold=threshold, by=by))
    name = trained.classes[explained.classes[0]]
    heat.set_title(f"{explained.method} of {name}, box at {threshold:g}", loc="left")
    for axes in (plain, heat):
        axes.set_axis_off()
    draw_legend(heat, explained)
    draw_bars(bars, trained, explained)
    bars.set_title("Probabilities", loc="left")
    return render(figure)
