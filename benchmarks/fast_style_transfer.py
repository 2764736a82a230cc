"""The peer of `benchmarks.styles`: the single-style nets of L. Engstrom (github.com/lengstrom/fast-style-transfer, 1.68
million weights) that ml5js/ml5-data-and-models publishes under models/style-transfer, a folder for each style."""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import images
from core.errors import UserError
from core.images import Picture


class PeerNet:
    """A net of fast-style-transfer, from a folder with `manifest.json` and one file of float32 a variable.

    The variables are numbered in the order of the layers: filters (h, w, in, out), then shift and scale of the instance
    normalisation. Padding is TensorFlow's "SAME", of which the odd pixel lies at the end. That shifts pictures whose
    sides are no multiples of CELL by up to 3 px, so the last rows and columns are repeated until they are.
    """

    CELL = 4  # px
    RESIDUALS = (9, 15, 21, 27, 33)

    def __init__(self, folder: Path) -> None:
        """Read the net. Raises UserError where the folder does not hold one."""
        try:
            manifest = json.loads((folder / "manifest.json").read_text())
            self.variables = {
                name: torch.from_numpy(np.fromfile(folder / entry["filename"], "<f4").reshape(entry["shape"]))
                for name, entry in manifest.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{folder} does not hold a net of the peer, manifest.json and a file for each variable: {error}"
            ) from error

    def paint(self, photograph: Picture) -> Picture:
        """Return `photograph`, uint8 (H, W, 3), painted in the net's style: the same shape."""
        height, width = photograph.shape[:2]
        with torch.inference_mode():
            x = images.to_tensor(photograph) * 255
            x = F.pad(x, (0, -width % self.CELL, 0, -height % self.CELL), mode="replicate")
            for number, stride in ((0, 1), (3, 2), (6, 2)):
                x = F.relu(self.convolution(x, number, stride))
            for number in self.RESIDUALS:
                x = x + self.convolution(F.relu(self.convolution(x, number)), number + 3)
            for number in (39, 42):
                x = F.relu(self.transposed(x, number))
            x = (self.convolution(x, 45).tanh() * 150 + 127.5).clamp(0, 255) / 255
        return images.from_tensor(x[:, :, :height, :width])

    def variable(self, number: int) -> Tensor:
        """Return the variable of that number; the first has none in its name."""
        return self.variables[f"Variable_{number}" if number else "Variable"]

    def convolution(self, x: Tensor, number: int, stride: int = 1) -> Tensor:
        """Convolve and normalise (1, C, H, W); sides become ceil(side / stride)."""
        filters = self.variable(number).permute(3, 2, 0, 1)
        pads = []
        for side in (x.shape[3], x.shape[2]):
            missing = max(0, (-(-side // stride) - 1) * stride + filters.shape[-1] - side)
            pads += [missing // 2, missing - missing // 2]
        return self.normalised(F.conv2d(F.pad(x, pads), filters, stride=stride), number)

    def transposed(self, x: Tensor, number: int) -> Tensor:
        """Convolve (1, C, H, W), transposed with stride 2, and normalise: (1, K, 2H, 2W)."""
        doubled = F.conv_transpose2d(x, self.variable(number).permute(3, 2, 0, 1), stride=2)
        return self.normalised(doubled[:, :, : 2 * x.shape[2], : 2 * x.shape[3]], number)

    def normalised(self, x: Tensor, number: int) -> Tensor:
        """Normalise each map of (1, C, H, W) by the variables that follow the filters `number`."""
        return F.instance_norm(x, weight=self.variable(number + 2), bias=self.variable(number + 1), eps=1e-3)
