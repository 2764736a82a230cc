"""Photographs in memory, and random crops of them."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import UserError


class Photographs:
    """Pictures in memory as uint8 (H, W, 3) tensors, and random crops of them, half of them flipped."""

    def __init__(self, pictures: Sequence[Tensor]) -> None:
        if not pictures:
            raise UserError("There are no photographs to train on; give a folder with some.")
        self.pictures = pictures

    def crops(self, count: int, side: int, min_scale: float, generator: torch.Generator) -> Tensor:
        """Return random squares (count, 3, side, side), float32 in [0, 1], of `min_scale` to all of the short side."""
        return torch.cat([self._crop(side, min_scale, generator) for _ in range(count)])

    def _crop(self, side: int, min_scale: float, generator: torch.Generator) -> Tensor:
        index = int(torch.randint(len(self.pictures), (), generator=generator))
        scale, down, right, flip = torch.rand(4, generator=generator).tolist()
        picture = self.pictures[index]
        height, width = picture.shape[:2]
        extent = max(1, round(min(height, width) * (min_scale + (1 - min_scale) * scale)))
        top, left = int(down * (height - extent + 1)), int(right * (width - extent + 1))
        square = picture[top : top + extent, left : left + extent].permute(2, 0, 1)[None].float() / 255
        if flip < 0.5:
            square = square.flip(3)
        resized = F.interpolate(square, (side, side), mode="bilinear", antialias=True, align_corners=False)
        return resized.clamp(0, 1)
