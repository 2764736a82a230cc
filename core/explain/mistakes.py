"""The images that a net gets wrong, worst first (section 5.1.2), and what one net gets wrong that another does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.trainers import evaluation
from core.trainers.trained import TrainedClassifier

# What "worst" may mean, with the words for it.
ORDERS = {
    "loss": "Least probability for the truth",
    "confidence": "Most confidence in the wrong class",
    "margin": "Widest margin of the wrong class over the truth",
}


@dataclass(frozen=True)
class Answers:
    """What a net said of every image of a split: `logits` (N, classes) against `labels` (N,)."""

    logits: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> Tensor:
        """The class of the greatest logit, (N,)."""
        return self.logits.argmax(1)

    @property
    def right(self) -> Tensor:
        """Which images are classified rightly, bool (N,)."""
        return self.predicted == self.labels

    def confusion(self) -> Tensor:
        """How often each class (row) was taken for each (column), int64 (classes, classes)."""
        classes = self.logits.shape[1]
        return torch.bincount(self.labels * classes + self.predicted, minlength=classes**2).view(classes, classes)

    def mistakes(self) -> Mistakes:
        """Those that are wrong, by greatest loss first."""
        wrong = (~self.right).nonzero()[:, 0]
        logits, labels = self.logits[wrong], self.labels[wrong]
        loss = F.cross_entropy(logits, labels, reduction="none")
        return Mistakes(wrong, labels, logits.argmax(1), logits.softmax(1), loss, len(self)).ordered("loss")


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

    @property
    def confidence(self) -> Tensor:
        """The probability of the wrong class that was predicted, (M,)."""
        return self.probabilities.gather(1, self.predicted[:, None])[:, 0]

    @property
    def margin(self) -> Tensor:
        """By how much the probability of the wrong class exceeds that of the truth, (M,)."""
        return self.confidence - self.probabilities.gather(1, self.labels[:, None])[:, 0]

    def ordered(self, by: str) -> Mistakes:
        """The same mistakes by one of ORDERS, worst first; equal ones in the order of the split."""
        if by not in ORDERS:
            raise UserError(f"Mistakes are not ordered by {by}: choose one of {', '.join(ORDERS)}.")
        values: Tensor = getattr(self, by)
        place = self.indices.argsort()
        return self._taken(place[values[place].argsort(dim=0, descending=True, stable=True)])

    def among(
        self,
        *,
        label: int | None = None,
        predicted: int | None = None,
        confidence: tuple[float, float] | None = None,
        indices: Tensor | None = None,
    ) -> Mistakes:
        """Only those of a true class, taken for a class, of a confidence from a to b, among `indices`; or all of that.

        Order and `of` stay.
        """
        kept = torch.ones(len(self), dtype=torch.bool)
        if label is not None:
            kept &= self.labels == label
        if predicted is not None:
            kept &= self.predicted == predicted
        if confidence is not None:
            kept &= (self.confidence >= confidence[0]) & (self.confidence <= confidence[1])
        if indices is not None:
            kept &= torch.isin(self.indices, indices)
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


@dataclass(frozen=True)
class Comparison:
    """Two nets on the same images: which ones the second `fixed`, `broke`, and left wrong; indices in the split."""

    fixed: Tensor
    broken: Tensor
    still_wrong: Tensor


def ask(
    trained: TrainedClassifier, split: Split, progress: Callable[[int, int], None] = lambda done, of: None
) -> Answers:
    """Ask the net about every image of the split.

    `progress` is called with the images done and the images in all. Raises UserError where the split has no images, or
    labels that the net does not know.
    """
    if not len(split):
        raise UserError("There are no images to ask the net about: choose a split that has some.")
    if int(split.labels.max()) >= len(trained.classes):
        raise UserError(
            f"{trained.title} knows {len(trained.classes)} classes but the images have more: "
            "choose the data it was trained on."
        )
    parts = []
    for images in split.images.split(evaluation.BATCH):
        parts.append(evaluation.predict(trained.net, images, trained.mean, trained.std))
        progress(sum(map(len, parts)), len(split))
    return Answers(torch.cat(parts), split.labels)


def find(
    trained: TrainedClassifier, split: Split, progress: Callable[[int, int], None] = lambda done, of: None
) -> Mistakes:
    """Ask the net about every image of the split and keep those it gets wrong, by greatest loss first. As `ask`."""
    return ask(trained, split, progress).mistakes()


def compare(before: Answers, after: Answers) -> Comparison:
    """What the second net fixed and what it broke. Raises UserError where the two were not asked the same images."""
    if not torch.equal(before.labels, after.labels):
        raise UserError("The two nets were asked about different images: compare nets of one data set.")
    return Comparison(
        *(
            chosen.nonzero()[:, 0]
            for chosen in (~before.right & after.right, before.right & ~after.right, ~before.right & ~after.right)
        )
    )
