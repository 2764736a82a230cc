"""VGG-16 and VGG-19 (Simonyan and Zisserman, 2015) as loss networks, with the weights of torchvision's enums.

They are downloaded on demand; of their 500 MB only the convolutions, 80 MB or less, are saved, as safetensors. The
thesis used the Caffe weights that Keras carries: same networks, another training.
"""

import pickle
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware, weights
from core.datasets.download import checksum_in, download, exclusive, silent
from core.datasets.registry import data_root
from core.datasets.split import Progress
from core.errors import UserError
from core.style.loss_networks import LossNetwork

DEPTHS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}  # convolutions of each block; a pooling ends a block
MAPS = (64, 128, 256, 512, 512)
TITLES = {"vgg16": "VGG-16", "vgg19": "VGG-19"}
ENUMS = {"vgg16": "VGG16_Weights", "vgg19": "VGG19_Weights"}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # R, G, B of ImageNet, as torchvision's weights want
MEGABYTES = {"vgg16": 528, "vgg19": 548}  # of the downloads


def layer_names(name: str) -> tuple[str, ...]:
    """Return conv1_1, relu1_1, conv1_2, ... from shallow to deep: a convolution before and after its ReLU."""
    places = [(block, place) for block, depth in enumerate(DEPTHS[name], 1) for place in range(1, depth + 1)]
    return tuple(f"{kind}{block}_{place}" for block, place in places for kind in ("conv", "relu"))


class Vgg(LossNetwork):
    """`vgg16` or `vgg19` without its classifier, under torchvision's names."""

    deviation: Tensor

    def __init__(self, name: str) -> None:
        super().__init__(MEAN)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)
        self.layers = layer_names(name)
        self.features = nn.ModuleDict()
        self.plan: list[str] = []  # of each convolution, its module; "" for a pooling
        index, before = 0, 3
        for depth, maps in zip(DEPTHS[name], MAPS, strict=True):
            for _ in range(depth):
                self.features[str(index)] = nn.Conv2d(before, maps, 3, padding=1)
                self.plan.append(str(index))
                index, before = index + 2, maps
            self.plan.append("")
            index += 1

    def prepare(self, x: Tensor) -> Tensor:
        """Return RGB in [0, 1], (N, 3, H, W), in units of ImageNet's deviation about its mean."""
        return (x - self.means.to(x.dtype)) / self.deviation.to(x.dtype)

    def steps(self, x: Tensor) -> Iterable[tuple[str, Tensor]]:
        names = iter(self.layers)
        for module in self.plan:
            if not module:
                x = F.max_pool2d(x, 2)
                continue
            x = self.features[module](x)
            yield next(names), x
            x = F.relu(x)
            yield next(names), x


def path_of(name: str) -> Path:
    """Return the path of the convolutions of `name`, where they have been downloaded."""
    return data_root() / "loss_networks" / f"{name}.safetensors"


def address(name: str) -> str:
    """Return the address of the weights of `name` in torchvision's weight enum."""
    from core.vision import torchvision  # a slow import, needed only before a download

    return str(getattr(torchvision.models, ENUMS[name]).IMAGENET1K_V1.url)


def fetch(name: str, progress: Progress = silent) -> Path:
    """Return the file of `path_of(name)`, downloaded where it is missing. Raises UserError where that fails."""
    target = path_of(name)
    if target.is_file():
        return target
    title = TITLES[name]
    with exclusive(target.parent, name, title, progress):
        if target.is_file():
            return target
        whole = target.with_suffix(".pth")
        url = address(name)
        try:
            instead = "use the loss network compact"
            download([url], whole, checksum_in(url), title, progress, instead=instead)
            weights.write(target, convolutions(whole))
        finally:
            whole.unlink(missing_ok=True)
    return target


def convolutions(path: Path) -> dict[str, Tensor]:
    """Return the tensors `features.*` of a file of torch.save. Raises UserError where it cannot be read."""
    try:
        # weights_only reads tensors and nothing that could run; mmap leaves the classifier's 400 MB on the disk.
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return {name: tensor for name, tensor in saved.items() if name.startswith("features.")}
    except (RuntimeError, pickle.UnpicklingError, AttributeError, EOFError, OSError) as error:
        raise UserError(f"The weights {path.name} cannot be read ({error}); fetch them again.") from error


def load(name: str, progress: Progress = silent) -> Vgg:
    """Return the network with its weights, frozen and channels_last; downloaded where missing. Raises UserError."""
    path = fetch(name, progress)
    network = Vgg(name)
    weights.fill(network, weights.read(path), path.name)
    return hardware.channels_last(network.eval().requires_grad_(False))
