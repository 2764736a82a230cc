"""What a net has seen that looks to it like an image: the nearest training images that it classifies rightly.

Nearness is the cosine of the last feature maps, averaged over all places: what a net that ends in global average
pooling decides by (section 3.6.5).
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
    """The rightly classified images of a split: `indices` (M,) in it, `labels` (M,), and unit `features` (M, F)."""

    indices: Tensor
    labels: Tensor
    features: Tensor

    def __len__(self) -> int:
        return len(self.indices)

    def nearest(self, features: Tensor, count: int, label: int | None = None) -> tuple[Tensor, Tensor]:
        """Indices in the split (N, K) and cosines (N, K) of the nearest images, nearest first; K is `count`, or fewer.

        `features` (N, F) as `features_of` gives them; with `label`, only images of that class. Raises UserError where
        there are none.
        """
        among = torch.arange(len(self)) if label is None else (self.labels == label).nonzero()[:, 0]
        if not len(among):
            raise UserError("The net classifies no such training image rightly, so none is nearest: train it longer.")
        cosines, places = (features @ self.features[among].T).topk(min(count, len(among)), dim=1)
        return self.indices[among[places]], cosines


@torch.inference_mode()
def features_of(trained: TrainedClassifier, images: Tensor) -> Tensor:
    """Unit vectors (N, F) of uint8 images (N, C, side, side): the last feature maps, averaged over all places."""
    return torch.cat([_asked(trained, part)[0] for part in images.split(BATCH)]).clone()


@torch.inference_mode()
def neighbourhood(
    trained: TrainedClassifier, split: Split, progress: Callable[[int, int], None] = lambda done, of: None
) -> Neighbourhood:
    """The rightly classified images of a split, from one pass over it. `progress` hears of images done and in all."""
    features, right = [], []
    for start in range(0, len(split), BATCH):
        found, logits = _asked(trained, split.images[start : start + BATCH])
        features.append(found)
        right.append(logits.argmax(1) == split.labels[start : start + BATCH])
        progress(start + len(found), len(split))
    kept = torch.cat(right).nonzero()[:, 0]
    return Neighbourhood(kept, split.labels[kept], torch.cat(features)[kept])


def _asked(trained: TrainedClassifier, images: Tensor) -> tuple[Tensor, Tensor]:
    net = cast(Explainable, trained.net)
    maps = net.features(trained.prepare(images))
    return F.normalize(maps.mean((-2, -1)).float()), net.head(maps)
