"""`compact`, the built-in loss network: one pass computes the layers of VGG-19 to relu3_1 and of SqueezeNet 1.1.

The two share nothing but the picture. SqueezeNet is small already, so its architecture stays (Iandola et al., 2016);
VGG-19, nine tenths of the time, is thinned: a second narrow stem replaces conv1_2, a squeezed pair conv2_2. All
weights are learnt by `core.style.distillation`. Pooling stands where the teachers have theirs: strided convolutions in
its place would print their grid into every picture.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware, weights
from core.style.loss_networks import VGG_MEANS, Fire, LossNetwork, SqueezeNet

# What each layer is computed from: the picture (None) or another layer. The order is from shallow to deep.
SOURCES: dict[str, str | None] = {
    "vgg19.relu1_1": None,
    "vgg19.relu2_1": None,
    "vgg19.relu3_1": "vgg19.relu2_1",
    "squeezenet.conv1": None,
    **{
        f"squeezenet.{layer}": f"squeezenet.{before}"
        for before, layer in zip(SqueezeNet.layers, SqueezeNet.layers[1:], strict=False)
    },
}
# Rough root mean squares of SqueezeNet's layers on photographs; VGG-19 is normalised to about one already.
SCALES = {
    "vgg19.relu1_1": 1.0, "vgg19.relu2_1": 1.0, "vgg19.relu3_1": 1.0, "squeezenet.conv1": 34.0,
    "squeezenet.fire2": 53.0, "squeezenet.fire3": 58.0, "squeezenet.fire4": 75.0, "squeezenet.fire5": 50.0,
    "squeezenet.fire6": 63.0, "squeezenet.fire7": 32.0, "squeezenet.fire8": 25.0, "squeezenet.fire9": 9.4,
}  # fmt: skip
STEM, SECOND = 16, 24  # maps of the narrow stem, at full size
SQUEEZED, THIRD = 32, 64  # maps between relu2_1 and relu3_1, at half size
# The layers that a transfer by compact compares. relu1_1 and relu3_1 are left out: with them a step takes half as long
# again, and layers that are computed anyway have nearly the same receptive fields. So the content is compared at those
# before and beside the teachers' relu3_1 in its place; without them the loss under the teachers is a twelfth higher.
CONTENT = {"vgg19.relu2_1": 1.0, "squeezenet.fire3": 1.0, "squeezenet.fire4": 1.0}
STYLE = {
    "squeezenet.conv1": 1.0,
    "vgg19.relu2_1": 1.0,
    "squeezenet.fire3": 1.0,
    "squeezenet.fire4": 1.0,
    "squeezenet.fire6": 1.0,
    "squeezenet.fire9": 1.0,
}


class Compact(LossNetwork):
    """The student of both loss networks; layers bear the teachers' names, such as `vgg19.relu2_1`."""

    layers = tuple(SOURCES)

    def __init__(self) -> None:
        super().__init__(VGG_MEANS)
        self.blocks = nn.ModuleDict({key(layer): block(layer) for layer in self.layers})
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def prepare(self, x: Tensor) -> Tensor:
        """Return RGB in [0, 1], (N, 3, H, W), as BGR about zero, of unit scale."""
        return super().prepare(x) / 64

    def forward(
        self, x: Tensor, wanted: Iterable[str], teachers: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Return the feature maps of the wanted layers of (N, 3, H, W) in [0, 1]; compute nothing else.

        A layer that follows one of `teachers`, feature maps of the teachers, is computed from those (teacher forcing).
        Raises UserError for an unknown layer.
        """
        wanted = tuple(wanted)
        self.check(wanted)
        picture = self.prepare(x)
        forced = {layer: features / SCALES[layer] for layer, features in (teachers or {}).items()}
        maps: dict[str, Tensor] = {}

        def compute(layer: str) -> Tensor:
            if layer not in maps:
                source = SOURCES[layer]
                before = picture if source is None else forced[source] if source in forced else compute(source)
                maps[layer] = self.blocks[key(layer)](before)
            return maps[layer]

        return {layer: scaled(layer, compute(layer)) for layer in wanted}

    def steps(self, x: Tensor) -> Iterable[tuple[str, Tensor]]:
        """Yield (layer name, feature maps) of a prepared picture from shallow to deep."""
        maps: dict[str, Tensor] = {}
        for layer, source in SOURCES.items():
            maps[layer] = self.blocks[key(layer)](x if source is None else maps[source])
            yield layer, scaled(layer, maps[layer])


def scaled(layer: str, features: Tensor) -> Tensor:
    """Return features of unit scale at the scale of the teacher; those of scale one as they are."""
    return features if SCALES[layer] == 1 else features * SCALES[layer]


def key(layer: str) -> str:
    """Return the name of a layer's module, which may have no dot."""
    return layer.replace(".", "_")


def block(layer: str) -> nn.Module:
    """Return an untrained module that computes `layer` from its source."""
    if layer == "vgg19.relu1_1":
        return nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU())
    if layer == "vgg19.relu2_1":
        return nn.Sequential(
            nn.Conv2d(3, STEM, 3, padding=1), nn.ReLU(),
            nn.Conv2d(STEM, SECOND, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(SECOND, 128, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
    if layer == "vgg19.relu3_1":
        return nn.Sequential(
            nn.Conv2d(128, SQUEEZED, 1),
            nn.Conv2d(SQUEEZED, THIRD, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(THIRD, 256, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
    if layer == "squeezenet.conv1":
        return nn.Sequential(nn.Conv2d(3, 64, 3, stride=2), nn.ReLU())
    name = layer.removeprefix("squeezenet.")
    sizes = SqueezeNet.fires[SqueezeNet.layers.index(name) - 1][1:]
    pool: nn.Module = nn.MaxPool2d(3, 2, ceil_mode=True) if name in SqueezeNet.pooled else nn.Identity()
    return nn.Sequential(pool, Fire(*sizes))


def fresh(seed: int) -> Compact:
    """Return an untrained net from `seed`; the global random state is left as it is."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Compact()


def read(path: Path) -> Compact:
    """Return the net whose weights are in `path`, frozen. Raises UserError for damaged weights or those of another."""
    net = Compact()
    weights.fill(net, weights.read(path), path.name)
    return hardware.channels_last(net.eval().requires_grad_(False))


def relative_error(features: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of feature maps (N, C, H, W) in units of the target's variance: a scalar."""
    features, target = features.float(), target.float()
    return F.mse_loss(features, target) / target.var(correction=0).clamp_min(1e-12)
