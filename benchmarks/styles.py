"""`python -m benchmarks.styles`: the style and content loss of the pictures that a style network paints.

Ten photographs that trainings leave out (see core.style.held_out) are painted at 384 px in each style. The style loss
is equation 5.8 over six layers, each term divided by the mean square of the painting's Gram matrix (at 384 px); the
content loss is equation 5.5 over two layers, each term divided by the variance of the photograph's features; both are
means over layers and photographs. Peers are the photograph itself, unpainted; the shipped net of this style alone; and
for two paintings a net of another project (see benchmarks.fast_style_transfer).
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from benchmarks import report
from benchmarks.fast_style_transfer import PeerNet
from benchmarks.scores import Paint, Scorer, held_out_photographs
from core import images
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.style import loss_networks, painter
from core.style.painter import Painter
from core.style.training_pictures import chosen_paintings

PEERS = {"hokusai_great_wave": "wave", "munch_scream": "scream"}  # by their folders


@dataclass(frozen=True)
class Score:
    """Style and content loss of one style's pictures, the photographs' own style loss, and the losses of other nets.

    `single_` is the shipped net of this style alone, `peer_` the net of fast-style-transfer.
    """

    style: str
    style_loss: float
    content_loss: float
    photograph: float
    single_style_loss: float | None = None
    single_content_loss: float | None = None
    peer_style_loss: float | None = None
    peer_content_loss: float | None = None

    @property
    def rows(self) -> list[report.Row]:
        """Our losses beside those of the photograph and of the nets that were scored, too."""
        peers = {
            "the photograph": (self.photograph, None),
            "the net of one style": (self.single_style_loss, self.single_content_loss),
            "fast-style-transfer": (self.peer_style_loss, self.peer_content_loss),
        }
        return [
            report.lower(f"{kind} loss of {self.style}, against {peer}", ours, loss)
            for peer, losses in peers.items()
            for kind, ours, loss in zip(("style", "content"), (self.style_loss, self.content_loss), losses, strict=True)
            if loss is not None
        ]


def painting_in(net: Painter, style: str) -> Paint:
    """Return what paints a photograph by `net` in one style."""
    return lambda photograph: net.paint(photograph, {style: 1.0})


def painter_named(name: str) -> Painter:
    """Return the shipped net of that name, or the net of a run of `training.pastiche`. Raises UserError for others."""
    if name in painter.nets():
        return painter.shipped(name)
    run = Run.open(name)
    path = run.model_path()
    if run.kind != "pastiche" or path is None:
        raise UserError(f"The run {name} has no weights of a style network; give a net of {', '.join(painter.nets())}.")
    names, width = run.style_network.trained_styles, run.style_network.trained_width
    return painter.painter_of(painter.read_net(path, len(names), width), names, half=False)


def sheet(net: Painter, photographs: Sequence[Picture]) -> Picture:
    """Return one picture: all photographs in the first row, and a row of cells of 256 x 192 px for each style."""
    cells = [images.resize(photograph, 256, 192) for photograph in photographs]
    rows = [cells, *([net.paint(cell, {style: 1.0}) for cell in cells] for style in net.names)]
    strips = [torch.cat([torch.from_numpy(cell) for cell in row], 1) for row in rows]
    return torch.cat(strips).numpy()


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
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


def main(arguments: list[str] | None = None) -> None:
    parser = options_parser()
    options = parser.parse_args(arguments)
    try:
        scores = scores_of(options)
    except UserError as error:
        parser.error(str(error))
    show(scores, options.json)


def scores_of(options: argparse.Namespace) -> list[Score]:
    """Return the scores of the styles that the command's options name."""
    net = painter_named(options.net)
    paintings = chosen_paintings(options.styles, list(options.only or net.names))
    peers = {style: peer_of(style, options.peer) for style in paintings}
    networks = loss_networks.load(options.loss_networks)
    photographs = held_out_photographs(options.photos)
    if options.sheet:
        images.save(sheet(net, photographs), options.sheet)
    scores = []
    for style, path in paintings.items():
        scorer = Scorer(networks, images.decode(path), photographs)
        others = (alone(style) if len(net.names) > 1 else None, peers[style])
        figures = [figure for other in others for figure in (scorer.score(other) if other else (None, None))]
        scores.append(Score(style, *scorer.score(painting_in(net, style)), scorer.unpainted(), *figures))
    return scores


def alone(style: str) -> Paint | None:
    """Return what paints by the shipped net of this style alone; None where there is none."""
    name = painter.single(style)
    return painting_in(painter.shipped(name), style) if name else None


def peer_of(style: str, folder: Path | None) -> Paint | None:
    """Return what paints by the peer's net; None where it lacks the style or no `folder` of its weights is given."""
    return PeerNet(folder / PEERS[style]).paint if folder and style in PEERS else None


def show(scores: Sequence[Score], as_json: bool) -> None:
    """Print the scores and their means."""
    style = statistics.fmean(score.style_loss for score in scores)
    content = statistics.fmean(score.content_loss for score in scores)
    if as_json:
        rows = [row for score in scores for row in score.rows]
        mean = {"style_loss": round(style, 3), "content_loss": round(content, 3)}
        report.print_json("styles", rows, scores=[asdict(score) for score in scores], mean=mean)
        return
    width = max(len(score.style) for score in scores)
    print(f"{'':<{width}}   style   content   photograph   single: style   content   peer: style   content")
    for score in scores:
        ours = f"{score.style_loss:>5.3f} {score.content_loss:>9.3f} {score.photograph:>12.3f}"
        single = f"{text(score.single_style_loss):>15} {text(score.single_content_loss):>9}"
        peer = f"{text(score.peer_style_loss):>13} {text(score.peer_content_loss):>9}"
        print(f"{score.style:<{width}}   {ours} {single} {peer}".rstrip())
    print(f"{'mean':<{width}}   {style:>5.3f} {content:>9.3f}")


def text(loss: float | None) -> str:
    """Return the loss to three digits; nothing where there is none."""
    return "" if loss is None else f"{loss:.3f}"


if __name__ == "__main__":
    main()
