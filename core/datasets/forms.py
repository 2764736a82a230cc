"""Forms that every data set can be had in: so many training images a class, and grey or coloured whatever it was.

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

MOST_HELD_BACK = 1000  # validation images beside a drawn training split: who has few has not many more to choose by
LIMITS = {"each": (1, 1_000_000), "draw": (0, 2**31 - 1), "channels": (1, 3)}


@dataclass(frozen=True)
class Form:
    """`each` training images of every class, drawn by the seed `draw` (0: all), in `channels` (0: as they are)."""

    each: int = 0
    draw: int = 0
    channels: int = 0

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What stands for it in a name, with nothing for what is usual."""
        values = (("each", self.each), ("draw", self.draw if self.each else 0), ("channels", self.channels))
        return tuple((key, str(value)) for key, value in values if value)

    def title(self, whole: str) -> str:
        """What data called `whole` are called in this form."""
        words = (whole, f"{self.each:,} a class" if self.each else "", {1: "grey", 3: "RGB"}.get(self.channels, ""))
        return ", ".join(filter(None, words))

    def of(self, data: Dataset, name: str) -> Dataset:
        """The data set in this form. Raises `UserError` where a class has fewer images than are asked for.

        Where it has no validation split, one is made of training images that were not drawn.
        """
        train, validation = data.train, data.validation
        if self.each:
            check_enough(data, self.each)
            train = _taken(data.train, drawn(data.train.labels, self.each, self.draw))
            if validation is None:
                rest = held_back(data.train.labels, self.each, self.draw)
                validation = _taken(data.train, rest) if len(rest) else None
            else:
                validation = part(validation, MOST_HELD_BACK)
        train, test = (in_channels(split, self.channels) for split in (train, data.test))
        validation = validation and in_channels(validation, self.channels)
        mean, std = channel_statistics(train.images)
        title = self.title(data.title)
        return replace(
            data, name=name, title=title, train=train, test=test, validation=validation, mean=mean, std=std
        )  # fmt: skip


def part(split: Split, size: int) -> Split:
    """`size` images of a split, taken at even distances: the same ones every time; the whole of one that has fewer."""
    return split if size >= len(split) else _taken(split, torch.arange(size) * len(split) // size)


def parted(name: Name) -> tuple[Name, Form]:
    """A name without what says its form, and that form. Raises `UserError` for a form that there is none of."""
    options = tuple(option for option in name.options if option[0] in LIMITS)
    values = whole_numbers(replace(name, options=options), {"each": 0, "draw": 0, "channels": 0}, LIMITS)
    if values["channels"] == 2:
        raise UserError(f'The option channels of "{name.kind}" is "2": give 1 for grey or 3 for RGB images.')
    rest = tuple(option for option in name.options if option[0] not in LIMITS)
    return replace(name, options=rest), Form(**values)


def check_enough(data: Dataset, each: int) -> None:
    """Raises `UserError` where a class has fewer than `each` training images."""
    counts = torch.bincount(data.train.labels, minlength=len(data.classes))
    fewest = int(counts.argmin())
    if counts[fewest] < each:
        raise UserError(
            f'{data.title} has {int(counts[fewest]):,} training images of the class "{data.classes[fewest]}": '
            f"{each:,} of each cannot be drawn, choose fewer."
        )


def drawn(labels: Tensor, each: int, seed: int) -> Tensor:
    """Indices (M,), ascending, of `each` images of every class; a larger draw by the same seed holds a smaller one."""
    return (_ranks(labels, seed) < each).nonzero()[:, 0]


def held_back(labels: Tensor, each: int, seed: int, most: int = MOST_HELD_BACK) -> Tensor:
    """Indices (M,), ascending, of images that `drawn` leaves: about `most` at most, as many of every class.

    They are taken from the other end, so that draws of several sizes leave the same ones while there are enough.
    """
    counts = torch.bincount(labels)
    first = torch.clamp(counts - max(1, most // len(counts)), min=each)
    return (_ranks(labels, seed) >= first[labels]).nonzero()[:, 0]


def in_channels(split: Split, channels: int) -> Split:
    """The split with images of 1 channel (their luminance) or 3 (grey three times over), 0: as they are; boxes stay."""
    images = split.images
    if channels in (0, images.shape[1]):
        return split
    if channels == 3:
        return replace(split, images=images.expand(-1, 3, -1, -1).contiguous())
    weights = torch.tensor(LUMINANCE).view(1, 3, 1, 1)
    grey = [(part * weights).sum(1, keepdim=True).round().to(torch.uint8) for part in images.split(1000)]
    return replace(split, images=torch.cat(grey))


def _ranks(labels: Tensor, seed: int) -> Tensor:
    """For every image its place, from 0, in a random order of its class."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    ranks = torch.empty_like(labels)
    for label in labels.unique().tolist():
        of_class = order[labels[order] == label]
        ranks[of_class] = torch.arange(len(of_class))
    return ranks


def _taken(split: Split, chosen: Tensor) -> Split:
    return Split(split.images[chosen], split.labels[chosen], None if split.boxes is None else split.boxes[chosen])
