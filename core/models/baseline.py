"""The baseline network of section 4.2 and Table 4.1: two convolutions, two fully-connected layers."""

import torch.nn.functional as F
from torch import Tensor, nn

from core.models.layers import he_initialise

HIDDEN_UNITS = 200
DROP_PROBABILITY = 0.5


class Baseline(nn.Module):
    """5x5 convolutions with 32 and 64 filters, each with ReLU and 2x2 average pooling; then 200 units and dropout.

    It ends in fully-connected layers, so it has no class maps of its own: explain it with Grad-CAM.
    """

    ends_in_gap = False
    head_layers = ("hidden", "output")

    def __init__(self, classes: int, channels: int, side: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 5, padding=2)
        self.conv2 = nn.Conv2d(32, 64, 5, padding=2)
        self.hidden = nn.Linear(64 * (side // 4) ** 2, HIDDEN_UNITS)
        self.dropout = nn.Dropout(DROP_PROBABILITY)
        self.output = nn.Linear(HIDDEN_UNITS, classes)
        he_initialise(self)

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative feature maps (N, 64, side // 4, side // 4) of normalised images (N, C, side, side)."""
        x = F.avg_pool2d(F.relu(self.conv1(x)), 2)
        return F.avg_pool2d(F.relu(self.conv2(x)), 2)

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, 64, h, w)."""
        hidden = F.relu(self.hidden(features.flatten(1)))
        logits: Tensor = self.output(self.dropout(hidden))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of normalised images (N, C, side, side)."""
        return self.head(self.features(x))
