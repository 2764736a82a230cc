"""The tensors of a data set: its splits, its classes and the statistics its images are normalised with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Progress = Callable[[str, int, int], None]
"""`progress(what, done, total)`: what is being downloaded, bytes done and bytes in all (0 where unknown)."""


@dataclass(frozen=True)
class Split:
    """Images uint8 (N, C, H, W) and their labels int64 (N,). Shared between callers: read, never write.

    `boxes`, where there are any, are int64 (N, 4): x0, y0, x1, y1 in pixels of the labelled object's visible part,
    half-open, so that x1 - x0 is its width.
    """

    images: Tensor
    labels: Tensor
    boxes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)


class Splits(NamedTuple):
    """The result of a reader. `remarks` are sentences for the user about what was left out."""

    train: Split
    test: Split
    validation: Split | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A data set in memory. `mean` and `std` have a value a channel, of the training split, white being 1."""

    name: str
    title: str
    train: Split
    test: Split
    validation: Split | None
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    remarks: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Return 1 for grey images, 3 for RGB."""
        return self.train.images.shape[1]

    @property
    def side(self) -> int:
        """Return height and width of the images, pixels."""
        return self.train.images.shape[2]

    @property
    def held_out(self) -> str:
        """Return the split to evaluate on during training: "validation" where there is one, else "test"."""
        return "test" if self.validation is None else "validation"


def value_counts(channel: Tensor) -> Tensor:
    """Return how often each of the 256 values occurs in uint8 images of one channel (N, H, W)."""
    # Counting is exact and needs no floating-point copy of the data set.
    return torch.stack([torch.bincount(part.flatten(), minlength=256) for part in channel.split(1000)]).sum(0)


def channel_statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel of uint8 images (N, C, H, W), in units where white is 1."""
    values = torch.arange(256, dtype=torch.float64) / 255
    means, stds = [], []
    for channel in images.unbind(1):
        counts = value_counts(channel)
        share = counts.double() / counts.sum()
        mean = (share * values).sum()
        means.append(mean.item())
        stds.append((share * (values - mean) ** 2).sum().sqrt().item())
    return tuple(means), tuple(stds)
