"""Nets small enough to check by hand what is said of them."""

import torch
import torch.nn.functional as F
from torch import nn

IMAGE = torch.tensor([[[[1.0, 0.0], [0.0, 4.0]]]])


class PoolingNet(nn.Module):
    """Two fixed feature maps of the image's own size, global average pooling and a linear layer."""

    ends_in_gap = True

    def __init__(self, weight=((1.0, 0.0), (0.0, 1.0), (2.0, -1.0))):
        super().__init__()
        self.output = nn.Linear(2, 3)
        with torch.no_grad():
            self.output.weight.copy_(torch.tensor(weight))
            self.output.bias.copy_(torch.tensor([0.5, 0.0, -3.0]))
        self.eval()

    def features(self, x):
        return torch.cat([x, 2 * x.flip(-1)], 1)

    def head(self, features):
        return self.output(features.mean((-2, -1)))

    def class_maps(self, features):
        return F.conv2d(features, self.output.weight[:, :, None, None], self.output.bias)

    def forward(self, x):
        return self.head(self.features(x))


class ConnectedNet(PoolingNet):
    """The same features under a fully-connected layer that knows positions."""

    ends_in_gap = False

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(2 * 2 * 2, 3)
        with torch.no_grad():
            self.output.weight.copy_(torch.linspace(-1, 1, 24).view(3, 8))
        self.eval()

    def head(self, features):
        return self.output(features.flatten(1))
