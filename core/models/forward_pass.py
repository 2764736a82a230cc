"""A record of one forward pass of a net, operation by operation.

One empty image goes through the net; every operation on it is recorded with its inputs, its cost and the modules in
which it happens.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Shape = tuple[int, ...]

IMAGE = -1  # the image itself, among an operation's inputs

_KINDS = {
    "conv2d": "convolution",
    "linear": "linear layer",
    "batch_norm": "batch normalisation",
    "relu": "ReLU",
    "relu6": "ReLU6",
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
# These change only the layout, the precision or the extent.
_LAYOUTS = {
    *("flatten", "view", "reshape", "contiguous", "squeeze", "unsqueeze"),
    *("to", "float", "clone", "detach", "getitem"),
}
_WEIGHTED = ("convolution", "linear layer")
MERGING = ("addition", "concatenation")


@dataclass(frozen=True)
class Operation:
    """One operation on the image or its maps.

    `path` is the module in which it happens ("stack1.0.conv1"; "" for the net itself), `detail` its sizes in words.
    `output` is (C, H, W) or (F,). `inputs` are indices in `Blueprint.operations`, or IMAGE.
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
        """Return whether it is a convolution or a linear layer, which depth counts."""
        return self.kind in _WEIGHTED


@dataclass(frozen=True)
class Call:
    """A call of a module: its path, and the number of the call in the pass."""

    path: str
    number: int


@dataclass(frozen=True)
class Step:
    """An operation, and the calls of modules in which it happened, outermost first."""

    operation: Operation
    calls: tuple[Call, ...]


def record(net: nn.Module, channels: int, side: int) -> list[Step]:
    """Return every operation on an image (channels, side, side), in order.

    The net may be on the meta device, where even the largest costs no memory. It is hooked for the length of one
    forward pass in evaluation mode, so it must not be in use elsewhere. Biases, normalisation and pooling are not
    counted as multiply-adds, as is usual.
    """
    calls = _Calls(net)
    was_training = net.training
    net.eval()
    image = torch.zeros(1, channels, side, side, device=next(net.parameters()).device)
    try:
        with calls, torch.no_grad(), _Recorder(net, image, calls.now) as recorder:
            net(image)
    finally:
        net.train(was_training)
    return recorder.steps


class _Calls:
    """Context manager that keeps the current calls of modules in `now`, outermost first."""

    def __init__(self, net: nn.Module) -> None:
        self.now: list[Call] = []
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
            self.now.append(Call(path, self._count))

        return enter

    def _left(self, *_: object) -> None:
        self.now.pop()


class _Recorder(TorchFunctionMode):
    """Records every operation on the image and on tensors computed from it."""

    def __init__(self, net: nn.Module, image: Tensor, now: list[Call]) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._now = now
        self._counted: set[int] = set()
        # Tensors are identified by their ids, which are unique only while the tensors are alive.
        self._alive: list[Tensor] = [image]
        self._sources: dict[int, tuple[int, ...]] = {id(image): (IMAGE,)}
        # Weights, and tensors made of weights alone; they count for the first operation on the image that uses them.
        self._weights: dict[int, tuple[Tensor, ...]] = {id(weight): (weight,) for weight in net.parameters()}

    def __torch_function__(
        self, func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").strip("_")
        result = _meta_result(name, args, kwargs)
        if result is None:
            result = func(*args, **kwargs)
        if isinstance(result, Tensor):
            self._record(name, args, kwargs, result)
        return result

    def _record(self, name: str, args: tuple, kwargs: dict[str, Any], result: Tensor) -> None:
        tensors = _tensors((*args, *kwargs.values()))
        sources = [source for tensor in tensors for source in self._sources.get(id(tensor), ())]
        weights = [weight for tensor in tensors for weight in self._weights.get(id(tensor), ())]
        self._alive.append(result)
        if not sources:
            self._weights[id(result)] = tuple(weights)
            return
        if not self._changes_nothing(name, args, kwargs):
            operation = _operation(name, args, kwargs, result, tuple(dict.fromkeys(sources)), self._count(weights))
            path = self._now[-1].path if self._now else ""
            self.steps.append(Step(Operation(**operation, path=path), tuple(self._now)))
            sources = [len(self.steps) - 1]
        self._sources[id(result)] = tuple(sources)

    def _changes_nothing(self, name: str, args: tuple, kwargs: dict[str, Any]) -> bool:
        return name in _LAYOUTS or (name == "dropout" and _argument(args, kwargs, 1, "p", 0.5) == 0)

    def _count(self, weights: list[Tensor]) -> int:
        new = {id(weight): weight.numel() for weight in weights if id(weight) not in self._counted}
        self._counted |= set(new)
        return sum(new.values())


def _meta_result(name: str, args: tuple, kwargs: dict[str, Any]) -> Tensor | None:
    """Return the result of a common operation on the meta device, where a tensor is only a shape; None for others.

    torch computes them as well, but loads its compiler first, which takes seconds.
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
    """Return the size in direction `place` of a size for both directions or of one for each."""
    return int(value[place] if len(value) > 1 else value[0]) if isinstance(value, list | tuple) else int(value)


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    tensors = []
    for value in values:
        if isinstance(value, Tensor):
            tensors.append(value)
        elif isinstance(value, list | tuple):
            tensors += _tensors(value)
    return tensors


def _argument(args: tuple, kwargs: dict[str, Any], place: int, name: str, default: Any = None) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, default)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) else value


def _operation(
    name: str, args: tuple, kwargs: dict[str, Any], result: Tensor, inputs: tuple[int, ...], parameters: int
) -> dict[str, Any]:
    """Return the fields of an Operation but its path."""
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
        detail = f"{100 * _argument(args, kwargs, 1, 'p', 0.5):g}%"
    elif kind in MERGING and len(inputs) < 2:
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
