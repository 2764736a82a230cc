"""Views of a data set: samples of its classes, class balance, histograms of its channels, augmentation."""

import torch
from torch import Tensor

from core.datasets.augmentation import crop_and_flip
from core.datasets.split import Split, value_counts
from core.images import Picture

PAD = 4  # pixels, of the augmentation (section 4.3.1)
_SHOWN_SIDE = 128  # small images are enlarged to about this, by whole factors
_MOST = 20_000  # images whose values are counted: more change nothing in the histogram


def samples(split: Split, label: int, count: int, turn: int = 0) -> Tensor:
    """Return indices of at most `count` images of a class, in the split's order; the next ones for the next `turn`."""
    of_class = (split.labels == label).nonzero().squeeze(1)
    if len(of_class) <= count:
        return of_class
    return of_class[(torch.arange(count) + turn * count) % len(of_class)]


def balance(split: Split, classes: int) -> list[int]:
    """Return the number of images of each class."""
    return split.labels.bincount(minlength=classes).tolist()


def shares_of_values(images: Tensor, bins: int = 64) -> Tensor:
    """Return the histogram of each channel of images uint8 (N, C, H, W): the share of pixels in each bin, (C, bins).

    Of a large data set 20,000 evenly spaced images are counted.
    """
    sample = images[:: -(-len(images) // _MOST)]
    counts = torch.stack([value_counts(channel) for channel in sample.unbind(1)])
    return counts.view(len(counts), bins, -1).sum(2).double() / counts.sum(1, keepdim=True)


def zoom(side: int) -> int:
    """Return the whole factor by which `tiles` enlarges images of this side."""
    return max(1, _SHOWN_SIDE // side)


def tiles(images: Tensor) -> list[Picture]:
    """Return images uint8 (N, C, H, W), grey or RGB, as pictures (zoom * H, zoom * W, 3), without smoothing."""
    factor = zoom(images.shape[3])
    large = images.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    return list(large.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy())


def augmented(image: Tensor, count: int, flip: bool, seed: int) -> Tensor:
    """Return `count` random crops, flipped or not, of one image uint8 (C, H, W): (count, C, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    return crop_and_flip(image.expand(count, -1, -1, -1), PAD, flip, generator)
