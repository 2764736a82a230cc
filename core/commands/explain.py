"""`python -m core explain IN OUT --model M`: what a net sees in a picture, without the browser (section 5.1)."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from core import images
from core.explain import boxes, methods, view
from core.explain.view import View
from core.images import Picture
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier

TOP = 5
PREDICTION, TRUTH, OTHER = "#D55E00", "#009E73", "#8A8578"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `explain` is told on the command line."""
    parser.add_argument("picture", metavar="IN", type=Path, help="a photograph: JPEG, PNG, WebP, GIF, BMP or TIFF")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the explanation is written: .png, .jpg, ...")
    parser.add_argument("--model", required=True, help="a shipped net, or the name or path of a run")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="explain this class, not the predicted one")
    parser.add_argument(
        "--method", metavar="NAME", help=f"one of {', '.join(methods.names())} (default: CAM or Grad-CAM)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=boxes.THRESHOLD,
        help="the box holds all evidence above this share of the greatest (0 to 1, default %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Explain the picture, write the explanation to `args.out`, print the most probable classes; exit status 0."""
    trained = nets.open_named(args.model)
    wanted = None if args.class_name is None else (view.class_named(trained, args.class_name),)
    picture = images.decode(args.picture)
    seen = view.of_picture(trained, picture, wanted, args.method)
    answer = _answer(trained, picture, seen, args.threshold)
    images.save(_drawn(trained, seen, args.threshold), args.out)
    print(json.dumps(answer, indent=1) if args.json else _table(trained, seen, answer))
    return 0


def _answer(trained: TrainedClassifier, picture: Picture, seen: View, threshold: float) -> dict[str, Any]:
    low, high = float(seen.maps[0].min()), float(seen.maps[0].max())
    return {
        "model": trained.name,
        "predicted": trained.classes[seen.predicted],
        "top": [
            {"class": trained.classes[i], "probability": round(float(seen.probabilities[i]), 6)} for i in seen.top(TOP)
        ],
        "class": trained.classes[seen.classes[0]],
        "method": seen.method,
        "why": seen.why,
        "remarks": list(seen.remarks()),
        "evidence": [low, high],
        "threshold": threshold,
        "box": _box_in(picture, seen, threshold),
    }


def _box_in(picture: Picture, seen: View, threshold: float) -> list[int] | None:
    """The box in pixels of the whole picture: half-open [x0, y0, x1, y1]."""
    box = seen.box(0, threshold)
    if box is None:
        return None
    top, left, edge = view.central_square(picture)
    scale = edge / seen.picture.shape[0]
    x0, y0, x1, y1 = (round(side * scale) for side in box)
    return [left + x0, top + y0, left + x1, top + y1]


def _table(trained: TrainedClassifier, seen: View, answer: dict[str, Any]) -> str:
    width = max(len(row["class"]) for row in answer["top"])
    rows = [f"{row['class']:<{width}}  {row['probability']:7.1%}" for row in answer["top"]]
    box = answer["box"]
    place = "no box: nothing speaks for it" if box is None else "box (x0, y0, x1, y1) {}, {}, {}, {}".format(*box)
    return "\n".join(
        [
            f"{trained.title} sees",
            *(f"  {row}" for row in rows),
            f"{seen.method} of {answer['class']}: evidence {seen.evidence()}; {place}",
            seen.why,
            *seen.remarks(),
        ]
    )


def _drawn(trained: TrainedClassifier, seen: View, threshold: float) -> Picture:
    """The picture, the heat map with its scale and box, and the probabilities, side by side."""
    figure = Figure(figsize=(13, 4.4), dpi=100, layout="constrained", facecolor="white")
    plain, heat, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    plain.imshow(seen.shown())
    plain.set_title("What the net is shown", loc="left")
    heat.imshow(seen.heat(threshold=threshold))
    heat.set_title(f"{seen.method} of {trained.classes[seen.classes[0]]}, box at {threshold:g}", loc="left")
    for axes in (plain, heat):
        axes.set_axis_off()
    draw_legend(heat, seen)
    draw_bars(bars, trained, seen)
    bars.set_title("Probabilities", loc="left")
    return rendered(figure)


def rendered(figure: Figure) -> Picture:
    """What a figure of matplotlib looks like."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return images.decode(stream.getvalue())


def draw_bars(axes: Any, trained: TrainedClassifier, seen: View, label: int | None = None) -> None:
    """The most probable classes as bars, and the true one where it is known."""
    shown = sorted({*seen.top(TOP), *(() if label is None else (label,))}, key=lambda i: float(seen.probabilities[i]))
    names = [trained.classes[i] for i in shown]
    values = [100 * float(seen.probabilities[i]) for i in shown]
    colours = [TRUTH if i == label else PREDICTION if i == seen.predicted else OTHER for i in shown]
    drawn = axes.barh(names, values, color=colours)
    axes.bar_label(drawn, [f"{value:.1f} %" for value in values], padding=4)
    axes.set_xlim(0, 1.25 * max(values))
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_legend(axes: Any, seen: View) -> None:
    """Below a map: what its colours mean, and its raw range."""
    low, high = seen.scale
    strip = axes.inset_axes((0, -0.09, 1, 0.04))
    strip.imshow(view.scale_picture(), aspect="auto", extent=(low, max(high, low + 1e-9), 0, 1))
    strip.set_yticks([])
    strip.set_xlabel(f"evidence, raw: {seen.evidence()}")
