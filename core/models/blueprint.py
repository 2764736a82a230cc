"""What a net is made of, read from its own forward pass: operations, blocks of them, and stages of like blocks.

Nothing here knows a net by name. One empty image goes through the net, every operation on it is written down with its
inputs, and the modules in which it happens say which operations belong together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Shape = tuple[int, ...]

IMAGE = -1  # stands among an operation's inputs for the image itself

_KINDS = {
    "conv2d": "convolution",
    "linear": "linear layer",
    "batch_norm": "batch normalisation",
    "relu": "ReLU",
    "gelu": "GELU",
    "max_pool2d": "max pooling",
    "max_pool2d_with_indices": "max pooling",
    "avg_pool2d": "average pooling",
    "adaptive_avg_pool2d": "global average pooling",
    "adaptive_max_pool2d": "global max pooling",
    "dropout": "dropout",
    "add": "addition",
    "iadd": "addition",
    "radd": "addition",
    "cat": "concatenation",
    "concat": "concatenation",
    "mul": "scaling",
    "rmul": "scaling",
    "truediv": "scaling",
}
# These only say the same numbers in another layout.
_LAYOUTS = {"flatten", "view", "reshape", "contiguous", "squeeze", "unsqueeze", "to", "clone", "detach"}
_WEIGHTED = ("convolution", "linear layer")
_ACTIVATING = ("batch normalisation", "ReLU", "GELU", "scaling", "shift")
_MERGING = ("addition", "concatenation")
_CONTAINERS = (nn.Sequential, nn.ModuleList)


@dataclass(frozen=True)
class Operation:
    """One operation on the image or its maps.

    `path` is the module in which it happens ("stack1.0.conv1"; "" for the net itself), `detail` its sizes in words.
    `output` is (C, H, W) or (F,). `inputs` are places in `Blueprint.operations`, or IMAGE.
    """

    kind: str
    detail: str
    path: str
    output: Shape
    inputs: tuple[int, ...]
    parameters: int
    multiply_adds: int
    kernel: int = 0

    @property
    def weighted(self) -> bool:
        """Whether it is a convolution or a linear layer, which depth counts."""
        return self.kind in _WEIGHTED


@dataclass(frozen=True)
class Block:
    """Operations that belong to one module, in order; `first` is the place of the first in `Blueprint.operations`."""

    path: str
    type: str
    first: int
    operations: tuple[Operation, ...]

    @property
    def parameters(self) -> int:
        """How many numbers of it training may change."""
        return sum(operation.parameters for operation in self.operations)

    @property
    def multiply_adds(self) -> int:
        """Of its convolutions and linear layers, for one image."""
        return sum(operation.multiply_adds for operation in self.operations)

    @property
    def output(self) -> Shape:
        """The shape it hands on: (C, H, W), or (F,) after flattening."""
        return self.operations[-1].output

    @property
    def shortcut(self) -> str | None:
        """How its input gets past it: "addition" (residual), "concatenation" (dense), or not at all."""
        merges = [operation.kind for operation in self.operations if operation.kind in _MERGING]
        return merges[-1] if merges else None

    @property
    def weighted(self) -> tuple[Operation, ...]:
        """Its convolutions and linear layers on the longest way through it: without those of a shortcut."""
        main = set(self.main_path())
        return tuple(
            operation for place, operation in enumerate(self.operations) if operation.weighted and place in main
        )

    def main_path(self) -> tuple[int, ...]:
        """Places, within the block, of the operations on the longest way through it."""
        longest: list[tuple[int, ...]] = []
        for place, operation in enumerate(self.operations):
            before = [longest[source - self.first] for source in operation.inputs if source >= self.first]
            longest.append((*max(before, key=len, default=()), place))
        return longest[-1]

    @property
    def title(self) -> str:
        """What it is, in words that follow from what it does."""
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
class Stage:
    """Like blocks in a row that hand on maps of the same size, and what happens between them and the next stage."""

    name: str
    blocks: tuple[Block, ...]
    joint: tuple[Operation, ...] = ()

    @property
    def title(self) -> str:
        """What its blocks are, the first of which may differ in its shortcut."""
        return self.blocks[-1].title

    @property
    def parameters(self) -> int:
        """How many numbers of it training may change."""
        return sum(block.parameters for block in self.blocks) + sum(step.parameters for step in self.joint)

    @property
    def multiply_adds(self) -> int:
        """Of its convolutions and linear layers, for one image."""
        return sum(block.multiply_adds for block in self.blocks)

    @property
    def output(self) -> Shape:
        """The shape that its last block hands on."""
        return self.blocks[-1].output


@dataclass(frozen=True)
class Blueprint:
    """A net for images of shape `image` (C, H, W): its operations in order, and the stages that they make up."""

    image: Shape
    operations: tuple[Operation, ...]
    stages: tuple[Stage, ...]

    @property
    def parameters(self) -> int:
        """How many numbers training may change."""
        return sum(operation.parameters for operation in self.operations)

    @property
    def multiply_adds(self) -> int:
        """Of convolutions and linear layers in one forward pass of one image."""
        return sum(operation.multiply_adds for operation in self.operations)


def read(net: nn.Module, channels: int, side: int) -> Blueprint:
    """The blueprint of a net for images (channels, side, side).

    The net may be on the meta device, where even the largest costs no memory. It is hooked for the length of one
    forward pass in evaluation mode, so it must not be in use elsewhere. Biases, normalisation and pooling are not
    counted as multiply-adds, as is usual.
    """
    called = _Calls(net)
    was_training = net.training
    net.eval()
    image = torch.zeros(1, channels, side, side, device=next(net.parameters()).device)
    try:
        with called, torch.no_grad(), _Recorder(net, image, called.now) as recorder:
            net(image)
    finally:
        net.train(was_training)
    operations = tuple(step.operation for step in recorder.steps)
    return Blueprint((channels, side, side), operations, tuple(_stages(_parts(net, recorder.steps))))


@dataclass(frozen=True)
class _Call:
    """A module at work: its path, and which call of the pass it is."""

    path: str
    number: int


@dataclass(frozen=True)
class _Step:
    operation: Operation
    calls: tuple[_Call, ...]


class _Calls:
    """Which modules are at work, outermost first, while it is entered."""

    def __init__(self, net: nn.Module) -> None:
        self.now: list[_Call] = []
        self._net = net
        self._count = 0
        self._hooks: list[Any] = []

    def __enter__(self) -> "_Calls":
        for path, module in self._net.named_modules():
            self._hooks.append(module.register_forward_pre_hook(self._entering(path)))
            self._hooks.append(module.register_forward_hook(self._left))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _entering(self, path: str) -> Callable[..., None]:
        def enter(*_: object) -> None:
            self._count += 1
            self.now.append(_Call(path, self._count))

        return enter

    def _left(self, *_: object) -> None:
        self.now.pop()


class _Recorder(TorchFunctionMode):
    """Writes down every operation on the image and on what comes of it."""

    def __init__(self, net: nn.Module, image: Tensor, now: list[_Call]) -> None:
        super().__init__()
        self.steps: list[_Step] = []
        self._now = now
        self._counted: set[int] = set()
        # Tensors are known by their ids, which hold only while the tensors themselves are kept.
        self._kept: list[Tensor] = [image]
        self._sources: dict[int, tuple[int, ...]] = {id(image): (IMAGE,)}
        # Weights, and tensors made of weights alone: the operation on the image that takes one is theirs.
        self._weights: dict[int, tuple[Tensor, ...]] = {id(weight): (weight,) for weight in net.parameters()}

    def __torch_function__(
        self, func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").strip("_")
        result = _without_numbers(name, args, kwargs)
        if result is None:
            result = func(*args, **kwargs)
        if isinstance(result, Tensor):
            self._write(name, args, kwargs, result)
        return result

    def _write(self, name: str, args: tuple, kwargs: dict[str, Any], result: Tensor) -> None:
        given = _tensors((*args, *kwargs.values()))
        sources = [source for tensor in given for source in self._sources.get(id(tensor), ())]
        weights = [weight for tensor in given for weight in self._weights.get(id(tensor), ())]
        self._kept.append(result)
        if not sources:
            self._weights[id(result)] = tuple(weights)
            return
        if not self._changes_nothing(name, args, kwargs):
            operation = _operation(name, args, kwargs, result, tuple(dict.fromkeys(sources)), self._count(weights))
            path = self._now[-1].path if self._now else ""
            self.steps.append(_Step(Operation(**operation, path=path), tuple(self._now)))
            sources = [len(self.steps) - 1]
        self._sources[id(result)] = tuple(sources)

    def _changes_nothing(self, name: str, args: tuple, kwargs: dict[str, Any]) -> bool:
        return name in _LAYOUTS or (name == "dropout" and _argument(args, kwargs, 1, "p", 0.5) == 0)

    def _count(self, weights: list[Tensor]) -> int:
        new = {id(weight): weight.numel() for weight in weights if id(weight) not in self._counted}
        self._counted |= set(new)
        return sum(new.values())


def _without_numbers(name: str, args: tuple, kwargs: dict[str, Any]) -> Tensor | None:
    """What an operation of the nets gives on the meta device: only a shape. None where torch must say it.

    Of these torch could say it as well, but it would load its compiler first, which takes seconds.
    """
    tensors = _tensors((*args, *kwargs.values()))
    if not tensors or not all(tensor.is_meta for tensor in tensors):
        return None
    if name == "batch_norm":
        return torch.empty(tensors[0].shape, device="meta")
    if name == "linear":
        return torch.empty((*tensors[0].shape[:-1], len(tensors[1])), device="meta")
    if name == "adaptive_avg_pool2d":
        size = _argument(args, kwargs, 1, "output_size")
        return torch.empty((*tensors[0].shape[:-2], _each(size, 0), _each(size, 1)), device="meta")
    if name in ("add", "radd", "mul", "rmul"):
        return torch.empty(np.broadcast_shapes(*(tuple(tensor.shape) for tensor in tensors)), device="meta")
    padding = _argument(args, kwargs, 4, "padding", 0)
    if name != "conv2d" or isinstance(padding, str):
        return None
    stride, dilation = _argument(args, kwargs, 3, "stride", 1), _argument(args, kwargs, 5, "dilation", 1)
    image, weight = tensors[:2]
    sides = [
        (image.shape[2 + i] + 2 * _each(padding, i) - _each(dilation, i) * (weight.shape[2 + i] - 1) - 1)
        // _each(stride, i)
        + 1
        for i in range(2)
    ]
    return torch.empty((len(image), len(weight), *sides), device="meta")


def _each(value: Any, place: int) -> int:
    """Of a size given once for both directions or once for each, that of direction `place`."""
    return int(value[place] if len(value) > 1 else value[0]) if isinstance(value, list | tuple) else int(value)


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _tensors(value)
    return found


def _argument(args: tuple, kwargs: dict[str, Any], place: int, name: str, default: Any = None) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, default)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) else value


def _operation(
    name: str, args: tuple, kwargs: dict[str, Any], result: Tensor, inputs: tuple[int, ...], parameters: int
) -> dict[str, Any]:
    """The fields of an Operation but its path."""
    kind = _KINDS.get(name, name)
    kernel, detail, multiply_adds = 0, "", 0
    if kind in _WEIGHTED:
        weight: Tensor = _argument(args, kwargs, 1, "weight")
        multiply_adds = result[0].numel() * weight[0].numel()
        detail = f"{weight.shape[1]} → {weight.shape[0]}"
    if kind == "convolution":
        kernel = weight.shape[-1]
        stride, groups = _first(_argument(args, kwargs, 3, "stride", 1)), _argument(args, kwargs, 6, "groups", 1)
        detail = f"{kernel}×{kernel}, {weight.shape[1] * groups} → {weight.shape[0]}"
        detail += f", stride {stride}" if stride != 1 else ""
        detail += f", {groups} groups" if groups != 1 else ""
    elif kind in ("max pooling", "average pooling"):
        kernel = _first(_argument(args, kwargs, 1, "kernel_size"))
        stride = _first(_argument(args, kwargs, 2, "stride")) or kernel
        detail = f"{kernel}×{kernel}, stride {stride}"
    elif kind == "dropout":
        detail = f"{100 * _argument(args, kwargs, 1, 'p', 0.5):g} %"
    elif kind in _MERGING and len(inputs) < 2:
        kind = "shift"  # by a number, or by a weight
    return {
        "kind": kind,
        "detail": detail,
        "output": tuple(result.shape[1:]),
        "inputs": inputs,
        "parameters": parameters,
        "multiply_adds": multiply_adds,
        "kernel": kernel,
    }


@dataclass(frozen=True)
class _Part:
    """A block with the container that it stands in, or a joint: operations without weights between two blocks."""

    block: Block
    container: str | None  # None: a block of the net's own operations
    is_joint: bool = False


def _parts(net: nn.Module, steps: list[_Step]) -> list[_Part]:
    """The pass cut into blocks: a module's operations make one; those of the net itself make one a layer."""
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
            # A Sequential is only a list: what stands in it says what it is.
            word = "" if type_ in _CONTAINERS else type_.__name__.strip("_").lower()
            operations = tuple(step.operation for step in steps[start:end])
            container = owner.path.rpartition(".")[0]
            parts.append(_Part(Block(owner.path, word, start, operations), container))
        start = end
    return parts


def _owner(modules: dict[str, nn.Module], step: _Step) -> _Call | None:
    """The module whose block an operation belongs to: the outermost that is more than a list of others."""
    for call in step.calls:
        module = modules[call.path]
        children = list(module.children())
        if call.path == "" or not children:
            continue
        if isinstance(module, _CONTAINERS) and any(list(child.children()) for child in children):
            continue
        return call
    return None


def _of_the_net_itself(steps: list[_Step], start: int, end: int) -> list[_Part]:
    """Blocks of one convolution or linear layer with what normalises and activates it; the rest joins two blocks."""
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
    """Blocks of one container and type whose outputs are of one size, with the joint that follows them."""
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
