"""Convolutions of oneDNN on a CPU that add their bias and activate in the same pass, on weights packed once.

Eager PyTorch packs the weights of every convolution anew in each forward pass and goes over its result again for ReLU6,
which takes a third of the time of a small net for one image. The operators are those that torch.compile uses; where
this PyTorch has none, for gradients and for export, the usual convolution does the same.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_HIGHEST = 6.0  # of ReLU6


@dataclass(frozen=True)
class Places:
    """Padding, stride and dilation of a convolution, equal along both sides, and its number of groups."""

    padding: int
    stride: int
    dilation: int
    groups: int


def is_usable(x: Tensor) -> bool:
    """Return whether the operators can be applied to `x`: on the CPU, without gradients, outside of an export."""
    return (
        _AVAILABLE
        and x.device.type == "cpu"
        and not (torch.is_grad_enabled() and x.requires_grad)
        and not torch.jit.is_tracing()
        and not torch.compiler.is_compiling()
    )


class Convolution:
    """A convolution with a bias, and with ReLU6 where `activated`, of weights packed for inputs of one `shape`.

    Inputs of another shape give the right result at up to four times the cost: pack anew for them.
    """

    def __init__(self, weight: Tensor, bias: Tensor, places: Places, activated: bool, shape: torch.Size) -> None:
        self.shape = shape
        self._places = [[places.padding] * 2, [places.stride] * 2, [places.dilation] * 2, places.groups]
        self._weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *self._places, list(shape))
        self._bias = bias
        self._activation = ("hardtanh", [0.0, _HIGHEST], "") if activated else ("none", [], "")

    def __call__(self, x: Tensor) -> Tensor:
        """Return maps (N, outputs, h, w) of (N, inputs, H, W), which is in the weights' precision."""
        maps: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, *self._places, *self._activation
        )
        return maps


def _works() -> bool:
    """Return whether this PyTorch has the operators, tried on one pixel."""
    try:
        one = torch.ones(1, 1, 1, 1)
        convolution = Convolution(one, torch.ones(1), Places(0, 1, 1, 1), True, one.shape)
        return float(convolution(one)) == 2.0
    except (AttributeError, RuntimeError, NotImplementedError, TypeError):
        return False


_AVAILABLE = torch.backends.mkldnn.is_available() and _works()
