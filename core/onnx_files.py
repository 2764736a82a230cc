"""Nets as ONNX files, for programs without PyTorch. The packages are optional; without them a sentence says so."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

PACKAGES = ("onnx", "onnxscript")  # of which torch.onnx makes its graphs
OPSET = 21  # the first whose GroupNormalization has a scale and a shift per channel


@dataclass(frozen=True)
class Graph:
    """The names of a graph's inputs and outputs; `dynamic_shapes` by input as `torch.onnx.export` takes them."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    dynamic_shapes: dict[str, Any]


def check_packages() -> None:
    """Raise UserError where the packages are not installed."""
    missing = [package for package in PACKAGES if not find_spec(package)]
    if missing:
        raise UserError(f"An ONNX file needs {' and '.join(missing)}, not installed here: pip install onnx onnxscript.")


def write(net: nn.Module, example: tuple[Tensor, ...], path: Path, graph: Graph) -> None:
    """Write a net in evaluation mode, traced with the inputs `example`, as ONNX to `path`.

    Raises UserError as `check_packages` does, for a name that does not end in .onnx, and where nothing can be written.
    """
    import torch

    check_packages()
    if path.suffix != ".onnx":
        raise UserError(f"{path.name} does not end in .onnx; give the file a name that does.")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            torch.onnx.export(
                net,
                example,
                path,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                dynamic_shapes=graph.dynamic_shapes,
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{path} cannot be written ({reason}): choose a folder that exists and is yours.") from error


def session(path: Path) -> Any:
    """Return ONNX Runtime's session of a file on the processor; None where it is not installed."""
    if not find_spec("onnxruntime"):
        return None
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
