"""`python -m core explain-faithfulness --model M`: insertion, deletion, average drop and increase of methods."""

from __future__ import annotations

import argparse
import json
from typing import Any

from torch import Tensor
from tqdm import tqdm

from core.commands import arguments
from core.explain import faithfulness, methods, splits
from core.explain.faithfulness import Faithfulness
from core.trainers.trained import TrainedClassifier

IMAGES = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain-faithfulness` to the parser."""
    arguments.add_model_and_images(parser, images=IMAGES)
    parser.add_argument(
        "--method",
        action="append",
        metavar="NAME",
        help=f"one of {', '.join(methods.names())}; may be given several times (default: CAM or Grad-CAM)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the curves")


def run(args: argparse.Namespace) -> int:
    """Measure the methods and the baseline orders; print a table; return exit status 0."""
    trained = arguments.opened(args)
    names = args.method or [methods.fitting(trained.net)[0].name]
    for name in names:
        methods.named(name)
    images = splits.part(splits.named(trained, args.split, args.data), args.images).images
    measured = [_measured(trained, images, name) for name in (*names, *faithfulness.ORDERS)]
    printed = _as_json(trained, args.split, measured) if args.json else _table(trained, args.split, measured)
    print(json.dumps(printed, indent=1) if args.json else printed)
    return 0


def _measured(trained: TrainedClassifier, images: Tensor, name: str) -> Faithfulness:
    with tqdm(total=len(images), desc=name, unit=" images", disable=None, leave=False) as bar:
        return faithfulness.measure(trained, images, name, progress=lambda done, of: bar.update(done - bar.n))


def _as_json(trained: TrainedClassifier, split: str, measured: list[Faithfulness]) -> dict[str, Any]:
    return {
        "model": trained.name,
        "dataset": trained.dataset,
        "split": split,
        "images": len(measured[0]),
        "class": "predicted",
        "hidden": faithfulness.HIDDEN,
        "shares": _rounded(measured[0].shares),
        "rows": [
            {
                "method": row.method,
                "insertion": round(row.insertion_area, 4),
                "deletion": round(row.deletion_area, 4),
                "average_drop": round(row.average_drop, 2),
                "average_increase": round(row.average_increase, 2),
                "insertion_curve": _rounded(row.insertion),
                "deletion_curve": _rounded(row.deletion),
            }
            for row in measured
        ],
    }


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def _table(trained: TrainedClassifier, split: str, measured: list[Faithfulness]) -> str:
    lines = [
        f"{trained.title}, predicted class of {len(measured[0]):,} images of the {split} split of {trained.dataset}",
        f"{'method':<12} {'insertion':>9} {'deletion':>9} {'drop':>8} {'increase':>9}",
    ]
    for row in measured:
        name = f"({row.method})" if row.method in faithfulness.ORDERS else row.method
        lines.append(
            f"{name:<12} {row.insertion_area:>9.3f} {row.deletion_area:>9.3f} {row.average_drop:>7.1f}% "
            f"{row.average_increase:>8.1f}%"
        )
    lines += [
        "Areas under the curves of the class's probability: higher is better for insertion, lower for deletion.",
        f"{faithfulness.HIDDEN[0].upper()}{faithfulness.HIDDEN[1:]}.",
        "Orders in brackets are baselines independent of the image: a method should surpass them.",
    ]
    return "\n".join(lines)
