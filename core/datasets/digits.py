"""The embedded data set: the 1,797 scanned digits that scikit-learn ships, made as large as MNIST's."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets.split import Split

FRAME = 28  # MNIST's image side
BOX = 20  # the side MNIST's digits fill inside it (section 4.1)
TEST_SIZE = 360  # a fifth
SEED = 0


def enlarge(grey: Tensor) -> Tensor:
    """Return digits (N, 8, 8) with values 0 to 16 as uint8 (N, 1, 28, 28), black 0, white 255.

    As in MNIST, the digit fills a 20 x 20 box in the middle of a black 28 x 28 frame. Bicubic interpolation keeps the
    strokes' edges steeper than bilinear; overshoots are clipped.
    """
    box = F.interpolate(grey.unsqueeze(1).float(), size=(BOX, BOX), mode="bicubic", align_corners=False)
    margin = (FRAME - BOX) // 2
    return F.pad(box.mul(255 / 16).round().clamp(0, 255).to(torch.uint8), (margin,) * 4)


def read() -> tuple[Split, Split]:
    """Return training split (1,437 images) and test split (360), stratified by class, with a fixed seed.

    The split is drawn at random, so writers occur in both parts: errors are lower than on unseen writers.
    """
    from sklearn.datasets import load_digits  # takes a second to import, and a drawn digit needs none of it
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = enlarge(torch.from_numpy(bunch.images))
    labels = torch.from_numpy(bunch.target.astype(np.int64))
    everyone = np.arange(len(labels))
    train, test = train_test_split(everyone, test_size=TEST_SIZE, stratify=labels.numpy(), random_state=SEED)
    return Split(images[train], labels[train]), Split(images[test], labels[test])
