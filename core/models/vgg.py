"""BN-VGG, section 4.4 and Table 4.4: stacks of 3x3 convolutions, batch-normalised, with strong dropout."""

import torch.nn.functional as F
from torch import Tensor, nn

from core.models.layers import he_initialise

# Table 4.4: for each stack its filters, its convolutions, and the drop probability after all of them but the last.
STACKS = ((64, 2, 0.3), (128, 2, 0.4), (256, 3, 0.4), (512, 3, 0.4), (512, 3, 0.4))
HIDDEN_UNITS = 512
DROP_PROBABILITY = 0.5
SMALLEST_SIDE = 2 ** len(STACKS)  # every stack is followed by 2x2 pooling


def _stack(inputs: int, filters: int, convolutions: int, drop_probability: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for position in range(convolutions):
        if position > 0:
            layers.append(nn.Dropout(drop_probability))
        layers += [
            nn.Conv2d(inputs, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(inplace=True),
        ]
        inputs = filters
    return nn.Sequential(*layers)


class BNVGG(nn.Module):
    """Thirteen 3x3 convolutions in five stacks, then 512 units and the classes; 2x2 max pooling after every stack.

    It ends in fully-connected layers, so it has no class maps of its own: explain it with Grad-CAM. Images must have
    32 pixels a side or more, since the pooling halves them five times.
    """

    ends_in_gap = False
    head_layers = ("hidden", "hidden_norm", "output")

    def __init__(self, classes: int, channels: int, side: int) -> None:
        super().__init__()
        inputs = (channels, *(filters for filters, _, _ in STACKS))
        self.stacks = nn.ModuleList(_stack(before, *stack) for before, stack in zip(inputs, STACKS, strict=False))
        self.hidden = nn.Linear(STACKS[-1][0] * (side // SMALLEST_SIDE) ** 2, HIDDEN_UNITS, bias=False)
        self.hidden_norm = nn.BatchNorm1d(HIDDEN_UNITS)
        self.dropout = nn.Dropout(DROP_PROBABILITY)
        self.output = nn.Linear(HIDDEN_UNITS, classes)
        he_initialise(self)

    def features(self, x: Tensor) -> Tensor:
        """Return non-negative feature maps (N, 512, side // 16, side // 16) of normalised images (N, C, side, side).

        They are those before the last pooling, which leaves one pixel of 32: too few for a heat map.
        """
        for position, stack in enumerate(self.stacks):
            x = stack(x if position == 0 else F.max_pool2d(x, 2))
        return x

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, 512, h, w): last pooling and fully-connected layers."""
        hidden = F.relu(self.hidden_norm(self.hidden(F.max_pool2d(features, 2).flatten(1))))
        logits: Tensor = self.output(self.dropout(hidden))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of normalised images (N, C, side, side)."""
        return self.head(self.features(x))
