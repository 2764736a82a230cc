"""`python -m training.evaluate`: evaluate shipped weights, or those of a run, on a split of their data set."""

import argparse
import json
import sys
from pathlib import Path

import torch

from core import datasets, hardware
from core.datasets import Split, samples
from core.datasets.name import parse
from core.errors import UserError
from core.runs.run import Run
from core.trainers import evaluation, trained
from core.trainers.hyperparameters import VIEWS
from core.trainers.trained import TrainedClassifier

SPLITS = ("train", "validation", "test")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", required=True, help=f"{', '.join(trained.shipped())}, or a run's folder or name")
    parser.add_argument("--data", type=Path, help="the folder that holds the data; default: Atelier's cache folder")
    parser.add_argument("--split", default="test", choices=SPLITS)
    parser.add_argument(
        "--views",
        type=int,
        default=1,
        choices=VIEWS,
        help="test-time augmentation: evaluate over so many views of each image, too",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        result = measure(_open(options.model), options.data, options.split, options.views)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result))
    else:
        print("{model}: {error:.2f}% error on the {images} images of the {split} split of {dataset}".format(**result))
        if options.views > 1:
            print("{error_views:.2f}% averaged over {views} views of each image".format(**result))
    return 0


def _open(name: str) -> TrainedClassifier:
    if name in trained.shipped():
        return trained.open_shipped(name)
    try:
        return trained.open_run(Run.open(name))
    except UserError as error:
        names = ", ".join(trained.shipped()) or "none"
        raise UserError(f"{error} Shipped nets: {names}.") from error


def measure(net: TrainedClassifier, root: Path | None, split: str, views: int = 1) -> dict:
    """Return `{"model", "dataset", "split", "images", "error"}`, error in percent, computed in float32.

    With more `views` than one also `{"views", "error_views"}`, the error averaged over those.
    Raises UserError where the data cannot be had or has no such split.
    """
    torch.set_num_threads(hardware.cores())
    data = datasets.load(net.dataset, root)
    chosen = getattr(data, split)
    if chosen is None:
        raise UserError(f"{data.title} has no {split} split; it has train and {data.held_out}.")
    error = _error(net, chosen, split, views)
    result = {
        "model": net.name,
        "dataset": net.dataset,
        "split": split,
        "images": len(chosen),
        "error": round(error, 4),
    }
    if views > 1:
        _, averaged = evaluation.evaluate(net.net, chosen, net.mean, net.std, views=views)
        result |= {"views": views, "error_views": round(averaged, 4)}
    return result


def _error(net: TrainedClassifier, images: Split, name: str, views: int) -> float:
    """Return the error in percent; on the samples that a probe was taught with that of cross-validation."""
    if not samples.are_tested(net.dataset, name):
        return evaluation.evaluate(net.net, images, net.mean, net.std)[1]
    if views > 1 or not len(images):
        raise UserError(
            f"{net.title} learned from all its samples: its test is cross-validation, without views. Give --views 1, "
            "or teach it with more pictures where none could be tested."
        )
    return evaluation.scores(samples.tested_logits(samples.Samples.named(parse(net.dataset))), images.labels)[1]


if __name__ == "__main__":
    sys.exit(main())
