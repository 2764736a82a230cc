"""Densely connected networks for small images, section 4.6 (Huang et al., 2017)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.layers import AveragedMaps, he_initialise

BOTTLENECK = 4  # a bottleneck has four times as many maps as the layer adds (section 4.6.2)
BLOCKS = 3


class Layer(nn.Module):
    """BN-ReLU-3x3 convolution that adds `growth` maps to those it got (Figure 4.20).

    With `bottleneck`, a BN-ReLU-1x1 convolution to 4 * `growth` maps comes first.
    """

    def __init__(self, inputs: int, growth: int, *, bottleneck: bool, drop_probability: float) -> None:
        super().__init__()
        squeezed = BOTTLENECK * growth if bottleneck else inputs
        self.squeeze_norm = nn.BatchNorm2d(inputs) if bottleneck else None
        self.squeeze = nn.Conv2d(inputs, squeezed, 1, bias=False) if bottleneck else None
        self.norm = nn.BatchNorm2d(squeezed)
        self.conv = nn.Conv2d(squeezed, growth, 3, padding=1, bias=False)
        self.dropout = nn.Dropout(drop_probability)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, inputs + growth, H, W) of (N, inputs, H, W): the input's, then the new ones."""
        new = x
        if self.squeeze_norm is not None and self.squeeze is not None:
            new = self.dropout(self.squeeze(F.relu(self.squeeze_norm(new), inplace=True)))
        new = self.dropout(self.conv(F.relu(self.norm(new), inplace=True)))
        return torch.cat([x, new], 1)


class Transition(nn.Module):
    """BN-ReLU-1x1 convolution, then 2x2 average pooling (Figure 4.21)."""

    def __init__(self, inputs: int, outputs: int, drop_probability: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.dropout = nn.Dropout(drop_probability)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, outputs, H // 2, W // 2) of (N, inputs, H, W)."""
        x = self.dropout(self.conv(F.relu(self.norm(x), inplace=True)))
        return F.avg_pool2d(x, 2)


class DenseNet(AveragedMaps):
    """A 3x3 convolution with `stem_filters` filters, three dense blocks of `n` layers, and a linear classifier.

    Depth 3n + 4, or 6n + 4 with bottlenecks. `compression` is theta: a transition keeps that share of the maps.
    DenseNet-(40, 12) is n = 12, growth 12; DenseNet-BC-(100, 12) is n = 16, growth 12, bottleneck, compression 0.5.
    The stem has 16 filters by default (section 4.6.1), with compression 2 * `growth` as in the paper: only so are
    there 768K parameters, as in Table 4.6. Dropout follows every convolution but the stem, as in the paper.
    """

    def __init__(
        self,
        classes: int,
        channels: int,
        n: int,
        growth: int,
        *,
        bottleneck: bool = False,
        compression: float = 1.0,
        stem_filters: int | None = None,
        drop_probability: float = 0.0,
    ) -> None:
        super().__init__()
        maps = stem_filters or (16 if compression == 1 else 2 * growth)
        self.stem = nn.Conv2d(channels, maps, 3, padding=1, bias=False)
        stages: list[nn.Module] = []
        for number in range(BLOCKS):
            if number > 0:
                compressed = int(compression * maps)
                stages.append(Transition(maps, compressed, drop_probability))
                maps = compressed
            layers = [
                Layer(maps + position * growth, growth, bottleneck=bottleneck, drop_probability=drop_probability)
                for position in range(n)
            ]
            stages.append(nn.Sequential(*layers))
            maps += n * growth
        self.block1, self.transition1, self.block2, self.transition2, self.block3 = stages
        # Table 4.6 counts 768K for DenseNet-BC without a scale and a shift in the last norm, as for bottleneck ResNets.
        self.last_norm = nn.BatchNorm2d(maps, affine=not bottleneck)
        self.output = nn.Linear(maps, classes)
        he_initialise(self)

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative feature maps (N, maps, H // 4, W // 4) of normalised images (N, C, H, W)."""
        x = self.transition1(self.block1(self.stem(x)))
        x = self.block3(self.transition2(self.block2(x)))
        return F.relu(self.last_norm(x), inplace=True)
