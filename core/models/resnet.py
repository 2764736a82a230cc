"""Pre-activation residual networks for small images, sections 4.5.2 and 4.5.3 (He et al., 2016)."""

import torch.nn.functional as F
from torch import Tensor, nn

from core.models.layers import he_initialise

FILTERS = (16, 32, 64)


def _conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


class Block(nn.Module):
    """The regular residual block of Figure 4.16b: BN-ReLU-convolution twice, added to the shortcut.

    Where the block changes the shape, the shortcut is a strided 1x1 convolution that sees the pre-activated input
    (section 4.5.2). The network's first block gets an input that is activated already: `activated=True`.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, *, activated: bool = False) -> None:
        super().__init__()
        self.norm1 = None if activated else nn.BatchNorm2d(inputs)
        self.conv1 = _conv3x3(inputs, outputs, stride)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = _conv3x3(outputs, outputs)
        changes_shape = stride != 1 or inputs != outputs
        self.projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False) if changes_shape else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride))."""
        active = x if self.norm1 is None else F.relu(self.norm1(x), inplace=True)
        shortcut = x if self.projection is None else self.projection(active)
        residual: Tensor = self.conv2(F.relu(self.norm2(self.conv1(active)), inplace=True))
        return residual + shortcut


def _stack(inputs: int, outputs: int, n: int, *, first: bool) -> nn.Sequential:
    """`n` blocks; all stacks but the first halve the maps' sides in their first block."""
    blocks = [Block(inputs, outputs, stride=1 if first else 2, activated=first)]
    blocks += [Block(outputs, outputs, stride=1) for _ in range(n - 1)]
    return nn.Sequential(*blocks)


class ResNet(nn.Module):
    """Three stacks of `n` regular blocks with 16, 32 and 64 filters: depth 6n + 2, ResNet-20 at n = 3 (Table 4.5)."""

    ends_in_gap = True

    def __init__(self, classes: int, channels: int, n: int) -> None:
        super().__init__()
        self.stem = _conv3x3(channels, FILTERS[0])
        self.stem_norm = nn.BatchNorm2d(FILTERS[0])
        self.stack1 = _stack(FILTERS[0], FILTERS[0], n, first=True)
        self.stack2 = _stack(FILTERS[0], FILTERS[1], n, first=False)
        self.stack3 = _stack(FILTERS[1], FILTERS[2], n, first=False)
        self.last_norm = nn.BatchNorm2d(FILTERS[2])
        self.output = nn.Linear(FILTERS[2], classes)
        he_initialise(self)

    def features(self, x: Tensor) -> Tensor:
        """(N, channels, H, W), normalised -> (N, 64, ceil(H/4), ceil(W/4)), non-negative."""
        x = F.relu(self.stem_norm(self.stem(x)), inplace=True)
        x = self.stack3(self.stack2(self.stack1(x)))
        return F.relu(self.last_norm(x), inplace=True)

    def head(self, features: Tensor) -> Tensor:
        """Feature maps (N, 64, h, w) -> logits (N, classes): global average pooling and a linear layer."""
        logits: Tensor = self.output(F.adaptive_avg_pool2d(features, 1).flatten(1))
        return logits

    def class_maps(self, features: Tensor) -> Tensor:
        """Feature maps (N, 64, h, w) -> class activation maps (N, classes, h, w), signed (section 5.1).

        The linear layer applied at every position, bias included, so the mean of a map is its class's logit.
        """
        return F.conv2d(features, self.output.weight[:, :, None, None], self.output.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images (N, channels, H, W) -> logits (N, classes)."""
        return self.head(self.features(x))
