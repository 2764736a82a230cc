"""Robustness of a mistake: whether the net also errs on a flipped copy, and on copies shifted by a few pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.trainers import evaluation
from core.trainers.trained import TrainedClassifier

SHIFT = 2  # pixels

# Name of each copy: (flipped, pixels to the right, pixels down).
COPIES: dict[str, tuple[bool, int, int]] = {
    "as it is": (False, 0, 0),
    "flipped": (True, 0, 0),
    f"{SHIFT} px to the left": (False, -SHIFT, 0),
    f"{SHIFT} px to the right": (False, SHIFT, 0),
    f"{SHIFT} px up": (False, 0, -SHIFT),
    f"{SHIFT} px down": (False, 0, SHIFT),
}


@dataclass(frozen=True)
class Survival:
    """Predictions for the copies of N images of true classes `labels` (N,): a column for each of the V COPIES.

    `predicted` (N, V), and `confidence` (N, V), the probability of it, 0 to 1.
    """

    predicted: Tensor
    labels: Tensor
    confidence: Tensor

    @property
    def wrong(self) -> Tensor:
        """Return which copies are misclassified, bool (N, V)."""
        return self.predicted != self.labels[:, None]

    @property
    def survives(self) -> Tensor:
        """Return which images are misclassified in every copy, bool (N,)."""
        return self.wrong.all(1)


def survival(trained: TrainedClassifier, images: Tensor, labels: Tensor) -> Survival:
    """Return the net's predictions for every copy of uint8 images (N, C, side, side) of classes `labels` (N,)."""
    copies = torch.stack([altered(images, *change) for change in COPIES.values()], 1)
    logits = evaluation.predict(trained.net, copies.flatten(0, 1), trained.mean, trained.std)
    confidence, predicted = logits.softmax(1).max(1)
    shape = (len(images), len(COPIES))
    return Survival(predicted.view(shape), labels, confidence.view(shape))


def altered(images: Tensor, flipped: bool, right: int, down: int) -> Tensor:
    """Return images (N, C, H, W), flipped horizontally and shifted by pixels, with replicate padding."""
    images = images.flip(-1) if flipped else images
    reach = max(abs(right), abs(down))
    if not reach:
        return images
    padded = F.pad(images.float(), (reach,) * 4, mode="replicate").to(images.dtype)
    height, width = images.shape[-2:]
    return padded[..., reach - down : reach - down + height, reach - right : reach - right + width]
