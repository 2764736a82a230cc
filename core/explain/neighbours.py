"""Nearest neighbours of an image among the training images that a net classifies correctly.

Similarity is the cosine of the last feature maps, averaged over all places, as global average pooling does (section
3.6.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.explain.cam import Explainable
from core.trainers.trained import TrainedClassifier

BATCH = 500


@dataclass(frozen=True)
class Neighbourhood:
    """The correctly classified images of a split: `indices` (M,) in it, `labels` (M,), and unit `features` (M, F)."""

    indices: Tensor
    labels: Tensor
    features: Tensor

    def __len__(self) -> int:
        return len(self.indices)

    def nearest(self, features: Tensor, count: int, label: int | None = None) -> tuple[Tensor, Tensor]:
        """Return indices in the split (N, K) and cosines (N, K) of the nearest images, nearest first; K <= `count`.

        `features` (N, F) are those of `features_of`; with `label`, only images of that class. Raises UserError where
        there are none.
        """
        candidates = torch.arange(len(self)) if label is None else (self.labels == label).nonzero()[:, 0]
        if not len(candidates):
            raise UserError("The net classifies no such training image correctly, so none is nearest: train it longer.")
        cosines, places = (features @ self.features[candidates].T).topk(min(count, len(candidates)), dim=1)
        return self.indices[candidates[places]], cosines


@torch.inference_mode()
def features_of(trained: TrainedClassifier, images: Tensor) -> Tensor:
    """Return unit vectors (N, F) of uint8 images (N, C, side, side): the last feature maps, averaged over places."""
    return torch.cat([_features_and_logits(trained, part)[0] for part in images.split(BATCH)]).clone()


@torch.inference_mode()
def neighbourhood(
    trained: TrainedClassifier, split: Split, progress: Callable[[int, int], None] = lambda done, of: None
) -> Neighbourhood:
    """Return the correctly classified images of a split. `progress` is called with the images done and in all."""
    features, correct = [], []
    for start in range(0, len(split), BATCH):
        of_batch, logits = _features_and_logits(trained, split.images[start : start + BATCH])
        features.append(of_batch)
        correct.append(logits.argmax(1) == split.labels[start : start + BATCH])
        progress(start + len(of_batch), len(split))
    indices = torch.cat(correct).nonzero()[:, 0]
    return Neighbourhood(indices, split.labels[indices], torch.cat(features)[indices])


def _features_and_logits(trained: TrainedClassifier, images: Tensor) -> tuple[Tensor, Tensor]:
    net = cast(Explainable, trained.net)
    maps = net.features(trained.prepare(images))
    return F.normalize(maps.mean((-2, -1)).float()), net.head(maps)
