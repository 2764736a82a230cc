"""The catalogue of networks: builds them by name, and lists them beside the figures of Table 4.6."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from core import datasets, weights
from core.errors import UserError
from core.models import blueprint, torchvision_weights, vgg
from core.models.baseline import Baseline
from core.models.efficientnet import EfficientNetLite
from core.models.nin import BNNiN, NiN, widths_for
from core.models.speedrun import Speedrun
from core.models.variants import DenseNetVariant, ResNetVariant, Variant
from core.models.vgg import BNVGG


@dataclass(frozen=True)
class Shape:
    """The input and output of a net: classes, image channels, pixels a side, and the data set where it matters."""

    classes: int
    channels: int
    side: int
    dataset: str | None = None


@dataclass(frozen=True)
class Entry:
    """A net of the catalogue. `depth` counts layers with weights as Table 4.6 does, `smallest_side` is in pixels.

    `variant` has the parameters of a net that belongs to a family. Nets `for_photographs` come with weights of other
    people's training and take whole pictures; Atelier trains the others.
    """

    title: str
    depth: int
    smallest_side: int
    make: Callable[[Shape], nn.Module]
    variant: Variant | None = None
    for_photographs: bool = False


@dataclass(frozen=True)
class ThesisFigures:
    """A row of Table 4.6: parameters, as rounded there, and test error in percent, plain and augmented ("+")."""

    parameters: int
    error: float | None = None
    error_augmented: float | None = None


def _of(variant: Variant) -> Entry:
    return Entry(
        variant.title,
        variant.depth,
        variant.smallest_side,
        lambda shape: variant.make(shape.classes, shape.channels),
        variant,
    )


def _nin(make: type[NiN]) -> Callable[[Shape], nn.Module]:
    return lambda shape: make(shape.classes, shape.channels, widths_for(shape.channels, shape.dataset))


def _of_torchvision(name: str, depth: int, smallest_side: int) -> Entry:
    return Entry(
        torchvision_weights.SOURCES[name].title,
        depth,
        smallest_side,
        lambda shape: torchvision_weights.build(name, shape.classes, shape.channels),
        for_photographs=True,
    )


_ENTRIES: dict[str, Entry] = {
    "baseline": Entry("Baseline", 4, 4, lambda shape: Baseline(shape.classes, shape.channels, shape.side)),
    "nin": Entry("NiN", 9, 1, _nin(NiN)),
    "bn_nin": Entry("BN-NiN", 9, 1, _nin(BNNiN)),
    "bn_vgg": Entry("BN-VGG", 15, vgg.SMALLEST_SIDE, lambda shape: BNVGG(shape.classes, shape.channels, shape.side)),
    "resnet20": _of(ResNetVariant(3)),
    "resnet32": _of(ResNetVariant(5)),
    "resnet44": _of(ResNetVariant(7)),
    "resnet56": _of(ResNetVariant(9)),
    "resnet65": _of(ResNetVariant(7, bottleneck=True)),
    "resnet83": _of(ResNetVariant(9, bottleneck=True)),
    "resnet110": _of(ResNetVariant(18)),
    "resnet164": _of(ResNetVariant(18, bottleneck=True)),
    "wrn_40_4": _of(ResNetVariant(6, widening=4)),
    "wrn_28_10": _of(ResNetVariant(4, widening=10)),
    "densenet_40_12": _of(DenseNetVariant(12, growth=12)),
    "densenet_bc_100_12": _of(DenseNetVariant(16, growth=12, bottleneck=True, compression=0.5)),
    "speedrun": Entry("Speedrun", 8, 2, lambda shape: Speedrun(shape.classes, shape.channels)),
    "efficientnet_lite0": Entry(
        "EfficientNet-Lite0", 50, 1, lambda shape: EfficientNetLite(shape.classes, shape.channels), for_photographs=True
    ),
    "resnet18": _of_torchvision("resnet18", 18, 1),
    "resnet50": _of_torchvision("resnet50", 50, 1),
    "densenet121": _of_torchvision("densenet121", 121, 29),
    "squeezenet1_1": _of_torchvision("squeezenet1_1", 18, 17),
}

# Table 4.6, row by row. Parameters are counted with ten classes there; CIFAR-100's nets have a few more.
_TABLE: dict[tuple[str, str], ThesisFigures] = {
    ("baseline", "mnist"): ThesisFigures(682_000, error=0.6),
    ("nin", "mnist"): ThesisFigures(358_000, error=0.49),
    ("nin", "cifar10"): ThesisFigures(1_600_000, error=10.34, error_augmented=8.36),
    ("nin", "cifar100"): ThesisFigures(1_600_000, error=35.13, error_augmented=31.29),
    ("nin", "svhn"): ThesisFigures(2_000_000, error=2.39),
    ("bn_nin", "mnist"): ThesisFigures(358_000, error=0.33),
    ("bn_nin", "cifar10"): ThesisFigures(1_600_000, error=8.85, error_augmented=7.14),
    ("bn_nin", "cifar100"): ThesisFigures(1_600_000, error=30.66, error_augmented=28.96),
    ("bn_nin", "svhn"): ThesisFigures(2_000_000, error=1.78),
    ("bn_vgg", "cifar10"): ThesisFigures(15_000_000, error=8.53, error_augmented=6.56),
    ("bn_vgg", "cifar100"): ThesisFigures(15_000_000, error=32.34, error_augmented=29.64),
    ("resnet20", "cifar10"): ThesisFigures(272_000, error_augmented=7.68),
    ("resnet32", "cifar10"): ThesisFigures(467_000, error_augmented=6.94),
    ("resnet44", "cifar10"): ThesisFigures(661_000, error_augmented=6.6),
    ("resnet56", "cifar10"): ThesisFigures(856_000, error_augmented=6.46),
    ("resnet65", "cifar10"): ThesisFigures(683_000, error_augmented=6.29),
    ("resnet83", "cifar10"): ThesisFigures(868_000, error_augmented=5.86),
    ("resnet110", "cifar10"): ThesisFigures(1_700_000, error_augmented=5.97),
    ("resnet164", "cifar10"): ThesisFigures(1_700_000, error_augmented=5.47),
    ("wrn_40_4", "cifar10"): ThesisFigures(8_900_000, error_augmented=4.87),
    ("wrn_28_10", "cifar10"): ThesisFigures(36_500_000, error_augmented=4.57),
    ("densenet_40_12", "cifar10"): ThesisFigures(1_000_000, error=6.53, error_augmented=5.53),
    ("densenet_40_12", "cifar100"): ThesisFigures(1_000_000, error=27.25, error_augmented=25.83),
    ("densenet_40_12", "svhn"): ThesisFigures(1_000_000, error=1.86),
    ("densenet_bc_100_12", "cifar10"): ThesisFigures(768_000, error=5.91, error_augmented=4.58),
    ("densenet_bc_100_12", "cifar100"): ThesisFigures(768_000, error=24.96, error_augmented=22.29),
}


def names() -> tuple[str, ...]:
    """Return the names of the nets of the thesis, and of those like them: all that are trained here."""
    return tuple(name for name, entry in _ENTRIES.items() if not entry.for_photographs)


def photograph_nets() -> tuple[str, ...]:
    """Return the names of the nets for whole photographs."""
    return tuple(name for name, entry in _ENTRIES.items() if entry.for_photographs)


def title(name: str) -> str:
    """Return the net's name as the thesis writes it. Raises UserError for a name that is not in the catalogue."""
    return _entry(name).title


