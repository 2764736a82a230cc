"""Importance of each input map for each layer of a DenseNet: equation (4.4), drawn in Figure 4.25."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.models.densenet import DenseNet


@dataclass(frozen=True)
class Importance:
    """Equation (4.4) for one dense block.

    `matrix` (maps, readers), float32: the mean squared weight of map i in column j's layer, 0 for maps that are not
    its input. `readers` names the columns: the block's layers by their numbers from 1, then the layer that follows the
    block. `origins` is the number of the layer that made each map, 0 for the block's input.
    """

    block: str
    matrix: Tensor
    readers: tuple[str, ...]
    origins: tuple[int, ...]

    def seen(self) -> Tensor:
        """Return which maps are inputs of each reader: bool (maps, readers)."""
        origins = torch.tensor(self.origins)[:, None]
        return origins < torch.arange(1, len(self.readers) + 1)[None]

    def normalised(self) -> Tensor:
        """Return the matrix with every column divided by its largest value, as Figure 4.25 shows it."""
        return self.matrix / self.matrix.amax(0).clamp_min(torch.finfo(self.matrix.dtype).tiny)

    def by_origin(self) -> Tensor:
        """Return the mean over the maps of one origin: (layers + 1, readers), row 0 being the block's input."""
        origins = torch.tensor(self.origins)
        return torch.stack([self.matrix[origins == origin].mean(0) for origin in range(int(origins.max()) + 1)])


def of(net: DenseNet) -> tuple[Importance, ...]:
    """Return the importance of the input feature maps in the three dense blocks of a DenseNet.

    With bottlenecks the readers are the 1x1 convolutions. The first block is also read by the first transition, the
    second by the second, and the third by the classifier.
    """
    blocks = (net.block1, net.block2, net.block3)
    last: tuple[tuple[str, Any], ...] = (
        ("transition", net.transition1.conv),
        ("transition", net.transition2.conv),
        ("classifier", net.output),
    )
    return tuple(
        _block(f"block {number}", list(cast(nn.Sequential, block)), name, reader)
        for number, (block, (name, reader)) in enumerate(zip(blocks, last, strict=True), start=1)
    )


def mean_square(layer: nn.Conv2d | nn.Linear) -> Tensor:
    """Return the mean squared weight of each input of a layer: float32 (inputs,), m of equation (4.4)."""
    weight = layer.weight.detach().float()
    return weight.square().flatten(2).mean((0, 2)) if weight.dim() > 2 else weight.square().mean(0)


def _block(name: str, layers: list[Any], last: str, reader: nn.Conv2d | nn.Linear) -> Importance:
    columns = [mean_square(layer.conv if layer.squeeze is None else layer.squeeze) for layer in layers]
    columns.append(mean_square(reader))
    matrix = torch.zeros(len(columns[-1]), len(columns))
    for place, column in enumerate(columns):
        matrix[: len(column), place] = column
    inputs = [len(column) for column in columns]
    origins = [0] * inputs[0]
    for number, (before, now) in enumerate(zip(inputs, inputs[1:], strict=False), start=1):
        origins += [number] * (now - before)
    readers = (*(str(number) for number in range(1, len(columns))), last)
    return Importance(name, matrix, readers, tuple(origins))
