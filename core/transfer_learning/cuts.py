"""Cuts at which a net's features are read, from the image itself to the input of its head (chapter 5, transfer
learning): the features at a cut are the averages of its feature maps over all positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.models import blueprint
from core.models.blueprint import Stage

IMAGE = "image"
BLOCKS = 4  # of a stage at most: deep nets change little from one to the next


@dataclass(frozen=True)
class Cut:
    """A place behind some layers: `name` is the last module before it, `reader` the one that reads the maps there.

    Without a `reader` it is what the net's `features` gives. `depth` counts layers with weights, `parameters` and
    `multiply_adds` (of one image) all that comes before the cut; `width` is how many numbers the features are.
    """

    name: str
    reader: str
    depth: int
    parameters: int
    multiply_adds: int
    width: int


def cuts(net: nn.Module, channels: int, side: int) -> tuple[Cut, ...]:
    """Return the cuts of a net for images (channels, side, side), the image itself first, the input of the head last.

    A stage with more than BLOCKS blocks has cuts behind some of them, evenly spread, the last one among them. The net
    may be on the meta device.
    """
    heads: Any = net
    plan = blueprint.read(net, channels, side)
    blocks = [(stage, block) for stage in plan.stages for block in stage.blocks if len(block.output) == 3]
    places = [Cut(IMAGE, "", 0, 0, 0, channels)]
    depth = parameters = multiply_adds = 0
    for (stage, block), (_, reader) in zip(blocks, blocks[1:], strict=False):
        depth += len(block.weighted)
        parameters += block.parameters
        multiply_adds += block.multiply_adds
        if stage.blocks.index(block) in _places(len(stage.blocks)):
            places.append(Cut(block.path, reader.path, depth, parameters, multiply_adds, block.output[0]))
    last = blocks[-1][1]
    inside = [layer for layer in heads.head_layers if layer.startswith(f"{last.path}.")]
    return (*places, _last(net, plan.stages, last.path, inside[0] if inside else "", last.output[0]))


def _places(blocks: int) -> set[int]:
    """Return the places of the blocks of a stage behind which a cut is made."""
    number = min(blocks, BLOCKS)
    return {round((place + 1) * blocks / number) - 1 for place in range(number)}


def _last(net: nn.Module, stages: Sequence[Stage], name: str, reader: str, width: int) -> Cut:
    """Return the cut before the head; `width` is that of its last maps, unless the head begins within their module."""
    heads: Any = net
    operations = [operation for stage in stages for block in stage.blocks for operation in block.weighted]
    before = [operation for operation in operations if operation.path not in heads.head_layers]
    everything = sum(tensor.numel() for tensor in net.parameters())
    of_head = sum(tensor.numel() for layer in heads.head_layers for tensor in net.get_submodule(layer).parameters())
    work = sum(block.multiply_adds for stage in stages for block in stage.blocks)
    work -= sum(operation.multiply_adds for operation in operations if operation.path in heads.head_layers)
    width = before[-1].output[0] if reader else width
    return Cut(name, reader, len(before), everything - of_head, work, width)


@torch.inference_mode()
def features(net: nn.Module, x: Tensor, at: Sequence[Cut]) -> list[Tensor]:
    """Compute the features of normalised images (N, channels, H, W) at each cut, float32 (N, width), in one pass.

    The net is in evaluation mode, with hooks, for the length of the call, and left as it was.
    """
    whole: Any = net
    by_cut: dict[Cut, Tensor] = {cut: _averaged(x) for cut in at if cut.name == IMAGE}
    was_training = net.training
    net.eval()
    hooks = [
        net.get_submodule(cut.reader).register_forward_pre_hook(
            lambda _, inputs, cut=cut: by_cut.update({cut: _averaged(inputs[0])})
        )
        for cut in at
        if cut.reader
    ]
    try:
        last = _averaged(whole.features(x))
    finally:
        for hook in hooks:
            hook.remove()
        net.train(was_training)
    return [by_cut.get(cut, last) for cut in at]


def _averaged(maps: Tensor) -> Tensor:
    return maps.float().mean((-2, -1))