def depth(name: str) -> int:
    """Return the number of layers with weights on the longest path. Raises UserError as `title` does."""
    return _entry(name).depth


def variant(name: str) -> Variant | None:
    """Return the parameters of a ResNet or DenseNet, None for another net. Raises UserError as `title` does."""
    return _entry(name).variant


def smallest_side(name: str) -> int:
    """Return the smallest side of images, in pixels, that the net accepts. Raises UserError as `title` does."""
    return _entry(name).smallest_side


def _entry(name: str) -> Entry:
    if name not in _ENTRIES:
        raise UserError(f'There is no net "{name}": choose one of {", ".join(_ENTRIES)}.')
    return _ENTRIES[name]


def build(name: str, *, classes: int, channels: int, side: int, dataset: str | None = None) -> nn.Module:
    """Return a new net with random weights (torch's global generator) for images (N, channels, side, side).

    The net has `features`, `head`, `ends_in_gap` and, where that is true, `class_maps`; `head_layers` names the modules
    of the classifier, which another data set needs anew. `dataset` matters where Table 4.3 has widths for it ("svhn").
    Raises UserError for a name that is not in the catalogue, and for images smaller than the net's pooling allows.
    """
    entry = _entry(name)
    for value, what in ((classes, "classes"), (channels, "channels"), (side, "pixels a side")):
        if value < 1:
            raise UserError(f"A net cannot have {value} {what}: give 1 or more.")
    if side < entry.smallest_side:
        raise UserError(
            f"{entry.title} cannot take images of {side} x {side} pixels, its pooling would leave nothing of them: "
            f"use images of at least {entry.smallest_side} x {entry.smallest_side}."
        )
    return entry.make(Shape(classes, channels, side, dataset))


