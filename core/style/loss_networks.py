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

VGG_MEANS = (103.939, 116.779, 123.68)  # B, G, R, on the scale 0 to 255
SQUEEZENET_MEANS = (104.0, 117.0, 123.0)  # B, G, R, as its Caffe original
# What a training compares that is driven by both networks.
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
    """A frozen convolutional network that is read at named layers."""

    means: Tensor
    layers: tuple[str, ...] = ()  # all that can be asked for, from shallow to deep

    def __init__(self, means: tuple[float, float, float]) -> None:
        super().__init__()
        self.register_buffer("means", torch.tensor(means).view(1, 3, 1, 1), persistent=False)

    def prepare(self, x: Tensor) -> Tensor:
        """RGB in [0, 1] -> BGR in 0 to 255 minus the means, (N, 3, H, W)."""
        return x.flip(1) * 255 - self.means.to(x.dtype)

    def check(self, wanted: Iterable[str]) -> None:
        """Raise UserError where a wanted layer is none of this network's."""
        unknown = set(wanted) - set(self.layers)
        if unknown:
            raise UserError(f"There is no loss layer {sorted(unknown)[0]!r}; the layers are {', '.join(self.layers)}.")

    @abstractmethod
    def steps(self, x: Tensor) -> Iterable[tuple[str, Tensor]]:
        """Yield (layer name, feature maps) from shallow to deep."""

    def forward(self, x: Tensor, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Feature maps of the wanted layers of (N, 3, H, W) in [0, 1]; goes no deeper than the deepest."""
        remaining = set(wanted)
        self.check(remaining)
        found: dict[str, Tensor] = {}
        if not remaining:
            return found
        for name, features in self.steps(self.prepare(x)):
            if name in remaining:
                found[name] = features
                remaining.discard(name)
                if not remaining:
                    break
        return found


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


class Fire(nn.Module):
    """SqueezeNet's module: squeeze by 1x1, expand by 1x1 and 3x3 side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat((self.expand1x1(x), self.expand3x3(x)), 1))


class SqueezeNet(LossNetwork):
    """SqueezeNet 1.1 without its classifier."""

    file = "squeezenet1_1.safetensors"
    layers = ("conv1", "fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire8", "fire9")
    pooled = ("fire2", "fire4", "fire6")  # what a pooling stands before
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
        """Feature maps of (N, 3, H, W) in [0, 1] by full layer name; a network nobody asks for is not run."""
        asked: dict[str, list[str]] = {"vgg19": [], "squeezenet": []}
        for layer in wanted:
            network, _, name = layer.partition(".")
            if network not in asked:
                raise UserError(f"The loss layer {layer!r} names neither vgg19 nor squeezenet before its dot.")
            asked[network].append(name)
        return {
            f"{network}.{name}": features
            for network, names in asked.items()
            for name, features in getattr(self, network)(x, names).items()
        }


def load(folder: Path) -> LossNetworks:
    """Read both networks from `folder`, frozen and channels_last. Raises UserError if a file is missing or wrong."""
    networks = LossNetworks()
    for network in (networks.vgg19, networks.squeezenet):
        path = Path(folder) / network.file
        if not path.is_file():
            raise UserError(f"The loss network {network.file} is not in {folder}; give the folder that holds it.")
        tensors = weights.read(path)
        kept = {name: tensor for name, tensor in tensors.items() if name.startswith("features.")}
        weights.fill(network, kept, network.file)
    networks.requires_grad_(False)
    return hardware.channels_last(networks.eval())
