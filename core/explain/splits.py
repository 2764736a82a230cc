"""The images that a net is evaluated on: a split of the data it was trained on, or an evenly spaced part of one."""

from __future__ import annotations

from pathlib import Path

import torch

from core import datasets
from core.datasets import Split
from core.errors import UserError
from core.trainers.trained import TrainedClassifier

NAMES = ("train", "validation", "test")


def named(trained: TrainedClassifier, name: str, root: Path | None = None) -> Split:
    """Return the split `name` of the net's data set, read from `root` or the default folder.

    Raises UserError where the data set has no such split, or cannot be read or downloaded.
    """
    data = datasets.load(trained.dataset, root)
    split: Split | None = getattr(data, name)
    if split is None:
        raise UserError(f"{data.title} has no {name} split; it has train and {data.held_out}.")
    return split


def part(split: Split, count: int) -> Split:
    """Return `count` evenly spaced images of a split; the whole split for 0 or for a count above its size.

    The choice is deterministic. Raises UserError for a count below 0.
    """
    if count < 0:
        raise UserError(f"There are no {count} images: give a number above 0, or 0 for all.")
    if count == 0 or count >= len(split):
        return split
    indices = torch.arange(count) * len(split) // count
    return Split(split.images[indices], split.labels[indices], None if split.boxes is None else split.boxes[indices])
