"""Variants of every data set: a number of training images a class, and grey or RGB images.

As options of its name: `toybox?each=100&draw=0` has 100 training images of every class, drawn by the seed `draw`, and
the whole test split; `digits?channels=3` has grey images as RGB, `cifar10?channels=1` their luminance.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.datasets.name import Name, whole_numbers
from core.datasets.split import Dataset, Split, channel_statistics
from core.errors import UserError
from core.images import LUMINANCE

MOST_VALIDATION = (
    1000  # validation images beside a drawn training split: with few to train on, there are few to choose by
)
LIMITS = {"each": (1, 1_000_000), "draw": (0, 2**31 - 1), "channels": (1, 3)}


@dataclass(frozen=True)
class Form:
    """`each` training images of every class, drawn by the seed `draw` (0: all), in `channels` (0: as they are)."""

    each: int = 0
    draw: int = 0
    channels: int = 0

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Return the options of a name in this form, without defaults."""
        values = (("each", self.each), ("draw", self.draw if self.each else 0), ("channels", self.channels))
        return tuple((key, str(value)) for key, value in values if value)

    def title(self, whole: str) -> str:
        """Return the title in this form of the data set titled `whole`."""
        words = (whole, f"{self.each:,} a class" if self.each else "", {1: "grey", 3: "RGB"}.get(self.channels, ""))
        return ", ".join(filter(None, words))

    def of(self, data: Dataset, name: str) -> Dataset:
        """Return the data set in this form. Raises UserError where a class has fewer than `each` images.

        Where it has no validation split, one is made of training images that were not drawn.
        """
        train, validation = data.train, data.validation
        if self.each:
            check_enough(data, self.each)
            train = _select(data.train, training_indices(data.train.labels, self.each, self.draw))
            if validation is None:
                rest = validation_indices(data.train.labels, self.each, self.draw)
                validation = _select(data.train, rest) if len(rest) else None
            else:
                validation = part(validation, MOST_VALIDATION)
        train, test = (in_channels(split, self.channels) for split in (train, data.test))
        validation = validation and in_channels(validation, self.channels)
        mean, std = channel_statistics(train.images)
        title = self.title(data.title)
        return replace(
            data, name=name, title=title, train=train, test=test, validation=validation, mean=mean, std=std
        )  # fmt: skip


def part(split: Split, size: int) -> Split:
    """Return `size` evenly spaced images of a split, or all where it has fewer. The choice is deterministic."""
    return split if size >= len(split) else _select(split, torch.arange(size) * len(split) // size)


def parted(name: Name) -> tuple[Name, Form]:
    """Return a name without the options of its form, and that form. Raises UserError for a wrong option."""
    options = tuple(option for option in name.options if option[0] in LIMITS)
    values = whole_numbers(replace(name, options=options), {"each": 0, "draw": 0, "channels": 0}, LIMITS)
    if values["channels"] == 2:
        raise UserError(f'The option channels of "{name.kind}" is "2": give 1 for grey or 3 for RGB images.')
    rest = tuple(option for option in name.options if option[0] not in LIMITS)
    return replace(name, options=rest), Form(**values)


def check_enough(data: Dataset, each: int) -> None:
    """Raise UserError where a class has fewer than `each` training images."""
    counts = torch.bincount(data.train.labels, minlength=len(data.classes))
    fewest = int(counts.argmin())
    if counts[fewest] < each:
        raise UserError(
            f'{data.title} has {int(counts[fewest]):,} training images of the class "{data.classes[fewest]}": '
            f"{each:,} of each cannot be drawn, choose fewer."
        )


def training_indices(labels: Tensor, each: int, seed: int) -> Tensor:
    """Return indices (M,), ascending, of `each` images of every class; by one seed, larger draws hold the smaller."""
    return (_ranks(labels, seed) < each).nonzero()[:, 0]


def validation_indices(labels: Tensor, each: int, seed: int, most: int = MOST_VALIDATION) -> Tensor:
    """Return indices (M,), ascending, of images outside `training_indices`: up to about `most`, equally many a class.

    They come from the other end of the order, so that draws of several sizes leave the same ones.
    """
    counts = torch.bincount(labels)
    first = torch.clamp(counts - max(1, most // len(counts)), min=each)
    return (_ranks(labels, seed) >= first[labels]).nonzero()[:, 0]


def in_channels(split: Split, channels: int) -> Split:
    """Return the split with images of 1 channel (luminance) or 3 (grey repeated), 0: unchanged; boxes stay."""
    images = split.images
    if channels in (0, images.shape[1]):
        return split
    if channels == 3:
        return replace(split, images=images.expand(-1, 3, -1, -1).contiguous())
    return replace(split, images=grey(images))


def grey(images: Tensor) -> Tensor:
    """Return the luminance (N, 1, H, W) of colour images, uint8 (N, 3, H, W)."""
    weights = torch.tensor(LUMINANCE).view(1, 3, 1, 1)
    return torch.cat([(part * weights).sum(1, keepdim=True).round().to(torch.uint8) for part in images.split(1000)])


def _ranks(labels: Tensor, seed: int) -> Tensor:
    """Return the place of every image, from 0, in a random order of its class."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    ranks = torch.empty_like(labels)
    for label in labels.unique().tolist():
        of_class = order[labels[order] == label]
        ranks[of_class] = torch.arange(len(of_class))
    return ranks


def _select(split: Split, indices: Tensor) -> Split:
    return Split(split.images[indices], split.labels[indices], None if split.boxes is None else split.boxes[indices])
