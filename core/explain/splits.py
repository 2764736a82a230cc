"""The images that a net is asked about: a split of the data it was trained on, or an even part of one."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from core import datasets
from core.datasets import Split
from core.errors import UserError
from core.trainers.trained import TrainedClassifier

NAMES = ("train", "validation", "test")


def add_arguments(parser: argparse.ArgumentParser, *, images: int) -> None:
    """Add --model, --split, --data and --images, of which `images` are taken where nothing else is said (0: all)."""
    many = f"{images}" if images else "all"
    parser.add_argument("--model", required=True, help="a shipped net, or the name or path of a run")
    parser.add_argument("--split", choices=NAMES, default="test", help="which images (default %(default)s)")
    parser.add_argument("--data", type=Path, metavar="ROOT", help="the folder that holds the data sets")
    parser.add_argument(
        "--images", type=int, default=images, metavar="N", help=f"so many of them, evenly spread (default {many})"
    )


def named(trained: TrainedClassifier, name: str, root: Path | None = None) -> Split:
    """A split of the net's data set. Raises UserError where there is none, or where it cannot be had."""
    data = datasets.load(trained.dataset, root)
    split: Split | None = getattr(data, name)
    if split is None:
        raise UserError(f"{data.title} has no {name} split; it has train and {data.held_out}.")
    return split


def part(split: Split, count: int) -> Split:
    """`count` images of a split, evenly spread, the same ones every time; the whole of it for 0 or too great a count.

    Raises UserError for a count below 0.
    """
    if count < 0:
        raise UserError(f"There are no {count} images: give a number above 0, or 0 for all.")
    if count == 0 or count >= len(split):
        return split
    chosen = torch.arange(count) * len(split) // count
    return Split(split.images[chosen], split.labels[chosen], None if split.boxes is None else split.boxes[chosen])
