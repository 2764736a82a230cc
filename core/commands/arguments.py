"""Arguments that several commands share: the net, and the images that it is evaluated on."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.datasets import class_names
from core.errors import UserError
from core.explain import splits
from core.trainers import trained as nets
from core.trainers.own_net import open_own
from core.trainers.trained import TrainedClassifier


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add --model, and --weights and --names, by which a net for photographs has weights of the user's own."""
    parser.add_argument("--model", required=True, help="a shipped net, or the name or path of a run")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="your own .safetensors state dict for --model")
    parser.add_argument("--names", type=Path, metavar="FILE", help="the names of its classes, one a line")


def opened(args: argparse.Namespace) -> TrainedClassifier:
    """Return the net that `add_model`'s arguments name. Raises UserError where there is none such."""
    if (args.weights is None) != (args.names is None):
        raise UserError("Weights of your own need both --weights FILE and --names FILE: give the other one too.")
    return nets.open_named(args.model) if args.weights is None else open_own(args.model, args.weights, args.names)


def add_model_and_images(parser: argparse.ArgumentParser, *, images: int) -> None:
    """Add --model, --split, --data and --images to the parser; `images` is the default number (0: all)."""
    add_model(parser)
    parser.add_argument("--split", choices=splits.NAMES, default="test", help="which split (default %(default)s)")
    parser.add_argument("--data", type=Path, metavar="ROOT", help="the folder that holds the data sets")
    parser.add_argument(
        "--images",
        type=int,
        default=images,
        metavar="N",
        help=f"number of images, evenly spaced in the split (default {images or 'all'})",
    )


def add_classes(parser: argparse._ActionsContainer) -> None:
    """Add --class to the parser: what names of the user's own mean, as `classes` reads it."""
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="NAME=CLASS",
        help="what a name in your folders or file means to the net; may be repeated",
    )


def classes(trained: TrainedClassifier, pairs: list[str]) -> dict[str, str]:
    """Return the pairs "NAME=CLASS" as a dictionary. Raises UserError for another text or a class that is not there."""
    chosen = {}
    for pair in pairs:
        name, mark, choice = pair.partition("=")
        if not name or not mark:
            raise UserError(f'--class "{pair}" is not NAME=CLASS: give it as in --class person=ballplayer.')
        if not class_names.match(choice, trained.classes):
            near = ", ".join(class_names.nearest(choice, trained.classes))
            raise UserError(f'{trained.title} has no class "{choice}": choose another, such as {near}.')
        chosen[name] = choice
    return chosen
