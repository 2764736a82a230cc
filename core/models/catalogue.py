"""The catalogue of networks: builds them by name, and lists them beside the figures of Table 4.6."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core import datasets, weights
from core.errors import UserError
from core.models.baseline import Baseline
from core.models.nin import BNNiN, widths_for
from core.models.resnet import ResNet


@dataclass(frozen=True)
class Shape:
    """What a net is made for: how many classes, image channels and pixels a side, and the data set, if it matters."""

    classes: int
    channels: int
    side: int
    dataset: str | None = None


@dataclass(frozen=True)
class Entry:
    """A net of the catalogue. `depth` counts layers with weights as Table 4.6 does, `smallest_side` is in pixels."""

    title: str
    depth: int
    smallest_side: int
    make: Callable[[Shape], nn.Module]


@dataclass(frozen=True)
class Figures:
    """Table 4.6: parameters, as rounded there, and test error in percent, plain and with augmentation ("+")."""

    parameters: int
    error: float | None = None
    error_augmented: float | None = None


def _resnet(n: int) -> Entry:
    depth = 6 * n + 2
    return Entry(f"ResNet-{depth}", depth, 1, lambda shape: ResNet(shape.classes, shape.channels, n))


def _bn_nin(shape: Shape) -> nn.Module:
    return BNNiN(shape.classes, shape.channels, widths_for(shape.channels, shape.dataset))


_ENTRIES: dict[str, Entry] = {
    "baseline": Entry("Baseline", 4, 4, lambda shape: Baseline(shape.classes, shape.channels, shape.side)),
    "bn_nin": Entry("BN-NiN", 9, 1, _bn_nin),
    "resnet20": _resnet(3),
}

# Table 4.6, the rows of the nets and data sets that are here.
_TABLE: dict[tuple[str, str], Figures] = {
    ("baseline", "mnist"): Figures(682_000, error=0.6),
    ("bn_nin", "mnist"): Figures(358_000, error=0.33),
    ("bn_nin", "cifar10"): Figures(1_600_000, error=8.85, error_augmented=7.14),
    ("resnet20", "cifar10"): Figures(272_000, error_augmented=7.68),
}


def names() -> tuple[str, ...]:
    """The nets that `build` knows."""
    return tuple(_ENTRIES)


def title(name: str) -> str:
    """The net's name as the thesis writes it. Raises `UserError` for a name that is not in the catalogue."""
    return _entry(name).title


def depth(name: str) -> int:
    """Layers with weights on the longest path. Raises `UserError` for a name that is not in the catalogue."""
    return _entry(name).depth


def _entry(name: str) -> Entry:
    if name not in _ENTRIES:
        raise UserError(f'There is no net "{name}": choose one of {", ".join(names())}.')
    return _ENTRIES[name]


def build(name: str, *, classes: int, channels: int, side: int, dataset: str | None = None) -> nn.Module:
    """A new net with random weights (torch's global generator) for images (N, channels, side, side).

    The net has `features`, `head`, `ends_in_gap` and, where that is true, `class_maps`. `dataset` matters where
    Table 4.3 gives a data set widths of its own ("svhn"). Raises `UserError` for a name that is not in the catalogue,
    and for a shape of which the net's pooling would leave nothing.
    """
    entry = _entry(name)
    for value, what in ((classes, "classes"), (channels, "channels"), (side, "pixels a side")):
        if value < 1:
            raise UserError(f"A net cannot have {value} {what}: give 1 or more.")
    if side < entry.smallest_side:
        raise UserError(
            f"{entry.title} cannot see images of {side} x {side} pixels, its pooling would leave nothing of them: "
            f"use images of at least {entry.smallest_side} x {entry.smallest_side}."
        )
    return entry.make(Shape(classes, channels, side, dataset))


def parameters(net: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(tensor.numel() for tensor in net.parameters())


def multiply_adds(net: nn.Module, channels: int, side: int) -> int:
    """Multiply-adds of convolutions and linear layers in one forward pass of one image (channels, side, side).

    Biases, normalisation and pooling are not counted, as is usual.
    """
    total = 0

    def count(layer: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal total
        weight = layer.get_parameter("weight")
        total += output[0].numel() * weight[0].numel()

    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad():
            net(torch.zeros(1, channels, side, side, device=next(net.parameters()).device))
    finally:
        net.train(was_training)
        for hook in hooks:
            hook.remove()
    return total


def _shipped(name: str, dataset: str) -> dict[str, Any] | None:
    """The best shipped weights of this net on this data set: their name, their error in percent and their recipe."""
    found = []
    for card_name, card in weights.cards("classifier").items():
        made = card.get("data", {}) | card.get("settings", {})
        if (made.get("model"), made.get("dataset")) == (name, dataset):
            found.append({"name": card_name, "error": card.get("error"), "title": card.get("title", card_name)})
    return min(found, key=lambda weight: weight["error"] if weight["error"] is not None else 100.0, default=None)


def rows() -> list[dict[str, Any]]:
    """The catalogue's table, a row for a net on a data set: ours, the thesis's figures, and the weights shipped.

    `{"name", "dataset", "depth", "parameters", "multiply_adds", "thesis": {"parameters", "error", "error_augmented"},
    "weights": {"name", "error", "title"} or None}`; errors in percent, None where there is none.
    """
    table = []
    for (name, dataset), figures in _TABLE.items():
        known = datasets.info(dataset)
        # A net on the device "meta" would draw no numbers, but importing what that takes costs five times as much.
        with torch.random.fork_rng(devices=[]):
            net = build(name, classes=known.classes, channels=known.channels, side=known.side, dataset=dataset)
        table.append(
            {
                "name": name,
                "dataset": dataset,
                "depth": depth(name),
                "parameters": parameters(net),
                "multiply_adds": multiply_adds(net, known.channels, known.side),
                "thesis": asdict(figures),
                "weights": _shipped(name, dataset),
            }
        )
    return table
