"""`python -m core localise --model M`: localisation accuracy of boxes from maps, beside constant boxes (5.1.1)."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from core.commands import arguments
from core.datasets import Split
from core.errors import UserError
from core.explain import box_files, boxes, localise, methods, splits
from core.explain.box_files import Source
from core.explain.localise import FEWEST, LEVELS, Located, Report, Score
from core.trainers.trained import TrainedClassifier

SELECTION_IMAGES = 2000  # that a threshold is chosen on, where --images is not given


@dataclass(frozen=True)
class _Images:
    """The images to evaluate on and those to choose a threshold on, each with its description."""

    evaluation: Located
    description: str
    selection: Located
    selection_description: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Results:
    """The reports on a method's boxes on some images, one for each rule."""

    trained: TrainedClassifier
    method: str
    images: _Images
    reports: list[Report]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `localise` to the parser."""
    arguments.add_model_and_images(parser, images=0)
    parser.add_argument(
        "--method", metavar="NAME", help=f"one of {', '.join(methods.names())} (default: CAM or Grad-CAM)"
    )
    parser.add_argument("--rule", choices=boxes.RULES, action="append", help="how boxes are read off (default: each)")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="your own pictures, a folder or .zip, with --boxes"
    )
    parser.add_argument(
        "--boxes", type=Path, metavar="FILE", help="COCO-style .json, Pascal VOC .xml or folder of such"
    )
    arguments.add_classes(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the curves")


def run(args: argparse.Namespace) -> int:
    """Choose a threshold for each rule, evaluate it, print a table; return exit status 0."""
    if (args.pictures is None) != (args.boxes is None):
        raise UserError("Your own pictures need both --pictures FOLDER and --boxes FILE: give the other one too.")
    trained = arguments.opened(args)
    method = methods.named(args.method or methods.fitting(trained.net)[0].name).name
    images = _of_dataset(trained, args, method) if args.pictures is None else _of_pictures(trained, args, method)
    reports = [localise.evaluate(images.selection, images.evaluation, rule) for rule in args.rule or boxes.RULES]
    results = _Results(trained, method, images, reports)
    print(json.dumps(_as_json(results), indent=1) if args.json else _table(results))
    return 0


def _of_dataset(trained: TrainedClassifier, args: argparse.Namespace, method: str) -> _Images:
    other = "train" if args.split == "validation" else "validation"
    evaluation = splits.part(splits.named(trained, args.split, args.data), args.images)
    selection = splits.part(splits.named(trained, other, args.data), args.images or SELECTION_IMAGES)
    located_selection = _located(trained, selection, method)
    return _Images(
        _located(trained, evaluation, method),
        f"{args.split} split of {trained.dataset}",
        located_selection,
        f"the {other} split",
    )


def _of_pictures(trained: TrainedClassifier, args: argparse.Namespace, method: str) -> _Images:
    chosen = arguments.classes(trained, args.classes)
    source = Source.read(args.pictures, box_files.read(args.boxes), chosen)
    boxed = box_files.boxed(trained, source)
    with tqdm(total=len(boxed), desc=method, unit=" pictures", disable=None, leave=False) as bar:
        own, located = localise.locate_photographs(trained, boxed, method, lambda done, of: bar.update(done - bar.n))
    if len(own) < FEWEST:
        raise UserError(
            f"{len(own)} pictures with boxes are too few to choose a threshold on one half and evaluate it on "
            f"the other: give {FEWEST} or more."
        )
    selection, evaluation = (located.part(indices) for indices in localise.halves(len(located)))
    remarks = own.photographs.remarks
    return _Images(evaluation, str(args.pictures), selection, "the other half of the pictures", remarks)


def _located(trained: TrainedClassifier, split: Split, method: str) -> Located:
    with tqdm(total=len(split), desc=method, unit=" images", disable=None, leave=False) as bar:
        return localise.locate(trained, split, method, lambda done, of: bar.update(done - bar.n))


def _as_json(results: _Results) -> dict[str, Any]:
    images, report = results.images, results.reports[0]
    return {
        "model": results.trained.name,
        "images": images.description,
        "count": len(images.evaluation),
        "method": results.method,
        "class": "true",
        "named": round(100 * float(images.evaluation.correct.mean()), 2),
        "iou": list(LEVELS),
        "chosen_on": {"images": images.selection_description, "count": report.selection_images},
        "rules": [_report_as_json(report) for report in results.reports],
        "whole_box": _score_as_json(report.whole),
        "centre_box": {**_score_as_json(report.centre), "box": report.centre.box},
        "constant_box": {**_score_as_json(report.constant), "box": report.constant.box},
        "remarks": list(images.remarks),
    }


def _report_as_json(report: Report) -> dict[str, Any]:
    return {
        "rule": report.rule,
        "threshold": report.threshold,
        **_score_as_json(report.score),
        "thresholds": report.curve.thresholds.tolist(),
        "curve": {f"{level}": np.round(report.curve.accuracy(level), 2).tolist() for level in LEVELS},
    }


def _score_as_json(score: Score) -> dict[str, Any]:
    return {
        "accuracy": [round(value, 2) for value in score.accuracy],
        "accuracy_with_class": [round(value, 2) for value in score.accuracy_with_class],
        "mean_accuracy": round(score.mean_accuracy, 2),
        "mean_iou": round(score.mean_iou, 4),
    }


def _table(results: _Results) -> str:
    images, reports = results.images, results.reports
    first, best = reports[0], max(reports, key=lambda report: report.score.mean_accuracy)
    rows = [(f"{report.rule}, threshold {report.threshold:.2f}", report.score) for report in reports]
    rows += [("whole picture", first.whole)]
    rows += [(f"centre box {first.centre.box}", first.centre)]
    rows += [(f"best constant box {first.constant.box}", first.constant)]
    width = max(len(name) for name, _ in rows)
    with_class = ", ".join(f"{value:.1f}%" for value in best.score.accuracy_with_class)
    return "\n".join(
        [
            f"{results.trained.title}, {methods.named(results.method).title} of the true class, "
            f"{len(images.evaluation):,} images: {images.description}",
            f"{'':<{width}} " + " ".join(f"IoU {level:g}".rjust(9) for level in LEVELS) + "      mean  mean IoU",
            *(_table_row(name.ljust(width), score) for name, score in rows),
            f"Box and predicted class both correct, by the better rule: {with_class}.",
            *(["Boxes are in percent of a picture's width and height."] if results.trained.whole else []),
            *(f"{report.rule}: {boxes.rule(report.rule).description}." for report in reports),
            f"Thresholds and constant boxes are chosen on {images.selection_description} "
            f"({first.selection_images:,} images).",
            *images.remarks,
        ]
    )


def _table_row(name: str, score: Score) -> str:
    accuracies = " ".join(f"{value:>8.1f}%" for value in score.accuracy)
    return f"{name} {accuracies}  {score.mean_accuracy:>7.1f}%  {score.mean_iou:>8.3f}"
