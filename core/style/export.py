"""Style networks as ONNX files, for programs without PyTorch: one file paints every style and every blend of them.

The scales and shifts of the normalisations (equation 5.13) are inputs of the graph, so that whoever runs it blends rows
as equation 5.14 says. The table of the rows is written beside it.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core import onnx_files
from core.errors import UserError
from core.onnx_files import Graph
from core.style.network import ConditionalNorm, PasticheNet
from core.style.rows import Rows

MULTIPLE = 4  # of pixels in each side of a picture: two halvings and two doublings
MOST_BLOCKS = 4096  # in each side of a picture
TRACED_SIDES = (64, 96)  # px, of the picture that the graph is traced with
CHECKED_SIDES = ((64, 96), (128, 80))  # px
TOLERANCE = 1e-3  # of 0 to 1: a quarter of a step of 8 bits


class BlendedNet(nn.Module):
    """A style network whose scales and shifts are given with each picture, (1, C) over all normalisations in order."""

    def __init__(self, net: PasticheNet) -> None:
        super().__init__()
        alone = PasticheNet(1, net.width)
        convolutions = {name: tensor for name, tensor in net.state_dict().items() if ".norm." not in name}
        alone.load_state_dict(convolutions, strict=False)
        self.net = alone.requires_grad_(False)
        self.norms = norm_names(net)
        self.maps = [net.get_submodule(name).get_parameter("scale").shape[1] for name in self.norms]
        self.eval()

    def forward(self, picture: Tensor, scales: Tensor, shifts: Tensor) -> Tensor:
        """Return `picture`, (1, 3, H, W) in [0, 1], painted: the same shape, not clamped."""
        row: dict[str, Tensor] = {}
        parts = zip(self.norms, scales.split(self.maps, 1), shifts.split(self.maps, 1), strict=True)
        for name, scale, shift in parts:
            row |= {f"{name}.scale": scale, f"{name}.shift": shift}
        return torch.func.functional_call(self.net, row, (picture, torch.ones(1, 1)))


def norm_names(net: PasticheNet) -> list[str]:
    """Return the names of the conditional normalisations of a net, in order."""
    return [name for name, module in net.named_modules() if isinstance(module, ConditionalNorm)]


def table(net: PasticheNet) -> tuple[Tensor, Tensor]:
    """Return the scales and the shifts of all rows of a net, each float32 (rows, C) over all normalisations."""
    norms = [net.get_submodule(name) for name in norm_names(net)]
    scales, shifts = (torch.cat([norm.get_parameter(what) for norm in norms], 1) for what in ("scale", "shift"))
    return scales.detach().float(), shifts.detach().float()


def export(net: PasticheNet, rows: Rows, path: Path) -> Path:
    """Write a net in float32 as ONNX to `path`; return the file of its rows beside it.

    Inputs: `picture`, (1, 3, H, W) in [0, 1], both sides multiples of 4 and at least 8; `scales` and `shifts`, (1, C).
    Output: `painting`, as the picture. The file of the rows is NumPy's .npz: `names` (rows,), `scales` and `shifts`
    (rows, C); a blend is a weighted mean of its rows. Raises UserError where a package is missing or nothing can be
    written.
    """
    scales, shifts = table(net)
    block = {2: MULTIPLE * torch.export.Dim("rows", min=2, max=MOST_BLOCKS)}
    block |= {3: MULTIPLE * torch.export.Dim("columns", min=2, max=MOST_BLOCKS)}
    shapes = {"picture": block, "scales": None, "shifts": None}
    example = (torch.rand(1, 3, *TRACED_SIDES), scales[:1], shifts[:1])
    onnx_files.write(BlendedNet(net), example, path, Graph(tuple(shapes), ("painting",), shapes))
    beside = path.with_suffix(".npz")
    try:
        np.savez(beside, names=np.array(rows.names), scales=scales.numpy(), shifts=shifts.numpy())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{path} cannot be written ({reason}): choose a folder that exists and is yours.") from error
    return beside


def difference(net: PasticheNet, path: Path) -> float | None:
    """Return the greatest difference, of 0 to 1, of an exported net from `net` in float32; None without ONNX Runtime.

    It is that of all rows blended evenly, on noise of two sizes.
    """
    session = onnx_files.session(path)
    if session is None:
        return None
    blend = torch.full((1, net.styles), 1 / net.styles)
    scales, shifts = ((blend @ rows).numpy() for rows in table(net))
    greatest = 0.0
    for sides in CHECKED_SIDES:
        picture = torch.rand(1, 3, *sides, generator=torch.Generator().manual_seed(0))
        given = {"picture": picture.numpy(), "scales": scales, "shifts": shifts}
        with torch.no_grad():
            painted = net(picture, blend).numpy()
        greatest = max(greatest, float(np.abs(session.run(None, given)[0] - painted).max()))
    return greatest
