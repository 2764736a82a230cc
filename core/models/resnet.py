"""Residual networks for small images: regular and bottleneck blocks, pre- and post-activation, thin and wide.

Section 4.5 (He et al., 2015 and 2016; Zagoruyko and Komodakis, 2016). Every net of Table 4.6 uses pre-activation.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from core.models.layers import AveragedMaps, he_initialise

FILTERS = (16, 32, 64)
EXPANSION = 4  # a bottleneck block ends in four times the filters of its 3x3 convolution (section 4.5.1)


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)


def _activate(norm: nn.BatchNorm2d | None, x: Tensor) -> Tensor:
    return x if norm is None else F.relu(norm(x), inplace=True)


class Block(nn.Module):
    """A residual block: convolutions, added to a shortcut around them.

    Regular: two 3x3 convolutions with `filters` filters. Bottleneck: 1x1 and 3x3 with `filters`, 1x1 with four times as
    many. With pre-activation (Figure 4.16b, c) BN-ReLU comes before each convolution and the sum is left alone; without
    (Figure 4.15a, b) it comes after each, the last one's after the sum. Dropout, if any, precedes the last convolution.

    Where the block changes the shape, the shortcut is a strided 1x1 convolution with the same input as the first
    convolution (section 4.5.2). The input of a net's first pre-activation block is activated already: `activated=True`.
    """

    def __init__(
        self,
        inputs: int,
        filters: int,
        stride: int,
        *,
        bottleneck: bool = False,
        preactivation: bool = True,
        activated: bool = False,
        drop_probability: float = 0.0,
    ) -> None:
        super().__init__()
        self.preactivation = preactivation
        outputs = EXPANSION * filters if bottleneck else filters
        widths: tuple[int, ...] = (inputs, filters, filters, outputs) if bottleneck else (inputs, filters, outputs)
        normalised = widths[:-1] if preactivation else widths[1:]
        self.norm1 = None if activated and preactivation else nn.BatchNorm2d(normalised[0])
        self.conv1 = _convolution(inputs, filters, 1 if bottleneck else 3, 1 if bottleneck else stride)
        self.norm2 = nn.BatchNorm2d(normalised[1])
        self.conv2 = _convolution(filters, widths[2], 3, stride if bottleneck else 1)
        self.norm3 = nn.BatchNorm2d(normalised[2]) if bottleneck else None
        self.conv3 = _convolution(filters, outputs, 1) if bottleneck else None
        changes_shape = stride != 1 or inputs != outputs
        self.projection = _convolution(inputs, outputs, 1, stride) if changes_shape else None
        self.dropout = nn.Dropout(drop_probability)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, filters or four times as many, ceil(H/stride), ceil(W/stride)) of (N, inputs, H, W)."""
        return self._preactivated(x) if self.preactivation else self._postactivated(x)

    def _preactivated(self, x: Tensor) -> Tensor:
        active = _activate(self.norm1, x)
        shortcut = x if self.projection is None else self.projection(active)
        residual = _activate(self.norm2, self.conv1(active))
        if self.conv3 is None:
            return self.conv2(self.dropout(residual)) + shortcut
        residual = _activate(self.norm3, self.conv2(residual))
        return self.conv3(self.dropout(residual)) + shortcut

    def _postactivated(self, x: Tensor) -> Tensor:
        shortcut = x if self.projection is None else self.projection(x)
        residual = _activate(self.norm1, self.conv1(x))
        if self.conv3 is None:
            return _activate(self.norm2, self.conv2(self.dropout(residual)) + shortcut)
        residual = _activate(self.norm2, self.conv2(residual))
        return _activate(self.norm3, self.conv3(self.dropout(residual)) + shortcut)


class ResNet(AveragedMaps):
    """A 3x3 convolution with 16 filters, three stacks of `n` blocks with 16, 32 and 64, and a linear classifier.

    Depth 6n + 2 with regular and 9n + 2 with bottleneck blocks: ResNet-20 is n = 3 (Figure 4.17, Table 4.5). The first
    blocks of the second and third stack halve the maps' sides. `widening` multiplies the stacks' filters, k in
    WRN-(6n + 4, k); `drop_probability` belongs between the convolutions of a wide net's blocks (section 4.5.4), where
    the thesis uses none.
    """

    def __init__(
        self,
        classes: int,
        channels: int,
        n: int,
        *,
        widening: int = 1,
        bottleneck: bool = False,
        preactivation: bool = True,
        drop_probability: float = 0.0,
    ) -> None:
        super().__init__()
        self.stem = _convolution(channels, FILTERS[0], 3)
        self.stem_norm = nn.BatchNorm2d(FILTERS[0])
        stacks = []
        inputs = FILTERS[0]
        for number, filters in enumerate(FILTERS):
            blocks = []
            for position in range(n):
                begins_net = number == 0 and position == 0
                block = Block(
                    inputs,
                    widening * filters,
                    stride=2 if position == 0 and number > 0 else 1,
                    bottleneck=bottleneck,
                    preactivation=preactivation,
                    activated=begins_net,
                    drop_probability=drop_probability,
                )
                blocks.append(block)
                inputs = widening * filters * (EXPANSION if bottleneck else 1)
            stacks.append(nn.Sequential(*blocks))
        self.stack1, self.stack2, self.stack3 = stacks
        # The 683K and 868K that Table 4.5 counts for bottleneck nets leave out a scale and a shift in the last norm.
        self.last_norm = nn.BatchNorm2d(inputs, affine=not bottleneck) if preactivation else None
        self.output = nn.Linear(inputs, classes)
        he_initialise(self)

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative feature maps (N, filters, ceil(H/4), ceil(W/4)) of normalised images (N, C, H, W)."""
        x = _activate(self.stem_norm, self.stem(x))
        x = self.stack3(self.stack2(self.stack1(x)))
        return _activate(self.last_norm, x)
