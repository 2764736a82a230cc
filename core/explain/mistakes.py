"""The images that a net gets wrong, worst first (section 5.1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.trainers import evaluation
from core.trainers.trained import Trained

# What "worst" may mean, with the words for it.
ORDERS = {
    "loss": "Least probability for the truth",
    "confidence": "Most confidence in the wrong class",
}


@dataclass(frozen=True)
class Mistakes:
    """The misclassified images of a split, worst first.

    `indices` (M,) in the split; `labels` and `predicted` (M,); `probabilities` (M, classes); `loss` (M,), the
    cross-entropy in nats; `of` is the number of images that were looked at.
    """

    indices: Tensor
    labels: Tensor
    predicted: Tensor
    probabilities: Tensor
    loss: Tensor
    of: int

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def error(self) -> float:
        """Share of the images that are misclassified, in percent."""
        return 100 * len(self) / self.of

    def ordered(self, by: str) -> Mistakes:
        """The same mistakes by one of ORDERS, worst first; equal ones in the order of the split."""
        if by not in ORDERS:
            raise UserError(f"Mistakes are not ordered by {by}: choose one of {', '.join(ORDERS)}.")
        confidence = self.probabilities.gather(1, self.predicted[:, None])[:, 0]
        return self._taken((self.loss if by == "loss" else confidence).argsort(descending=True, stable=True))

    def among(self, *, label: int | None = None, predicted: int | None = None) -> Mistakes:
        """Only those of a true class, or taken for a class, or both; order and `of` stay."""
        kept = torch.ones(len(self), dtype=torch.bool)
        if label is not None:
            kept &= self.labels == label
        if predicted is not None:
            kept &= self.predicted == predicted
        return self._taken(kept.nonzero()[:, 0])

    def part(self, start: int, count: int) -> Mistakes:
        """At most `count` of them from `start` on."""
        return self._taken(torch.arange(start, max(start, min(start + count, len(self)))))

    @property
    def both(self) -> Tensor:
        """Predicted and true class of each mistake, (M, 2): the classes whose maps tell it (Figure 5.4)."""
        return torch.stack([self.predicted, self.labels], 1)

    def _taken(self, positions: Tensor) -> Mistakes:
        return Mistakes(
            self.indices[positions],
            self.labels[positions],
            self.predicted[positions],
            self.probabilities[positions],
            self.loss[positions],
            self.of,
        )


def find(trained: Trained, split: Split, progress: Callable[[int, int], None] = lambda done, of: None) -> Mistakes:
    """Ask the net about every image of the split and keep those it gets wrong, by greatest loss first.

    `progress` is called with the images done and the images in all. Raises UserError where the split has
    labels that the net does not know.
    """
    if int(split.labels.max()) >= len(trained.classes):
        raise UserError(
            f"{trained.title} knows {len(trained.classes)} classes but the images have more: "
            "choose the data it was trained on."
        )
    parts = []
    for images in split.images.split(evaluation.BATCH):
        parts.append(evaluation.predict(trained.net, images, trained.mean, trained.std))
        progress(sum(map(len, parts)), len(split))
    return _of(torch.cat(parts), split.labels)


def _of(logits: Tensor, labels: Tensor) -> Mistakes:
    """The mistakes among `logits` (N, classes) against `labels` (N,)."""
    predicted = logits.argmax(1)
    wrong = (predicted != labels).nonzero()[:, 0]
    return Mistakes(
        wrong,
        labels[wrong],
        predicted[wrong],
        logits[wrong].softmax(1),
        F.cross_entropy(logits[wrong], labels[wrong], reduction="none"),
        len(labels),
    ).ordered("loss")