def parameters(net: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(tensor.numel() for tensor in net.parameters())


def multiply_adds(net: nn.Module, channels: int, side: int) -> int:
    """Return the multiply-adds of convolutions and linear layers in a forward pass of one image (channels, side, side).

    Biases, normalisation and pooling are not counted, as is usual.
    """
    return blueprint.read(net, channels, side).multiply_adds


def _shipped(name: str, dataset: str) -> dict[str, Any] | None:
    """Return the shipped weights of least error of this net on this data set: name, error in percent and title."""
    candidates = []
    for card_name, card in weights.cards("classifier").items():
        settings = card.get("data", {}) | card.get("settings", {})
        if (settings.get("model"), settings.get("dataset")) == (name, dataset):
            candidates.append({"name": card_name, "error": card.get("error"), "title": card.get("title", card_name)})
    return min(candidates, key=lambda weight: weight["error"] if weight["error"] is not None else 100.0, default=None)


def shipped() -> list[dict[str, Any]]:
    """Return a row for each shipped classifier, sorted by data set and net.

    `{"name", "title", "model", "dataset", "augmented", "error", "thesis_error", "epochs", "hardware", "seconds"}`;
    errors in percent on the test split, the thesis' with augmentation where ours was trained with it, else None.
    """
    table = []
    for name, card in weights.cards("classifier").items():
        settings, nothing = card["settings"], ThesisFigures(0)
        augmented = bool(settings["recipe"]["augment"])
        figures = _TABLE.get((settings["model"], settings["dataset"]), nothing)
        threads = settings["threads"]
        table.append(
            {
                "name": name,
                "title": card["title"],
                "model": settings["model"],
                "dataset": settings["dataset"],
                "augmented": augmented,
                "error": card["error"],
                "thesis_error": figures.error_augmented if augmented else figures.error,
                "epochs": card["epochs"],
                "hardware": card["hardware"] + (f", {threads} thread{'s' * (threads > 1)}" if threads else ""),
                "seconds": card["training_seconds"],
            }
        )
    return sorted(table, key=lambda row: (row["dataset"], row["model"]))


def rows() -> list[dict[str, Any]]:
    """Return a row for each net on each data set of Table 4.6: our figures, the thesis', and the shipped weights.

    `{"name", "dataset", "depth", "parameters", "multiply_adds", "thesis": {"parameters", "error", "error_augmented"},
    "weights": {"name", "error", "title"} or None}`; errors in percent, None where there is none.
    """
    table = []
    for (name, dataset), figures in _TABLE.items():
        data = datasets.info(dataset)
        with torch.device("meta"):  # no memory: the nets of the table have a hundred million parameters
            net = build(name, classes=data.classes, channels=data.channels, side=data.side, dataset=dataset)
        table.append(
            {
                "name": name,
                "dataset": dataset,
                "depth": depth(name),
                "parameters": parameters(net),
                "multiply_adds": multiply_adds(net, data.channels, data.side),
                "thesis": asdict(figures),
                "weights": _shipped(name, dataset),
            }
        )
    return table
