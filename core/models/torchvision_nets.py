"""ResNet-18 and -50, DenseNet-121 and SqueezeNet 1.1 for photographs, as torchvision has them, with our interface.

He et al. (2015), Huang et al. (2017) and Iandola et al. (2016). Layers are named as in torchvision's state dicts but
for two: `output` is the last layer, and `body` what torchvision calls `features`, which is a method here.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.layers import AveragedMaps

WIDTHS = (64, 128, 256, 512)
EXPANSION = 4
GROWTH, BOTTLENECK = 32, 4
LAYERS = (6, 12, 24, 16)  # of DenseNet-121's blocks


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, or with `bottleneck` 1x1, 3x3 and 1x1, activated after the sum with the input."""

    def __init__(self, inputs: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        outputs = width * EXPANSION if bottleneck else width
        self.conv1 = _convolution(inputs, width, 1 if bottleneck else 3, 1 if bottleneck else stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3, stride if bottleneck else 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _convolution(width, outputs, 1) if bottleneck else None
        self.bn3 = nn.BatchNorm2d(outputs) if bottleneck else None
        changes = stride != 1 or inputs != outputs
        self.downsample = (
            nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)) if changes else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, outputs, ceil(H/stride), ceil(W/stride)) of (N, inputs, H, W)."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.conv3 is not None and self.bn3 is not None:
            y = self.bn3(self.conv3(F.relu(y)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class PhotographResNet(AveragedMaps):
    """ResNet-18 or, with bottlenecks, ResNet-50: `blocks` in each of four stages; a cell of its maps covers 32 px."""

    def __init__(self, classes: int, channels: int, blocks: tuple[int, ...], *, bottleneck: bool) -> None:
        super().__init__()
        self.conv1 = _convolution(channels, WIDTHS[0], 7, 2)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        inputs, stages = WIDTHS[0], []
        for number, (width, count) in enumerate(zip(WIDTHS, blocks, strict=True)):
            stage = []
            for place in range(count):
                stage.append(ResidualBlock(inputs, width, 2 if number and not place else 1, bottleneck))
                inputs = width * EXPANSION if bottleneck else width
            stages.append(nn.Sequential(*stage))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.output = nn.Linear(inputs, classes)

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative maps (N, 512 or 2048, ceil(H/32), ceil(W/32)) of normalised images (N, C, H, W)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        maps: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return maps


class DenseLayer(nn.Module):
    """BN-ReLU-1x1 convolution, BN-ReLU-3x3 convolution; its maps are appended to its input."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = _convolution(inputs, BOTTLENECK * GROWTH, 1)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * GROWTH)
        self.conv2 = _convolution(BOTTLENECK * GROWTH, GROWTH, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, inputs + 32, H, W) of (N, inputs, H, W)."""
        squeezed = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(squeezed)))], 1)


class HalvingTransition(nn.Module):
    """BN-ReLU-1x1 convolution to half of the maps, then 2x2 average pooling."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = _convolution(inputs, inputs // 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, inputs // 2, H // 2, W // 2) of (N, inputs, H, W)."""
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class PhotographDenseNet(AveragedMaps):
    """DenseNet-121: four dense blocks of growth rate 32; a cell of its maps covers 32 px."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        maps = WIDTHS[0]
        self.body = nn.Sequential()
        self.body.add_module("conv0", _convolution(channels, maps, 7, 2))
        self.body.add_module("norm0", nn.BatchNorm2d(maps))
        self.body.add_module("relu0", nn.ReLU())
        self.body.add_module("pool0", nn.MaxPool2d(3, stride=2, padding=1))
        for number, count in enumerate(LAYERS, 1):
            block = nn.Sequential()
            for place in range(count):
                block.add_module(f"denselayer{place + 1}", DenseLayer(maps + place * GROWTH))
            self.body.add_module(f"denseblock{number}", block)
            maps += count * GROWTH
            if number < len(LAYERS):
                self.body.add_module(f"transition{number}", HalvingTransition(maps))
                maps //= 2
        self.body.add_module("norm5", nn.BatchNorm2d(maps))
        self.output = nn.Linear(maps, classes)

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative maps (N, 1024, h, w), about 32 times smaller, of normalised images (N, C, H, W)."""
        return F.relu(self.body(x))


class Fire(nn.Module):
    """SqueezeNet's module: squeeze by 1x1, expand by 1x1 and 3x3 side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, 2 * expanded, H, W) of (N, channels, H, W)."""
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat((self.expand1x1(x), self.expand3x3(x)), 1))


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


class PhotographSqueezeNet(nn.Module):
    """SqueezeNet 1.1, which ends as NiN does: one map a class, activated and averaged; a cell covers 16 px."""

    ends_in_gap = True
    head_layers = ("output",)

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, 64, 3, stride=2), nn.ReLU(), _pool(), Fire(64, 16, 64), Fire(128, 16, 64), _pool()),
            *(Fire(128, 32, 128), Fire(256, 32, 128), _pool()),
            *(Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256)),
        )
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Conv2d(512, classes, 1)

    def features(self, x: Tensor) -> Tensor:
        """Return a non-negative map a class (N, classes, h, w), about 16 times smaller, of images (N, C, H, W)."""
        return F.relu(self.output(self.dropout(self.body(x))))

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, classes, h, w): global average pooling."""
        return F.adaptive_avg_pool2d(features, 1).flatten(1)

    def class_maps(self, features: Tensor) -> Tensor:
        """Return class maps (N, classes, h, w) whose mean is the logit; here they are the features."""
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of normalised images (N, C, H, W)."""
        return self.head(self.features(x))
