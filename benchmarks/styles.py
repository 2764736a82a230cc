"""`python -m benchmarks.styles`: how near a pastiche net comes to each painting, and what it leaves of the photograph.

Ten photographs that trainings leave out (see core.style.held_out) are painted at 384 px in each style. The style loss
is equation 5.8 over six layers, each term divided by the mean square of the painting's Gram matrix (at 384 px); the
content loss is equation 5.5 over two layers, each term divided by the variance of the photograph's features; both are
means over layers and photographs. The photograph itself, unpainted, is scored beside it. For two paintings there is a
peer: the single-style nets of L. Engstrom (github.com/lengstrom/fast-style-transfer, 1.68 million weights each), as
reiinakano/fast-style-transfer-deeplearnjs holds them under src/ckpts.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import judge, report
from benchmarks.judge import Judge, Paint
from core import images
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.style import loss_networks, painter
from core.style.material import chosen_paintings
from core.style.painter import Painter

PEERS = {"hokusai_great_wave": "wave", "munch_scream": "scream"}  # by their folders


@dataclass(frozen=True)
class Score:
    """Style and content loss of one style's pictures, the photographs' own style loss, and others' two figures.

    `single_` is the shipped net of this style alone, `peer_` another project's.
    """

    style: str
    style_loss: float
    content_loss: float
    photograph: float
    single_style_loss: float | None = None
    single_content_loss: float | None = None
    peer_style_loss: float | None = None
    peer_content_loss: float | None = None


def painting_in(net: Painter, style: str) -> Paint:
    return lambda photograph: net.paint(photograph, {style: 1.0})


class PeerNet:
    """A net of fast-style-transfer, from a folder with `manifest.json` and one file of float32 a variable.

    The variables are numbered in the order of the layers: filters (h, w, in, out), then shift and scale of the instance
    normalisation. Padding is TensorFlow's "SAME", of which the odd pixel lies at the end.
    """

    RESIDUALS = (9, 15, 21, 27, 33)

    def __init__(self, folder: Path) -> None:
        """Raises UserError where the folder does not hold such a net."""
        try:
            manifest = json.loads((folder / "manifest.json").read_text())
            self.variables = {
                name: torch.from_numpy(np.fromfile(folder / entry["filename"], "<f4").reshape(entry["shape"]))
                for name, entry in manifest.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{folder} does not hold a net of the peer, manifest.json and a file for each variable: {error}"
            ) from error

    def paint(self, photograph: Picture) -> Picture:
        """Paint uint8 (H, W, 3): the same shape."""
        height, width = photograph.shape[:2]
        with torch.inference_mode():
            x = images.to_tensor(photograph) * 255
            for number, stride in ((0, 1), (3, 2), (6, 2)):
                x = F.relu(self.convolution(x, number, stride))
            for number in self.RESIDUALS:
                x = x + self.convolution(F.relu(self.convolution(x, number)), number + 3)
            for number in (39, 42):
                x = F.relu(self.transposed(x, number))
            x = (self.convolution(x, 45).tanh() * 150 + 127.5).clamp(0, 255) / 255
        return images.from_tensor(x[:, :, :height, :width])

    def variable(self, number: int) -> Tensor:
        return self.variables[f"Variable_{number}" if number else "Variable"]

    def convolution(self, x: Tensor, number: int, stride: int = 1) -> Tensor:
        """Convolution and normalisation of (1, C, H, W); sides become ceil(side / stride)."""
        filters = self.variable(number).permute(3, 2, 0, 1)
        pads = []
        for side in (x.shape[3], x.shape[2]):
            missing = max(0, (-(-side // stride) - 1) * stride + filters.shape[-1] - side)
            pads += [missing // 2, missing - missing // 2]
        return self.normalised(F.conv2d(F.pad(x, pads), filters, stride=stride), number)

    def transposed(self, x: Tensor, number: int) -> Tensor:
        """Transposed convolution of stride 2 and normalisation: (1, C, 2H, 2W)."""
        doubled = F.conv_transpose2d(x, self.variable(number).permute(3, 2, 0, 1), stride=2)
        return self.normalised(doubled[:, :, : 2 * x.shape[2], : 2 * x.shape[3]], number)

    def normalised(self, x: Tensor, number: int) -> Tensor:
        return F.instance_norm(x, weight=self.variable(number + 2), bias=self.variable(number + 1), eps=1e-3)


def painter_named(name: str) -> Painter:
    """The shipped net of that name, or the net of a run of `training.pastiche`."""
    if name in painter.nets():
        return painter.shipped(name)
    run = Run.open(name)
    path = run.model_path()
    if run.kind != "pastiche" or path is None:
        raise UserError(f"The run {name} has no weights of a pastiche net; give a net of {', '.join(painter.nets())}.")
    names = tuple(run.data["names"])
    return painter.painter_of(painter.read_net(path, len(names), run.data["width"]), names, half=False)


def sheet(net: Painter, photographs: Sequence[Picture]) -> Picture:
    """All photographs in the first row, below them how each style paints them, on cells of one size."""
    cells = [images.resize(photograph, 256, 192) for photograph in photographs]
    rows = [cells, *([net.paint(cell, {style: 1.0}) for cell in cells] for style in net.names)]
    strips = [torch.cat([torch.from_numpy(cell) for cell in row], 1) for row in rows]
    return torch.cat(strips).numpy()


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.styles", description=__doc__.split("\n")[0])
    parser.add_argument("--net", default="pastiche", help="a shipped net, or a run of training.pastiche")
    parser.add_argument("--photos", type=Path, required=True, help="folder with the ten photographs")
    parser.add_argument("--styles", type=Path, required=True, help="folder with the paintings")
    parser.add_argument("--loss-networks", type=Path, required=True, help="folder of the loss networks' safetensors")
    parser.add_argument(
        "--peer", type=Path, help="folder of the peer's weights: wave and scream with manifest.json each"
    )
    parser.add_argument("--only", nargs="+", metavar="STYLE", help="not all styles of the net")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="also save all pictures, a row for each style")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main(given: list[str] | None = None) -> None:
    parser = arguments()
    options = parser.parse_args(given)
    try:
        scores = scores_of(options)
    except UserError as error:
        parser.error(str(error))
    show(scores, options.json)


def scores_of(options: argparse.Namespace) -> list[Score]:
    """The scores that the command's options ask for."""
    net = painter_named(options.net)
    paintings = chosen_paintings(options.styles, list(options.only or net.names))
    peers = {style: peer_of(style, options.peer) for style in paintings}
    networks = loss_networks.load(options.loss_networks)
    photographs = judge.photographs(options.photos)
    if options.sheet:
        images.save(sheet(net, photographs), options.sheet)
    scores = []
    for style, path in paintings.items():
        scorer = Judge(networks, images.decode(path), photographs)
        others = (alone(style) if len(net.names) > 1 else None, peers[style])
        figures = [figure for other in others for figure in (scorer.score(other) if other else (None, None))]
        scores.append(Score(style, *scorer.score(painting_in(net, style)), scorer.unpainted(), *figures))
    return scores


