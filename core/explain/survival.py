"""Whether a mistake outlives a change that no person would notice: a mirrored copy, or one moved by a pixel or two."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.trainers import evaluation
from core.trainers.trained import TrainedClassifier

SHIFT = 2  # pixels

# What becomes of the image, with (mirrored, pixels to the right, pixels down).
COPIES: dict[str, tuple[bool, int, int]] = {
    "as it is": (False, 0, 0),
    "mirrored": (True, 0, 0),
    f"{SHIFT} px to the left": (False, -SHIFT, 0),
    f"{SHIFT} px to the right": (False, SHIFT, 0),
    f"{SHIFT} px up": (False, 0, -SHIFT),
    f"{SHIFT} px down": (False, 0, SHIFT),
}


@dataclass(frozen=True)
class Survival:
    """What a net takes the copies of N images of true classes `labels` (N,) for: a column for each of COPIES.

    `predicted` (N, V), and `confidence` (N, V), the probability of it.
    """

    predicted: Tensor
    labels: Tensor
    confidence: Tensor

    @property
    def wrong(self) -> Tensor:
        """Which copies are misclassified, bool (N, V)."""
        return self.predicted != self.labels[:, None]

    @property
    def survives(self) -> Tensor:
        """Which images are misclassified in every copy, bool (N,)."""
        return self.wrong.all(1)


def survival(trained: TrainedClassifier, images: Tensor, labels: Tensor) -> Survival:
    """Ask the net about every copy of uint8 images (N, C, side, side) of true classes `labels` (N,).

    A border that a shift uncovers repeats the outermost pixels.
    """
    copies = torch.stack([altered(images, *change) for change in COPIES.values()], 1)
    logits = evaluation.predict(trained.net, copies.flatten(0, 1), trained.mean, trained.std)
    confidence, predicted = logits.softmax(1).max(1)
    shape = (len(images), len(COPIES))
    return Survival(predicted.view(shape), labels, confidence.view(shape))


def altered(images: Tensor, mirrored: bool, right: int, down: int) -> Tensor:
    """Images (N, C, H, W), mirrored and moved by so many pixels; the outermost pixels fill what is uncovered."""
    images = images.flip(-1) if mirrored else images
    reach = max(abs(right), abs(down))
    if not reach:
        return images
    padded = F.pad(images.float(), (reach,) * 4, mode="replicate").to(images.dtype)
    height, width = images.shape[-2:]
    return padded[..., reach - down : reach - down + height, reach - right : reach - right + width]
