"""`python -m core explain-faithfulness --model M`: insertion, deletion, average drop and increase, method by method."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tqdm import tqdm

from core.explain import faithfulness, methods, splits
from core.explain.faithfulness import Faithfulness
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier

IMAGES = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `explain-faithfulness` is told on the command line."""
    splits.add_arguments(parser, images=IMAGES)
    parser.add_argument(
        "--method",
        action="append",
        metavar="NAME",
        help=f"one of {', '.join(methods.names())}; may be given several times (default: CAM or Grad-CAM)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the curves")


def run(args: argparse.Namespace) -> int:
    """Measure the methods, and the orders that know nothing beside them; print a table; exit status 0."""
    trained = nets.open_named(args.model)
    chosen = args.method or [methods.fitting(trained.net)[0].name]
    for name in chosen:
        methods.named(name)
    images = splits.part(splits.named(trained, args.split, args.data), args.images).images
    found = []
    for name in [*chosen, *faithfulness.ORDERS]:
        with tqdm(total=len(images), desc=name, unit=" images", disable=None, leave=False) as bar:
            found.append(
                faithfulness.measure(trained, images, name, progress=lambda done, of: bar.update(done - bar.n))
            )
    print(
        json.dumps(_answer(trained, args.split, found), indent=1) if args.json else _table(trained, args.split, found)
    )
    return 0


def _answer(trained: TrainedClassifier, split: str, found: list[Faithfulness]) -> dict[str, Any]:
    return {
        "model": trained.name,
        "dataset": trained.dataset,
        "split": split,
        "images": len(found[0]),
        "class": "predicted",
        "hidden": faithfulness.HIDDEN,
        "shares": _rounded(found[0].shares),
        "rows": [
            {
                "method": one.method,
                "insertion": round(one.insertion_area, 4),
                "deletion": round(one.deletion_area, 4),
                "average_drop": round(one.average_drop, 2),
                "average_increase": round(one.average_increase, 2),
                "insertion_curve": _rounded(one.insertion),
                "deletion_curve": _rounded(one.deletion),
            }
            for one in found
        ],
    }


def _rounded(values: Any) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def _table(trained: TrainedClassifier, split: str, found: list[Faithfulness]) -> str:
    lines = [
        f"{trained.title}, predicted class of {len(found[0]):,} images of the {split} split of {trained.dataset}",
        f"{'method':<12} {'insertion':>9} {'deletion':>9} {'drop':>8} {'increase':>9}",
    ]
    for one in found:
        name = f"({one.method})" if one.method in faithfulness.ORDERS else one.method
        lines.append(
            f"{name:<12} {one.insertion_area:>9.3f} {one.deletion_area:>9.3f} {one.average_drop:>6.1f} % "
            f"{one.average_increase:>7.1f} %"
        )
    lines += [
        "Areas under the curves of the class's probability: insertion is better greater, deletion smaller.",
        f"{faithfulness.HIDDEN[0].upper()}{faithfulness.HIDDEN[1:]}.",
        "Orders in brackets have not seen the image: a method that does not surpass them explains nothing.",
    ]
    return "\n".join(lines)
