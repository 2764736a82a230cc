"""The misclassified images of a net, sorted by how wrong they are (section 5.1.2), and the difference of two nets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.trainers import evaluation
from core.trainers.trained import TrainedClassifier

ORDERS = ("loss", "confidence", "margin")  # attributes of Mistakes, each sorted from the greatest value


@dataclass(frozen=True)
class Answers:
    """The `logits` (N, classes) of a net for every image of a split, beside the true classes `labels` (N,)."""

    logits: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> Tensor:
        """Return the class of the greatest logit, (N,)."""
        return self.logits.argmax(1)

    @property
    def right(self) -> Tensor:
        """Return which images are classified correctly, bool (N,)."""
        return self.predicted == self.labels

    def both(self, indices: Sequence[int]) -> Tensor:
        """Return the predicted and the true class of M images, (M, 2), whose maps Figure 5.4 compares."""
        places = list(indices)
        return torch.stack([self.predicted[places], self.labels[places]], 1)

    def confusion(self) -> Tensor:
        """Return the confusion matrix, int64 (classes, classes): true classes in rows, predicted ones in columns."""
        classes = self.logits.shape[1]
        return torch.bincount(self.labels * classes + self.predicted, minlength=classes**2).view(classes, classes)

    def mistakes(self) -> Mistakes:
        """Return the misclassified images, by greatest loss first."""
        wrong = (~self.right).nonzero()[:, 0]
        logits, labels = self.logits[wrong], self.labels[wrong]
        loss = F.cross_entropy(logits, labels, reduction="none")
        return Mistakes(wrong, labels, logits.argmax(1), logits.softmax(1), loss, len(self)).ordered("loss")


@dataclass(frozen=True)
class Mistakes:
    """The M misclassified images of a split, in the order of one of ORDERS.

    `indices` (M,) in the split; `labels` and `predicted` (M,); `probabilities` (M, classes); `loss` (M,), the
    cross-entropy in nats; `of` is the number of images of the split.
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
        """Return the percentage of the split that is misclassified."""
        return 100 * len(self) / self.of

    @property
    def confidence(self) -> Tensor:
        """Return the probability of the predicted class, (M,), 0 to 1."""
        return self.probabilities.gather(1, self.predicted[:, None])[:, 0]

    @property
    def margin(self) -> Tensor:
        """Return the probability of the predicted class minus that of the true one, (M,), 0 to 1."""
        return self.confidence - self.probabilities.gather(1, self.labels[:, None])[:, 0]

    def ordered(self, by: str) -> Mistakes:
        """Return the same mistakes sorted by one of ORDERS, equal ones in the order of the split.

        Raises UserError for another order.
        """
        if by not in ORDERS:
            raise UserError(f"Mistakes are not sorted by {by}: choose one of {', '.join(ORDERS)}.")
        values: Tensor = getattr(self, by)
        place = self.indices.argsort()
        return self._at(place[values[place].argsort(dim=0, descending=True, stable=True)])

    def among(
        self,
        *,
        label: int | None = None,
        predicted: int | None = None,
        confidence: tuple[float, float] | None = None,
        indices: Tensor | None = None,
    ) -> Mistakes:
        """Return the mistakes that match every condition: true class, predicted class, range of confidence, indices.

        None leaves a condition out; both ends of the range are included. Order and `of` stay.
        """
        matching = torch.ones(len(self), dtype=torch.bool)
        if label is not None:
            matching &= self.labels == label
        if predicted is not None:
            matching &= self.predicted == predicted
        if confidence is not None:
            matching &= (self.confidence >= confidence[0]) & (self.confidence <= confidence[1])
        if indices is not None:
            matching &= torch.isin(self.indices, indices)
        return self._at(matching.nonzero()[:, 0])

    def part(self, start: int, count: int) -> Mistakes:
        """Return at most `count` mistakes from position `start` on."""
        return self._at(torch.arange(start, max(start, min(start + count, len(self)))))

    @property
    def both(self) -> Tensor:
        """Return the predicted and the true class of each mistake, (M, 2), whose maps Figure 5.4 compares."""
        return torch.stack([self.predicted, self.labels], 1)

    def _at(self, positions: Tensor) -> Mistakes:
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
    """Two nets on the same images, as indices in the split.

    The second net classifies `fixed` correctly where the first does not, and `broken` the other way round; both
    misclassify `still_wrong`.
    """

    fixed: Tensor
    broken: Tensor
    still_wrong: Tensor


def answers(
    trained: TrainedClassifier, split: Split, progress: Callable[[int, int], None] = lambda done, of: None
) -> Answers:
    """Return the net's logits for every image of the split.

    `progress` is called with the images done and in all. Raises UserError where the split has no images, or labels
    that the net lacks.
    """
    if not len(split):
        raise UserError("There are no images to classify: choose a split that has some.")
    if int(split.labels.max()) >= len(trained.classes):
        raise UserError(
            f"{trained.title} has {len(trained.classes)} classes but the images have more: "
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
    """Return the misclassified images of the split, by greatest loss first. Raises UserError as `answers`."""
    return answers(trained, split, progress).mistakes()


def compare(before: Answers, after: Answers) -> Comparison:
    """Return what the second net fixes and breaks. Raises UserError where the two are not of the same images."""
    if not torch.equal(before.labels, after.labels):
        raise UserError("The two nets classified different images: compare nets of one data set.")
    return Comparison(
        *(
            which.nonzero()[:, 0]
            for which in (~before.right & after.right, before.right & ~after.right, ~before.right & ~after.right)
        )
    )
