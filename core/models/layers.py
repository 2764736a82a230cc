"""What the networks of chapter 4 share: He initialisation and pooling with the SAME padding of the tables."""

import torch.nn.functional as F
from torch import Tensor, nn

Side = int | tuple[int, int]


def he_initialise(net: nn.Module) -> None:
    """Draw every convolution's and linear layer's weights from N(0, 2 / fan-in) and set its biases to 0.

    "He initialization (Gaussian)" of Tables 4.1 to 4.4 (He et al., 2015, equation 10). Uses torch's global generator.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _same_padding(x: Tensor) -> tuple[int, int]:
    # For a 3x3 window and stride 2, SAME means ceil(side / 2) outputs. An odd side needs one pixel on both ends; an
    # even side needs one at the far end only, which ceil_mode gives by letting the last window hang over the edge.
    return x.shape[-2] % 2, x.shape[-1] % 2


def same_max_pool(x: Tensor) -> Tensor:
    """3x3 max pooling, stride 2, SAME padding: (N, C, H, W) -> (N, C, ceil(H/2), ceil(W/2)); padding never wins."""
    return F.max_pool2d(x, 3, stride=2, padding=_same_padding(x), ceil_mode=True)


def same_average_pool(x: Tensor) -> Tensor:
    """3x3 average pooling, stride 2, SAME padding: (N, C, H, W) -> (N, C, ceil(H/2), ceil(W/2)).

    A window that hangs over the edge is averaged over the pixels it has: padding does not count.
    """
    return F.avg_pool2d(x, 3, stride=2, padding=_same_padding(x), ceil_mode=True, count_include_pad=False)
