"""torchvision's weights for photographs of a thousand classes: downloaded on request, saved as safetensors."""

import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core import weights
from core.datasets.download import checksum_in, download, exclusive, silent
from core.datasets.registry import data_root
from core.datasets.split import Progress
from core.errors import UserError
from core.models.torchvision_nets import PhotographDenseNet, PhotographResNet, PhotographSqueezeNet

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # R, G, B of ImageNet, as these weights want


@dataclass(frozen=True)
class Source:
    """A net of torchvision: its title, the name of its weight enum, and the size of the download in MB."""

    title: str
    enum: str
    megabytes: int


SOURCES = {
    "resnet18": Source("ResNet-18", "ResNet18_Weights", 45),
    "resnet50": Source("ResNet-50", "ResNet50_Weights", 98),
    "densenet121": Source("DenseNet-121", "DenseNet121_Weights", 31),
    "squeezenet1_1": Source("SqueezeNet 1.1", "SqueezeNet1_1_Weights", 5),
}
_OUR_NAMES = (
    (r"^features\.", "body."),
    (r"^fc\.", "output."),
    (r"^classifier\.(1\.)?", "output."),
    # DenseNet's files are older than its modules, which had norm.1 where they have norm1.
    (r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),
)


def build(name: str, classes: int, channels: int) -> nn.Module:
    """Return a new net with random weights."""
    if name == "densenet121":
        return PhotographDenseNet(classes, channels)
    if name == "squeezenet1_1":
        return PhotographSqueezeNet(classes, channels)
    bottleneck = name == "resnet50"
    return PhotographResNet(classes, channels, (3, 4, 6, 3) if bottleneck else (2, 2, 2, 2), bottleneck=bottleneck)


def card(name: str) -> dict[str, str]:
    """Return what is known of a net: title, licence, where its weights are from, and what they were trained on."""
    return {
        "title": f"{SOURCES[name].title} on ImageNet",
        "licence": "BSD-3-Clause",
        "source": "https://docs.pytorch.org/vision/stable/models.html",
        "credit": "the authors of torchvision",
        "trained_on": "ImageNet (ILSVRC 2012), 1.3 million photographs of a thousand classes",
    }


def path_of(name: str) -> Path:
    """Return the path of the weights of `name`, where they have been downloaded."""
    return data_root() / "photograph_nets" / f"{name}.safetensors"


def address(name: str) -> str:
    """Return the address of the weights of `name` in torchvision's weight enum."""
    from core.vision import torchvision  # a slow import, needed only before a download

    return str(getattr(torchvision.models, SOURCES[name].enum).IMAGENET1K_V1.url)


def fetch(name: str, progress: Progress = silent) -> Path:
    """Return the file of `path_of(name)`, downloaded where it is missing. Raises UserError where that fails."""
    target, title = path_of(name), SOURCES[name].title
    with exclusive(target.parent, name, title, progress):
        if target.is_file():
            return target
        whole, url = target.with_suffix(".pth"), address(name)
        try:
            download([url], whole, checksum_in(url), title, progress, instead="use EfficientNet-Lite0")
            weights.write(target, read(name, whole))
        finally:
            whole.unlink(missing_ok=True)
    return target


def read(name: str, path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file of torch.save under our names. Raises UserError where it cannot be read."""
    try:
        return renamed(name, torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, pickle.UnpicklingError, AttributeError, EOFError, OSError) as error:
        raise UserError(f"The weights {path.name} cannot be read ({error}); fetch them again.") from error


def renamed(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors named as in torchvision under our names; counters that old files lack are added."""
    ours = {}
    for key, tensor in tensors.items():
        for pattern, replacement in _OUR_NAMES:
            key = re.sub(pattern, replacement, key)
        ours[key] = tensor
    counters = [key for key in ours if key.endswith("running_var")]
    for key in counters:
        ours.setdefault(key.replace("running_var", "num_batches_tracked"), torch.tensor(0))
    return ours
