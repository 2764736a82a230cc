"""The structure of a net, read from a forward pass: operations, blocks of them, and stages of equal blocks.

No net is treated by name. One empty image goes through the net, every operation on it is recorded with its inputs, and
the modules in which it happens determine which operations belong together.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from torch import nn

from core.models import forward_pass
from core.models.forward_pass import MERGING, Call, Operation, Shape, Step

_ACTIVATING = ("batch normalisation", "ReLU", "ReLU6", "GELU", "scaling", "shift")
_CONTAINERS = (nn.Sequential, nn.ModuleList)


class Costs(ABC):
    """The total cost of operations."""

    @abstractmethod
    def all_operations(self) -> tuple[Operation, ...]:
        """Return all its operations, in order."""

    @property
    def parameters(self) -> int:
        """Return the number of trainable parameters."""
        return sum(operation.parameters for operation in self.all_operations())

    @property
    def multiply_adds(self) -> int:
        """Return the multiply-adds of convolutions and linear layers in one forward pass of one image."""
        return sum(operation.multiply_adds for operation in self.all_operations())


@dataclass(frozen=True)
class Block(Costs):
    """Operations that belong to one module, in order; `first` is the place of the first in `Blueprint.operations`."""

    path: str
    type: str
    first: int
    operations: tuple[Operation, ...]

    def all_operations(self) -> tuple[Operation, ...]:
        return self.operations

    @property
    def output(self) -> Shape:
        """Return the shape of the output: (C, H, W), or (F,) after flattening."""
        return self.operations[-1].output

    @property
    def shortcut(self) -> str | None:
        """Return the kind of skip connection: "addition" (residual), "concatenation" (dense), or None."""
        merges = [operation.kind for operation in self.operations if operation.kind in MERGING]
        return merges[-1] if merges else None

    @property
    def weighted(self) -> tuple[Operation, ...]:
        """Return the convolutions and linear layers on the longest path: without those of a shortcut."""
        main = set(self.main_path())
        return tuple(
            operation for place, operation in enumerate(self.operations) if operation.weighted and place in main
        )

    def main_path(self) -> tuple[int, ...]:
        """Return the indices, within the block, of the operations on the longest path."""
        longest: list[tuple[int, ...]] = []
        for place, operation in enumerate(self.operations):
            before = [longest[source - self.first] for source in operation.inputs if source >= self.first]
            longest.append((*max(before, key=len, default=()), place))
        return longest[-1]

    @property
    def title(self) -> str:
        """Return the kind of block in words, derived from its operations."""
        kernels = [operation.kernel for operation in self.weighted]
        if self.shortcut == "addition":
            return "bottleneck block" if kernels[:1] == [1] else "residual block"
        if self.shortcut == "concatenation":
            return "bottleneck dense layer" if kernels[:1] == [1] else "dense layer"
        if self.type:
            return self.type
        if not self.weighted:
            return self.operations[0].kind
        return self.weighted[0].kind if len(self.weighted) == 1 else f"{len(self.weighted)} convolutions"


@dataclass(frozen=True)
class Stage(Costs):
    """Consecutive blocks of one kind with outputs of one size; `joint` operations lead to the next stage."""

    name: str
    blocks: tuple[Block, ...]
    joint: tuple[Operation, ...] = ()

    @property
    def title(self) -> str:
        """Return the kind of its blocks; the first may differ in its shortcut."""
        return self.blocks[-1].title

    def all_operations(self) -> tuple[Operation, ...]:
        return (*(operation for block in self.blocks for operation in block.operations), *self.joint)

    @property
    def output(self) -> Shape:
        """Return the shape of the output of its last block."""
        return self.blocks[-1].output


@dataclass(frozen=True)
class Blueprint(Costs):
    """A net for images of shape `image` (C, H, W): its operations in order, and the stages that they make up."""

    image: Shape
    operations: tuple[Operation, ...]
    stages: tuple[Stage, ...]

    def all_operations(self) -> tuple[Operation, ...]:
        return self.operations


def read(net: nn.Module, channels: int, side: int) -> Blueprint:
    """Return the blueprint of a net for images (channels, side, side), by `forward_pass.record`.

    The net may be on the meta device; it must not be in use elsewhere meanwhile.
    """
    steps = forward_pass.record(net, channels, side)
    operations = tuple(step.operation for step in steps)
    return Blueprint((channels, side, side), operations, tuple(_stages(_parts(net, steps))))


@dataclass(frozen=True)
class _Part:
    """A block with the container that it stands in, or a joint: operations without weights between two blocks."""

    block: Block
    container: str | None  # None: a block of the net's own operations
    is_joint: bool = False


def _parts(net: nn.Module, steps: list[Step]) -> list[_Part]:
    """Return the pass cut into blocks: one for each module, and one a layer for operations of the net itself."""
    modules = dict(net.named_modules())
    parts: list[_Part] = []
    start = 0
    while start < len(steps):
        owner = _owner(modules, steps[start])
        end = start + 1
        while end < len(steps) and _owner(modules, steps[end]) == owner:
            end += 1
        if owner is None:
            parts += _of_the_net_itself(steps, start, end)
        else:
            type_ = type(modules[owner.path])
            # A Sequential is only a list: its contents determine the kind.
            word = "" if type_ in _CONTAINERS else type_.__name__.strip("_").lower()
            operations = tuple(step.operation for step in steps[start:end])
            container = owner.path.rpartition(".")[0]
            parts.append(_Part(Block(owner.path, word, start, operations), container))
        start = end
    return parts


def _owner(modules: dict[str, nn.Module], step: Step) -> Call | None:
    """Return the module whose block an operation belongs to: the outermost that is more than a list of others."""
    for call in step.calls:
        module = modules[call.path]
        children = list(module.children())
        if call.path == "" or not children:
            continue
        if isinstance(module, _CONTAINERS) and any(list(child.children()) for child in children):
            continue
        return call
    return None


def _of_the_net_itself(steps: list[Step], start: int, end: int) -> list[_Part]:
    """Return blocks of one convolution or linear layer with its normalisation and activation; others are joints."""
    parts: list[_Part] = []
    for place in range(start, end):
        operation = steps[place].operation
        activates = operation.kind in _ACTIVATING and bool(parts) and not parts[-1].is_joint
        joins = not operation.weighted and not activates
        extends = not operation.weighted and bool(parts) and parts[-1].is_joint == joins
        before = parts.pop().block if extends else Block(operation.path, "", place, ())
        parts.append(_Part(replace(before, operations=(*before.operations, operation)), None, joins))
    return parts


def _stages(parts: list[_Part]) -> list[Stage]:
    """Return blocks of one container and type whose outputs are of one size, with the joint that follows them."""
    stages: list[Stage] = []
    last: tuple | None = None
    for part in parts:
        block = part.block
        if part.is_joint and stages:
            stages[-1] = replace(stages[-1], joint=(*stages[-1].joint, *block.operations))
            last = None
            continue
        key = None if part.container is None else (part.container, block.type, block.output[1:])
        if key is not None and key == last:
            stages[-1] = Stage(part.container or block.path, (*stages[-1].blocks, block))
        else:
            stages.append(Stage(block.path, (block,)))
        last = key
    return stages
