"""The frozen features of a study's images: which images are needed, one pass of the source over each, and look-up."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core import hardware, images
from core.datasets import Dataset, Split, forms
from core.trainers.trained import TrainedClassifier
from core.transfer_learning import cuts
from core.transfer_learning.cuts import Cut
from core.transfer_learning.study import ALL, MOST_WHOLE, WHOLE_SIDE

BATCH_WORK = 2e10  # multiply-adds between two looks at the run's control: a fraction of a second on one core
BATCH = 500
HELD_BACK = 10  # one in so many training images chooses the penalty where there is no validation split

Examples = tuple[Tensor, Tensor]  # features, float32 (N, F), and labels, (N,)


def side_at_net(source: TrainedClassifier, side: int) -> int:
    """Return the pixels a side that the source sees images of `side` px with."""
    return max(side, WHOLE_SIDE) if source.whole else side


def at_net(source: TrainedClassifier, batch: Tensor) -> Tensor:
    """Return images, uint8 (N, C, side, side), at the size that the source sees them with, uint8."""
    side = side_at_net(source, batch.shape[-1])
    if side == batch.shape[-1]:
        return batch
    pictures = [images.for_net(picture, side) for picture in batch.cpu().permute(0, 2, 3, 1).numpy()]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).to(batch.device)


def _copy_for(source: TrainedClassifier, device: torch.device) -> nn.Module:
    """Return a copy of the source's net on a device."""
    net = copy.deepcopy(source.net)
    if device.type != "cpu":
        net.train().eval()  # weights folded for the processor would stay there
    return net.to(device)


@dataclass(frozen=True)
class Extractor:
    """The frozen source at work, in batches small enough that it can be paused or stopped between two.

    `before_batch` may raise to end the pass; `after_batch` receives how many images are done, and of how many.
    """

    source: TrainedClassifier
    cuts: tuple[Cut, ...]
    before_batch: Callable[[], None]
    after_batch: Callable[[int, int], None]

    def extract(self, splits: Mapping[str, Split]) -> dict[str, list[Tensor]]:
        """Return the features of each split at every cut, float32 (N, F), on the CPU."""
        device = hardware.device()
        net = _copy_for(self.source, device)
        batch = max(4, min(BATCH, int(BATCH_WORK / max(1, self.cuts[-1].multiply_adds))))
        done, total = 0, sum(map(len, splits.values()))

        def batches(split: Split) -> Iterator[list[Tensor]]:
            nonlocal done
            for part in split.images.split(batch):
                self.before_batch()
                prepared = self.source.prepare(at_net(self.source, part).to(device))
                yield [tensor.cpu() for tensor in cuts.features(net, prepared, self.cuts)]
                done += len(part)
                self.after_batch(done, total)

        return {
            name: [torch.cat(tensors).clone() for tensors in zip(*batches(split), strict=True)]
            for name, split in splits.items()
        }


class Features:
    """The features of every image that a study needs, at every cut.

    Where the data have no validation split, training images choose the penalty: those that were not drawn or, where
    these are too few, a tenth of the drawn ones. With `flips` the horizontal flip of a training image is another one.
    """

    def __init__(
        self, data: Dataset, pictures: tuple[int, ...], seed: int, extractor: Extractor, *, flips: bool = False
    ):
        """`pictures` are the numbers of training images a class, drawn by `seed`."""
        self.data, self.seed, self.flips = data, seed, flips
        most = MOST_WHOLE if extractor.source.whole else {"validation": forms.MOST_VALIDATION, "test": len(data.test)}
        labels = data.train.labels
        self.rows = {each: self._train_rows(each) for each in pictures}
        self.held_back = {each: self._held_back_rows(each) for each in pictures}
        needed = torch.cat([*self.rows.values(), *self.held_back.values()]).unique()
        self.place = torch.full((len(labels),), -1)
        self.place[needed] = torch.arange(len(needed))
        splits = {"train": Split(data.train.images[needed], labels[needed])}
        if flips:
            splits["flipped"] = Split(splits["train"].images.flip(-1), labels[needed])
        if data.validation:
            splits["validation"] = forms.part(data.validation, most["validation"])
        splits["test"] = forms.part(data.test, most["test"])
        self.labels = {name: split.labels for name, split in splits.items()}
        self.features = extractor.extract(splits)

    def of(self, each: int, cut: int) -> tuple[Examples, Examples, Examples]:
        """Return the examples at a cut: `each` training images a class, validation and test."""
        validation = self._split("validation", cut) if "validation" in self.labels else self._held_back(each, cut)
        return self._drawn(each, cut), validation, self._split("test", cut)

    def for_selection(self, each: int, cut: int) -> Examples:
        """Return the training examples without those that choose the penalty."""
        if not self.is_part_held_back(each):
            return self._drawn(each, cut)
        rows = self.rows[each]
        return self._at(rows[~torch.isin(rows, self.held_back[each])], cut, flips=self.flips)

    def is_part_held_back(self, each: int) -> bool:
        """Return True where a part of the drawn training images chooses the penalty."""
        return "validation" not in self.labels and bool(torch.isin(self.held_back[each], self.rows[each]).any())

    def _train_rows(self, each: int) -> Tensor:
        labels = self.data.train.labels
        return torch.arange(len(labels)) if each == ALL else forms.training_indices(labels, each, self.seed)

    def _held_back_rows(self, each: int) -> Tensor:
        labels = self.data.train.labels
        if self.data.validation is not None:
            return torch.arange(0)
        classes = len(self.data.classes)
        if each != ALL and len(rest := forms.validation_indices(labels, each, self.seed)) >= classes:
            return rest
        return forms.validation_indices(labels, 1, self.seed, max(classes, len(labels) // HELD_BACK))

    def _drawn(self, each: int, cut: int) -> Examples:
        return self._at(self.rows[each], cut, flips=self.flips)

    def _held_back(self, each: int, cut: int) -> Examples:
        return self._at(self.held_back[each], cut)

    def _at(self, rows: Tensor, cut: int, *, flips: bool = False) -> Examples:
        places, splits = self.place[rows], ("train", "flipped") if flips else ("train",)
        features = torch.cat([self.features[split][cut][places] for split in splits])
        return features, torch.cat([self.labels[split][places] for split in splits])

    def _split(self, split: str, cut: int) -> Examples:
        return self.features[split][cut], self.labels[split]
