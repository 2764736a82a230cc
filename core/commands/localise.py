"""`python -m core localise --model M`: how many objects the boxes find, beside boxes that look at no image (5.1.1)."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from core.datasets import Split
from core.errors import UserError
from core.explain import box_files, boxes, localise, methods, splits
from core.explain.localise import FEWEST, LEVELS, Located, Report, Score
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier


@dataclass(frozen=True)
class _Judged:
    """The reports on a method's boxes `on` images from `where`; thresholds were chosen on the images `choice`."""

    trained: TrainedClassifier
    method: str
    where: str
    choice: str
    on: Located
    reports: list[Report]
    remarks: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `localise` is told on the command line."""
    splits.add_arguments(parser, images=0)
    parser.add_argument(
        "--method", metavar="NAME", help=f"one of {', '.join(methods.names())} (default: CAM or Grad-CAM)"
    )
    parser.add_argument("--rule", choices=boxes.RULES, action="append", help="how boxes are read off (default: each)")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="your own pictures, with --boxes")
    parser.add_argument(
        "--boxes", type=Path, metavar="FILE", help="COCO-style .json, Pascal VOC .xml or folder of such"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the curves")


def run(args: argparse.Namespace) -> int:
    """Choose a threshold for each rule, judge it, print a table; exit status 0."""
    if (args.pictures is None) != (args.boxes is None):
        raise UserError("Your own pictures need both --pictures FOLDER and --boxes FILE: give the other one too.")
    trained = nets.open_named(args.model)
    method = args.method or methods.fitting(trained.net)[0].name
    methods.named(method)
    remarks: tuple[str, ...] = ()
    if args.pictures is None:
        where = f"{args.split} split of {trained.dataset}"
        chosen_on, judged_on = _of_dataset(trained, args, method)
        choice = f"the {'train' if args.split == 'validation' else 'validation'} split"
    else:
        where = str(args.pictures)
        own = box_files.boxed(trained, args.pictures, box_files.read(args.boxes))
        chosen_on, judged_on = _of_pictures(trained, own, method)
        choice, remarks = "the other half of the pictures", own.remarks
    reports = [localise.judge(chosen_on, judged_on, rule) for rule in args.rule or boxes.RULES]
    judged = _Judged(trained, method, where, choice, judged_on, reports, remarks)
    print(json.dumps(_answer(judged), indent=1) if args.json else _table(judged))
    return 0


def _of_dataset(trained: TrainedClassifier, args: argparse.Namespace, method: str) -> tuple[Located, Located]:
    other = "train" if args.split == "validation" else "validation"
    judged_on = splits.part(splits.named(trained, args.split, args.data), args.images)
    chosen_on = splits.part(splits.named(trained, other, args.data), args.images or 2000)
    return _located(trained, chosen_on, method), _located(trained, judged_on, method)


def _of_pictures(trained: TrainedClassifier, own: box_files.Boxed, method: str) -> tuple[Located, Located]:
    if len(own.split) < FEWEST:
        raise UserError(
            f"{len(own.split)} pictures with boxes are too few to choose a threshold on one half and judge it on the "
            f"other: give {FEWEST} or more."
        )
    whole = _located(trained, own.split, method, own.truth)
    one, other = (
        Located(whole.maps[half], whole.truth[half], whole.named[half])
        for half in (positions.numpy() for positions in localise.halves(len(whole)))
    )
    return one, other


def _located(trained: TrainedClassifier, split: Split, method: str, truth: np.ndarray | None = None) -> Located:
    with tqdm(total=len(split), desc=method, unit=" images", disable=None, leave=False) as bar:
        return localise.locate(trained, split, method, truth, lambda done, of: bar.update(done - bar.n))


def _answer(judged: _Judged) -> dict[str, Any]:
    return {
        "model": judged.trained.name,
        "images": judged.where,
        "count": len(judged.on),
        "method": judged.method,
        "class": "true",
        "named": round(100 * float(judged.on.named.mean()), 2),
        "iou": list(LEVELS),
        "chosen_on": {"images": judged.choice, "count": judged.reports[0].chosen_on},
        "rules": [
            {
                "rule": report.rule,
                "threshold": report.threshold,
                **_figures(report.score),
                "thresholds": report.curve.thresholds.tolist(),
                "curve": {f"{level}": np.round(report.curve.accuracy(level), 2).tolist() for level in LEVELS},
            }
            for report in judged.reports
        ],
        "centre_box": {**_figures(judged.reports[0].centre), "box": judged.reports[0].centre.box},
        "constant_box": {**_figures(judged.reports[0].constant), "box": judged.reports[0].constant.box},
        "remarks": list(judged.remarks),
    }


def _figures(score: Score) -> dict[str, Any]:
    return {
        "accuracy": [round(value, 2) for value in score.accuracy],
        "accuracy_with_class": [round(value, 2) for value in score.named],
        "mean_accuracy": round(score.mean_accuracy, 2),
        "mean_iou": round(score.mean_iou, 4),
    }


def _table(judged: _Judged) -> str:
    rows = [(f"{report.rule}, threshold {report.threshold:.2f}", report.score) for report in judged.reports]
    rows += [(f"centre box {judged.reports[0].centre.box}", judged.reports[0].centre)]
    rows += [(f"best constant box {judged.reports[0].constant.box}", judged.reports[0].constant)]
    width = max(len(name) for name, _ in rows)
    lines = [
        f"{judged.trained.title}, {methods.named(judged.method).title} of the true class, "
        f"{len(judged.on):,} images: {judged.where}",
        f"{'':<{width}} " + " ".join(f"IoU {level:g}".rjust(9) for level in LEVELS) + "      mean  mean IoU",
    ]
    for name, score in rows:
        figures = " ".join(f"{value:>7.1f} %" for value in score.accuracy)
        lines.append(f"{name:<{width}} {figures}  {score.mean_accuracy:>6.1f} %  {score.mean_iou:>8.3f}")
    named = ", ".join(
        f"{value:.1f} %" for value in max(judged.reports, key=lambda report: report.score.mean_accuracy).score.named
    )
    lines.append(f"Found and the class named rightly, by the better rule: {named}.")
    lines += [f"{report.rule}: {boxes.rule(report.rule).words}." for report in judged.reports]
    lines.append(
        f"Thresholds and constant boxes are chosen on {judged.choice} ({judged.reports[0].chosen_on:,} images)."
    )
    return "\n".join([*lines, *judged.remarks])
