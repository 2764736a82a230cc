"""A net that learns a data set in as few operations as possible, after airbench (Jordan, 2024, arXiv:2404.00498).

It is not one of the thesis' nets. Its first layer is not learnt but computed from the training images, and its other
layers are initialised near the identity, so that the first step is already effective.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 2  # side of the patches that the first layer whitens, pixels
NOISE = 5e-4  # added to the variances of the patches: those below it are noise, and are not amplified
# Widths of the three groups: colour as airbench has them. Grey digits are easier; a seventh of the operations does.
COLOUR, GREY = (64, 256, 256), (32, 64, 64)
# A training has only two hundred steps, so the running statistics must follow within a few.
STATISTICS_MOMENTUM = 0.4
# With logits scaled down by this, the last layer learns well at the learning rate of the biases.
LOGIT_SCALE = 1 / 72


class Speedrun(nn.Module):
    """A whitening 2x2 convolution and three groups of two 3x3 convolutions, each group halving the maps' side.

    Batch normalisation shifts and does not scale. Global max pooling and a linear layer without biases give the
    logits, so there are no class maps whose mean is the logit: explain it with Grad-CAM.
    """

    ends_in_gap = False
    head_layers = ("output",)

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        inputs = 2 * channels * WINDOW**2  # every direction of the patches' space, and its opposite
        self.whitening = nn.Conv2d(channels, inputs, WINDOW, bias=False)
        self.whitening.weight.requires_grad_(False)
        groups = []
        for width in GREY if channels == 1 else COLOUR:
            groups.append(_Group(inputs, width))
            inputs = width
        self.groups = nn.Sequential(*groups)
        self.output = nn.Linear(inputs, classes, bias=False)
        # For any number of maps, the first logits are almost equal.
        nn.init.normal_(self.output.weight, std=1 / (inputs * LOGIT_SCALE))

    @torch.no_grad()
    def prepare(self, images: Tensor) -> None:
        """Set the first layer to whiten the 2x2 patches of normalised training images (N, C, H, W).

        Its filters are the eigenvectors of the patches' covariance, each divided by its standard deviation, and then
        the same with the opposite sign, since the activation suppresses negative values.
        """
        filters = self.whitening.weight
        patches = F.unfold(images.float().contiguous(), WINDOW).transpose(1, 2).flatten(0, 1)
        variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
        half = (directions / torch.sqrt(variances + NOISE)).T.reshape(-1, *filters.shape[1:])
        filters.copy_(torch.cat((half, -half)))

    def features(self, x: Tensor) -> Tensor:
        """Return the last maps (N, 256, h, w), 64 of them for grey images, of normalised images (N, C, H, W)."""
        maps: Tensor = self.groups(F.gelu(self.whitening(x)))
        return maps

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, F, h, w): global max pooling and a linear layer."""
        logits: Tensor = self.output(F.adaptive_max_pool2d(features, 1).flatten(1)) * LOGIT_SCALE
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of normalised images (N, C, H, W)."""
        return self.head(self.features(x))


class _Group(nn.Module):
    """Two 3x3 convolutions, the first one's maps halved by 2x2 max pooling; each normalised and through a GELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = _partial_identity(inputs, outputs), _shift(outputs)
        self.conv2, self.norm2 = _partial_identity(outputs, outputs), _shift(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        if min(x.shape[-2:]) > 1:  # images below 9 pixels a side reach the last group as a single one
            x = F.max_pool2d(x, 2)
        x = F.gelu(self.norm1(x))
        return F.gelu(self.norm2(self.conv2(x)))


def _partial_identity(inputs: int, outputs: int) -> nn.Conv2d:
    """Return a 3x3 convolution whose first `inputs` maps are the identity (Dirac), the others random."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight.data[:inputs])
    return layer


def _shift(maps: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(maps, momentum=STATISTICS_MOMENTUM)
    norm.register_parameter("weight", None)
    return norm
