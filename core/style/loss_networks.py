"""The loss networks of section 5.2: VGG-19 up to relu3_1 and SqueezeNet 1.1, read from safetensors files with
torchvision's layer names. Both take RGB in [0, 1] and do their own preprocessing."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware, weights
from core.errors import UserError
from core.models.torchvision_nets import Fire

VGG_MEANS = (103.939, 116.779, 123.68)  # B, G, R, on the scale 0 to 255
SQUEEZENET_MEANS = (104.0, 117.0, 123.0)  # B, G, R, as its Caffe original
# The layers that a training by both networks compares.
CONTENT_LAYERS = {"vgg19.relu3_1": 1.0, "squeezenet.fire4": 1.0}
STYLE_LAYERS = {
    "vgg19.relu1_1": 1.0,
    "vgg19.relu2_1": 1.0,
    "vgg19.relu3_1": 1.0,
    "squeezenet.fire4": 1.0,
    "squeezenet.fire6": 1.0,
    "squeezenet.fire9": 1.0,
}


class LossNetwork(nn.Module, ABC):
    """A frozen convolutional network whose named layers are compared."""

    means: Tensor
    layers: tuple[str, ...] = ()  # from shallow to deep

    def __init__(self, means: tuple[float, float, float]) -> None:
        super().__init__()
        self.register_buffer("means", torch.tensor(means).view(1, 3, 1, 1), persistent=False)

    def prepare(self, x: Tensor) -> Tensor:
        """Return RGB in [0, 1], (N, 3, H, W), as BGR in 0 to 255 minus the means."""
        return x.flip(1) * 255 - self.means.to(x.dtype)

    def check(self, wanted: Iterable[str]) -> None:
        """Raise UserError where the network lacks a wanted layer."""
        unknown = set(wanted) - set(self.layers)
        if unknown:
            raise UserError(f"There is no loss layer {sorted(unknown)[0]!r}; the layers are {', '.join(self.layers)}.")

    @abstractmethod
    def steps(self, x: Tensor) -> Iterable[tuple[str, Tensor]]:
        """Yield (layer name, feature maps) from shallow to deep."""

    def forward(self, x: Tensor, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Return the feature maps of the wanted layers of (N, 3, H, W) in [0, 1]; compute nothing behind the deepest.

        Raises UserError for an unknown layer.
        """
        remaining = set(wanted)
        self.check(remaining)
        wanted_maps: dict[str, Tensor] = {}
        if not remaining:
            return wanted_maps
        for name, features in self.steps(self.prepare(x)):
            if name in remaining:
                wanted_maps[name] = features
                remaining.discard(name)
                if not remaining:
                    break
        return wanted_maps


class Vgg19(LossNetwork):
    """VGG-19 as far as relu3_1."""

    file = "vgg19_normalised_relu3_1.safetensors"
    layers = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1")
    _plan = ((0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128), (10, 128, 256))  # torchvision index, maps

    def __init__(self) -> None:
        super().__init__(VGG_MEANS)
        self.features = nn.ModuleDict({str(i): nn.Conv2d(a, b, 3, padding=1) for i, a, b in self._plan})

    def steps(self, x: Tensor) -> Iterable[tuple[str, Tensor]]:
        for name, (index, _, _) in zip(self.layers, self._plan, strict=True):
            if name in ("relu2_1", "relu3_1"):
                x = F.max_pool2d(x, 2)
            x = F.relu(self.features[str(index)](x))
            yield name, x


class SqueezeNet(LossNetwork):
    """SqueezeNet 1.1 without its classifier."""

    file = "squeezenet1_1.safetensors"
    layers = ("conv1", "fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire8", "fire9")
    pooled = ("fire2", "fire4", "fire6")  # layers behind a pooling
    fires = (  # torchvision index, maps in, squeezed, expanded
        (3, 64, 16, 64), (4, 128, 16, 64), (6, 128, 32, 128), (7, 256, 32, 128),
        (9, 256, 48, 192), (10, 384, 48, 192), (11, 384, 64, 256), (12, 512, 64, 256),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__(SQUEEZENET_MEANS)
        self.features = nn.ModuleDict({"0": nn.Conv2d(3, 64, 3, stride=2)})
        for index, channels, squeezed, expanded in self.fires:
            self.features[str(index)] = Fire(channels, squeezed, expanded)

    def steps(self, x: Tensor) -> Iterable[tuple[str, Tensor]]:
        x = F.relu(self.features["0"](x))
        yield "conv1", x
        for name, (index, _, _, _) in zip(self.layers[1:], self.fires, strict=True):
            if name in self.pooled:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = self.features[str(index)](x)
            yield name, x


class LossNetworks(nn.Module):
    """Both networks as one: layers are named `vgg19.relu2_1` or `squeezenet.fire4`."""

    layers = tuple(f"vgg19.{name}" for name in Vgg19.layers) + tuple(f"squeezenet.{name}" for name in SqueezeNet.layers)

    def __init__(self) -> None:
        super().__init__()
        self.vgg19 = Vgg19()
        self.squeezenet = SqueezeNet()

    def forward(self, x: Tensor, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Return the feature maps of (N, 3, H, W) in [0, 1] by full layer name; run only the networks that are needed.

        Raises UserError for an unknown layer.
        """
        wanted_of: dict[str, list[str]] = {"vgg19": [], "squeezenet": []}
        for layer in wanted:
            network, _, name = layer.partition(".")
            if network not in wanted_of:
                raise UserError(f"The loss layer {layer!r} names neither vgg19 nor squeezenet before its dot.")
            wanted_of[network].append(name)
        return {
            f"{network}.{name}": features
            for network, names in wanted_of.items()
            for name, features in getattr(self, network)(x, names).items()
        }


def load(folder: Path) -> LossNetworks:
    """Return both networks from `folder`, frozen and channels_last. Raises UserError for a missing or wrong file."""
    networks = LossNetworks()
    for network in (networks.vgg19, networks.squeezenet):
        path = Path(folder) / network.file
        if not path.is_file():
            raise UserError(f"The loss network {network.file} is not in {folder}; give the folder that holds it.")
        tensors = weights.read(path)
        convolutions = {name: tensor for name, tensor in tensors.items() if name.startswith("features.")}
        weights.fill(network, convolutions, network.file)
    networks.requires_grad_(False)
    return hardware.channels_last(networks.eval())
