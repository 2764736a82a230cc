"""A taught net as an ONNX file: pictures in, logits and the maps of the classes out."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core import onnx_files
from core.errors import UserError
from core.onnx_files import Graph
from core.trainers.trained import TrainedClassifier

TRACED_SIDES = (96, 128)  # px, of the picture that the graph is traced with
CHECKED_SIDES = ((96, 128), (224, 160))  # px
LEAST_SIDE, LARGEST_SIDE = 32, 2048  # px
TOLERANCE = 1e-2  # of a logit, by a net whose logits are some ten


class WithMaps(nn.Module):
    """A taught net that takes pictures in [0, 1] and returns its maps besides its logits."""

    def __init__(self, trained: TrainedClassifier) -> None:
        super().__init__()
        self.net = copy.deepcopy(trained.net).eval()
        self.register_buffer("mean", torch.tensor(trained.mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(trained.std).view(1, -1, 1, 1))

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (1, classes) and maps (1, classes, h, w) of `picture`, (1, 3, H, W) in [0, 1]."""
        maps = self.net.class_maps(self.net.features((picture - self.mean) / self.std))  # type: ignore[operator]
        return maps.mean((2, 3)), maps


def export(trained: TrainedClassifier, path: Path) -> None:
    """Write a taught net in float32 as ONNX to `path` and compare it with PyTorch where ONNX Runtime is installed.

    Input: `picture`, (1, 3, H, W) in [0, 1], RGB. Outputs: `logits`, (1, classes), and `maps`, (1, classes, h, w); the
    mean of a map is the logit. The file's metadata have the names of the classes. Raises UserError where a package is
    missing, nothing can be written, or the two differ.
    """
    sides = {2: torch.export.Dim("rows", min=LEAST_SIDE, max=LARGEST_SIDE)}
    sides |= {3: torch.export.Dim("columns", min=LEAST_SIDE, max=LARGEST_SIDE)}
    net = WithMaps(trained)
    graph = Graph(("picture",), ("logits", "maps"), {"picture": sides})
    onnx_files.write(net, (torch.rand(1, 3, *TRACED_SIDES),), path, graph)
    _name_classes(path, trained.classes)
    greatest = difference(net, path)
    if greatest is not None and greatest > TOLERANCE:
        raise UserError(f"{path.name} answers up to {greatest:.2g} unlike PyTorch; update onnxruntime.")


def exported(trained: TrainedClassifier) -> bytes:
    """Return the bytes of the file that `export` writes. Raises UserError as that does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.onnx")
        export(trained, path)
        return path.read_bytes()


def _name_classes(path: Path, classes: tuple[str, ...]) -> None:
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"classes": "\n".join(classes)})
    onnx.save(model, path)


def difference(net: WithMaps, path: Path) -> float | None:
    """Return the greatest difference of an exported net from `net`, in logits and maps; None without ONNX Runtime."""
    session = onnx_files.session(path)
    if session is None:
        return None
    greatest = 0.0
    for sides in CHECKED_SIDES:
        picture = torch.rand(1, 3, *sides, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            ours = [tensor.numpy() for tensor in net(picture)]
        theirs = session.run(None, {"picture": picture.numpy()})
        greatest = max(greatest, *(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True)))
    return greatest
