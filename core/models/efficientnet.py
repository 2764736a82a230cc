"""EfficientNet-Lite0 for photographs (Tan and Le, 2019, in its Lite form: no squeeze-and-excite, ReLU6).

Its weights were trained in TensorFlow: with SAME padding, which puts the odd pixel at the bottom right, and with
images (x - 127) / 128. Batch normalisation can be folded into the convolutions for a faster forward pass.
"""

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from core.models import fused_convolution
from core.models.cells import Cells
from core.models.layers import AveragedMaps, he_initialise

STEM, FEATURES = 32, 1280
DROP_PROBABILITY = 0.2
EPSILON, MOMENTUM = 1e-3, 0.01  # TensorFlow's, of the paper's code; torch's momentum is one minus TensorFlow's


@dataclass(frozen=True)
class Stage:
    """A row of Table 1 of the paper: `repeats` blocks of `filters` maps, the first with the `stride`."""

    expansion: int
    filters: int
    repeats: int
    stride: int
    kernel: int


STAGES = (
    Stage(1, 16, 1, 1, 3),
    Stage(6, 24, 2, 2, 3),
    Stage(6, 40, 2, 2, 5),
    Stage(6, 80, 3, 2, 3),
    Stage(6, 112, 3, 1, 5),
    Stage(6, 192, 4, 2, 5),
    Stage(6, 320, 1, 1, 3),
)
STEP = 32  # px of the input from a cell of the last maps to the next
# px that the trained weights read to the right of and below the middle of a cell, (i + 1/2) * 32; measured by
# `python -m core cells`.
SHIFT = 2.0
_LAST_STRIDED = max(number for number, stage in enumerate(STAGES) if stage.stride > 1)


class Unit(nn.Module):
    """A convolution without bias, batch normalisation and, where `activated`, ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, *, activated: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=EPSILON, momentum=MOMENTUM)
        self.activated = activated
        self.stride, self.dilation = stride, 1
        self._folded: tuple[Tensor, Tensor] | None = None
        self._packed: fused_convolution.Convolution | None = None

    @property
    def weight(self) -> Tensor:
        """Return the convolution's weights in use, folded or not."""
        return self._folded[0] if self._folded else self.conv.weight

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, outputs, ceil(H/stride), ceil(W/stride)) of (N, inputs, H, W)."""
        if self._folded is None:
            x = self.norm(self._convolved(x, self.conv.weight, None))
            return F.relu6(x, inplace=True) if self.activated else x
        if fused_convolution.is_usable(x):
            return self._without_overhang(self._fused(x))
        x = self._convolved(x, *self._folded)
        return F.relu6(x, inplace=True) if self.activated else x

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return self._without_overhang(
            F.conv2d(x, weight, bias, self.stride, self._padding, self.dilation, self.conv.groups)
        )

    def _fused(self, x: Tensor) -> Tensor:
        packed = self._packed
        if packed is None or packed.shape != x.shape:
            weight, bias = cast(tuple[Tensor, Tensor], self._folded)
            places = fused_convolution.Places(self._padding, self.stride, self.dilation, self.conv.groups)
            packed = self._packed = fused_convolution.Convolution(weight, bias, places, self.activated, x.shape)
        return packed(x)

    @property
    def _padding(self) -> int:
        # SAME padding at stride 2 is one less at the top left than at the bottom right. One more on every side and a
        # result without its first row and column is the same, and cheaper than padding a copy of the input.
        half = self.conv.kernel_size[0] // 2
        return half + 1 if self.stride == 2 else self.dilation * half

    def _without_overhang(self, x: Tensor) -> Tensor:
        return x[..., 1:, 1:] if self.stride == 2 else x

    def __getstate__(self) -> dict[str, object]:
        """Return the state without the packed weights, which no copy can hold."""
        return {**self.__dict__, "_packed": None}

    def place(self, stride: int, dilation: int) -> None:
        """Apply the same weights at other places."""
        self.stride, self.dilation, self._packed = stride, dilation, None

    def fold(self, dtype: torch.dtype) -> None:
        """Compute the weights that hold convolution and normalisation in one, and use them until the next training."""
        norm = self.norm
        mean, variance = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
        weight, bias = fuse_conv_bn_weights(self.conv.weight, None, mean, variance, norm.eps, norm.weight, norm.bias)
        order = torch.channels_last
        self._folded = weight.detach().to(dtype).contiguous(memory_format=order), bias.detach().to(dtype)
        self._packed = None

    def train(self, mode: bool = True) -> "Unit":
        """Switch to training mode or back; folded weights are dropped by training, which changes what they hold."""
        if mode:
            self._folded = self._packed = None
        return super().train(mode)


class Block(nn.Module):
    """An inverted residual block: 1x1 to `expansion` times the maps, depthwise, 1x1 without activation; and its input.

    The input is added where the output has its shape (Sandler et al., 2018).
    """

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = inputs * stage.expansion
        self.expand = Unit(inputs, wide, 1) if stage.expansion > 1 else nn.Identity()
        self.depthwise = Unit(wide, wide, stage.kernel, stride, wide)
        self.project = Unit(wide, stage.filters, 1, activated=False)
        self.adds_input = stride == 1 and inputs == stage.filters

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, filters, ceil(H/stride), ceil(W/stride)) of (N, inputs, H, W)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return y.add_(x) if self.adds_input else y


class EfficientNetLite(AveragedMaps):
    """EfficientNet-Lite0: a stem, sixteen inverted residual blocks, 1,280 maps and a linear classifier.

    A cell of the last maps covers 32 px. After `make_finer` the last stage that halves the maps leaves them as they
    are, and the depthwise convolutions behind it are dilated by two: the same weights give maps of twice the size.
    `cells` are the places of the last maps' cells.
    """

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.stem = Unit(channels, STEM, 3, 2)
        stages, inputs = [], STEM
        for stage in STAGES:
            blocks = []
            for place in range(stage.repeats):
                blocks.append(Block(inputs, stage, stage.stride if place == 0 else 1))
                inputs = stage.filters
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.last = Unit(inputs, FEATURES, 1)
        self.dropout = nn.Dropout(DROP_PROBABILITY)
        self.output = nn.Linear(FEATURES, classes)
        self.cells = Cells(STEP / 2 + SHIFT, STEP)
        he_initialise(self)

    @property
    def _stages(self) -> list[list[Block]]:
        return [list(cast(nn.Sequential, stage)) for stage in self.stages]  # type: ignore[arg-type]

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative maps (N, 1280, ceil(H/32), ceil(W/32)) of normalised images (N, C, H, W), float32."""
        x = self.stem(x.to(self.stem.weight.dtype))
        for stage in self.stages:
            x = stage(x)
        return self.last(x).float()

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, 1280, h, w): global average pooling, a linear layer."""
        logits: Tensor = self.output(self.dropout(F.adaptive_avg_pool2d(features, 1).flatten(1)))
        return logits

    def make_finer(self) -> None:
        """Let the last maps have twice as many cells along each side; the weights remain.

        Every other cell, beginning with the second, is one of the plain net's.
        """
        first, *later = [block for stage in self._stages[_LAST_STRIDED:] for block in stage]
        first.depthwise.place(stride=1, dilation=1)
        for block in later:
            block.depthwise.place(stride=1, dilation=2)
        self.cells = Cells(SHIFT, STEP / 2)

    def fold(self, dtype: torch.dtype = torch.float32) -> None:
        """Use convolutions that hold their normalisation, in `dtype`, until the net is trained."""
        for unit in self.modules():
            if isinstance(unit, Unit):
                unit.fold(dtype)