def alone(style: str) -> Paint | None:
    """How the shipped net of this style alone paints, where there is one."""
    name = painter.single(style)
    return painting_in(painter.shipped(name), style) if name else None


def peer_of(style: str, folder: Path | None) -> Paint | None:
    """How the peer paints, where it has the style and its weights are in `folder`."""
    return PeerNet(folder / PEERS[style]).paint if folder and style in PEERS else None


def show(scores: Sequence[Score], as_json: bool) -> None:
    """Print the scores and their means."""
    style = statistics.fmean(score.style_loss for score in scores)
    content = statistics.fmean(score.content_loss for score in scores)
    if as_json:
        rows = [asdict(score) for score in scores]
        means = {"style_loss": round(style, 3), "content_loss": round(content, 3)}
        print(json.dumps({"name": "styles", "rows": rows, "mean": means, "machine": report.machine()}, indent=1))
        return
    width = max(len(score.style) for score in scores)
    print(f"{'':<{width}}   style   content   photograph   single: style   content   peer: style   content")
    for score in scores:
        ours = f"{score.style_loss:>5.3f} {score.content_loss:>9.3f} {score.photograph:>12.3f}"
        single = f"{told(score.single_style_loss):>15} {told(score.single_content_loss):>9}"
        peer = f"{told(score.peer_style_loss):>13} {told(score.peer_content_loss):>9}"
        print(f"{score.style:<{width}}   {ours} {single} {peer}".rstrip())
    print(f"{'mean':<{width}}   {style:>5.3f} {content:>9.3f}")


def told(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}"


if __name__ == "__main__":
    main()
