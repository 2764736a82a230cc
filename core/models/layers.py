"""Shared parts of the networks of chapter 4: initialisation, the linear classifier on averaged maps, SAME pooling."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Side = int | tuple[int, int]


def he_initialise(net: nn.Module) -> None:
    """Draw every convolution's and linear layer's weights from N(0, 2 / fan-in) and set its biases to 0.

    "He initialization (Gaussian)" of Tables 4.1 to 4.4 (He et al., 2015, equation 10). Uses torch's global generator.
    """
    for layer in _initialisable(net):
        nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def gaussian_initialise(net: nn.Module, deviation: float) -> None:
    """Draw every convolution's and linear layer's weights from N(0, deviation^2) and set its biases to 0 (Table 4.2).

    Uses torch's global generator.
    """
    for layer in _initialisable(net):
        nn.init.normal_(layer.weight, std=deviation)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _initialisable(net: nn.Module) -> Iterator[nn.Conv2d | nn.Linear]:
    for layer in net.modules():
        # On the meta device there is nothing to draw, and trying would load torch's compiler, which takes seconds.
        if isinstance(layer, nn.Conv2d | nn.Linear) and not layer.weight.is_meta:
            yield layer


def is_of_head(net: nn.Module, name: str) -> bool:
    """Return whether a tensor or module of that name belongs to the net's classifier, its `head_layers`."""
    layers: tuple[str, ...] = net.head_layers  # type: ignore[assignment]
    return any(f"{name}.".startswith(f"{layer}.") for layer in layers)


class AveragedMaps(nn.Module, ABC):
    """A net that ends in global average pooling (section 3.6.5) and one linear layer, `output`, on the averages.

    A subclass makes `output` and computes `features`.
    """

    ends_in_gap = True
    head_layers: tuple[str, ...] = ("output",)
    output: nn.Linear

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """Return the last feature maps (N, F, h, w), non-negative, of normalised images (N, C, H, W)."""

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N, classes) of feature maps (N, F, h, w): global average pooling and a linear layer."""
        logits: Tensor = self.output(F.adaptive_avg_pool2d(features, 1).flatten(1))
        return logits

    def class_maps(self, features: Tensor) -> Tensor:
        """Return signed class activation maps (N, classes, h, w) of feature maps (N, F, h, w) (section 5.1).

        The linear layer is applied at every position, bias included, so the mean of a map is its class's logit.
        """
        return F.conv2d(features, self.output.weight[:, :, None, None], self.output.bias)

    def class_maps_of(self, features: Tensor, classes: Tensor) -> Tensor:
        """Return the maps (N, K, h, w) of `classes` (N, K) as `class_maps` has them, without computing the others."""
        maps = torch.einsum("nkf,nfhw->nkhw", self.output.weight[classes], features)
        return maps + self.output.bias[classes][..., None, None]

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of normalised images (N, C, H, W)."""
        return self.head(self.features(x))


def with_output(net: AveragedMaps, weight: Tensor, bias: Tensor) -> AveragedMaps:
    """Return a net with the features of `net`, shared and not copied, and a linear layer of its own.

    `weight` is (classes, F), `bias` (classes,). The net is in evaluation mode; neither of the two may be trained.
    """
    other = copy.copy(net)
    other._modules = dict(net._modules)  # the copy would share it, and `net` get the new layer too
    output = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    output.weight, output.bias = (nn.Parameter(tensor.float(), requires_grad=False) for tensor in (weight, bias))
    other.output = output
    other.training = False
    return other


def _same_padding(x: Tensor) -> tuple[int, int]:
    # For a 3x3 window and stride 2, SAME means ceil(side / 2) outputs. An odd side needs one pixel on both ends; an
    # even side needs one at the far end only, which ceil_mode adds by letting the last window exceed the edge.
    return x.shape[-2] % 2, x.shape[-1] % 2


def same_max_pool(x: Tensor) -> Tensor:
    """Return 3x3 max pooling of (N, C, H, W), stride 2, SAME padding: (N, C, ceil(H/2), ceil(W/2))."""
    return F.max_pool2d(x, 3, stride=2, padding=_same_padding(x), ceil_mode=True)


def same_average_pool(x: Tensor) -> Tensor:
    """Return 3x3 average pooling of (N, C, H, W), stride 2, SAME padding: (N, C, ceil(H/2), ceil(W/2)).

    A window that exceeds the edge is averaged over its real pixels: padding does not count.
    """
    return F.avg_pool2d(x, 3, stride=2, padding=_same_padding(x), ceil_mode=True, count_include_pad=False)
