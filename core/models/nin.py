"""Network in Network (NiN) and its batch-normalised form (BN-NiN), section 4.3 and Tables 4.2 and 4.3."""

import torch.nn.functional as F
from torch import Tensor, nn

from core.datasets.name import parse
from core.models.layers import gaussian_initialise, he_initialise, same_average_pool, same_max_pool

DROP_PROBABILITY = 0.5
DEVIATION = 0.05  # Table 4.2: of the Gaussian that NiN's weights are drawn from
# The table does not specify biases. The Gaussian leaves logits of a thousandth; with biases of 0 the first steps push
# most classes below the last ReLU for good (7 of 10 on digits, within 100 steps). A common bias changes no probability.
LAST_BIAS = 1.0

# Tables 4.2 and 4.3: filters of the three convolutions of each module; the last module ends in one map a class. For
# CIFAR the authors' code has 160 where both tables say 168; 168 gives the 1.6M parameters that Table 4.6 counts.
WIDTHS: dict[str, tuple[tuple[int, ...], ...]] = {
    "mnist": ((128, 96, 48), (128, 96, 48), (128, 96)),
    "cifar": ((192, 168, 96), (192, 192, 192), (192, 192)),
    "svhn": ((128, 96, 64), (320, 256, 128), (384, 256)),
}


def widths_for(channels: int, dataset: str | None = None) -> tuple[tuple[int, ...], ...]:
    """Return the tables' widths: SVHN's for that data set or a part of it, else MNIST's or CIFAR's by channels."""
    if dataset is not None and parse(dataset).kind == "svhn":
        return WIDTHS["svhn"]
    return WIDTHS["mnist" if channels == 1 else "cifar"]


def _batch_norm(filters: int, *, scale: bool) -> nn.BatchNorm2d:
    # Before a ReLU and a convolution a positive scale is redundant with the next convolution's weights, so only the
    # logits' layer learns one. That is also what Table 4.3 counts: one number a filter, 358K in all.
    norm = nn.BatchNorm2d(filters)
    if not scale:
        norm.register_parameter("weight", None)
    return norm


def _module(inputs: int, filters: tuple[int, ...], *, normalised: bool, last: bool = False) -> nn.Sequential:
    """Return a "NiN module": a 5x5 and two 1x1 convolutions, each followed by (batch normalisation and) ReLU."""
    layers: list[nn.Module] = []
    for position, outputs in enumerate(filters):
        size = 5 if position == 0 else 1
        is_logits = last and position == len(filters) - 1
        layers.append(nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=not normalised))
        if normalised:
            layers.append(_batch_norm(outputs, scale=is_logits))
        layers.append(nn.ReLU(inplace=True))
        inputs = outputs
    return nn.Sequential(*layers)


class NiN(nn.Module):
    """Three NiN modules with pooling and dropout between them; the last one's maps, averaged, are the logits."""

    ends_in_gap = True
    normalised = False

    def __init__(self, classes: int, channels: int, widths: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        first, second, third = widths
        self.module1 = _module(channels, first, normalised=self.normalised)
        self.module2 = _module(first[-1], second, normalised=self.normalised)
        self.module3 = _module(second[-1], (*third, classes), normalised=self.normalised, last=True)
        self.dropout = nn.Dropout(DROP_PROBABILITY)
        # The head's layers are inside the last module: its last convolution, and the normalisation of that.
        last = len(self.module3) - 1  # a ReLU
        self.head_layers = tuple(f"module3.{place}" for place in range(last - 1 - self.normalised, last))
        self.initialise()

    def initialise(self) -> None:
        """Draw the weights from a Gaussian of standard deviation 0.05 (Table 4.2); biases 0, those of the logits 1."""
        gaussian_initialise(self, DEVIATION)
        logits = [layer for layer in self.module3 if isinstance(layer, nn.Conv2d)][-1]
        nn.init.constant_(logits.get_parameter("bias"), LAST_BIAS)

    def features(self, x: Tensor) -> Tensor:
        """Return a non-negative map a class (N, classes, ceil(H/4), ceil(W/4)) of normalised images (N, C, H, W)."""
        x = self.dropout(same_max_pool(self.module1(x)))
        x = self.dropout(same_average_pool(self.module2(x)))
        maps: Tensor = self.module3(x)
        return maps

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, classes, h, w): global average pooling (section 3.6.5)."""
        return F.adaptive_avg_pool2d(features, 1).flatten(1)

    def class_maps(self, features: Tensor) -> Tensor:
        """Return class maps (N, classes, h, w) whose mean is the logit; here they are the features."""
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of normalised images (N, C, H, W)."""
        return self.head(self.features(x))


class BNNiN(NiN):
    """NiN with batch normalisation before every ReLU."""

    normalised = True

    def initialise(self) -> None:
        """Apply He initialisation (Table 4.3)."""
        he_initialise(self)
