"""`python -m benchmarks.styles`: what a style network's pictures are worth, by losses and by what an eye sees.

Ten photographs that trainings leave out (see core.style.held_out) are painted at 512 px in each style, as `python -m
core stylize` paints them. Style and content loss are measured at 512, 256 and 128 px, lattice, shift and tone at 512 px
(see benchmarks.scores, benchmarks.texture), beside the photographs themselves, another net with --before, and, for
three paintings, nets of another project with --peer (see benchmarks.fast_style_transfer). The command fails where a
figure is below its floor (see benchmarks.style_bounds).
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import report, scores, style_bounds
from benchmarks.fast_style_transfer import PeerNet
from benchmarks.report import BoundedRow
from benchmarks.scores import SIDES, Figures, Judge, Paint
from benchmarks.style_bounds import Beside
from benchmarks.style_sheets import Sheets
from core import images
from core.errors import UserError
from core.style import held_out, loss_networks, painter
from core.style.painter import Painter
from core.style.training_pictures import chosen_paintings

PEERS = {"hokusai_great_wave": "wave", "munch_scream": "scream", "picabia_udnie": "udnie"}  # by their folders


@dataclass(frozen=True)
class Score:
    """The figures of one style, those of its pictures' peers, and their rows with floors and goals.

    `photograph` is the photographs themselves, `before` the net of --before, `peer` that of fast-style-transfer, and
    `content_by_photograph` the content losses, by SIDES, of each photograph.
    """

    style: str
    figures: Figures
    photograph: Figures
    before: Figures | None
    peer: Figures | None
    content_by_photograph: dict[str, tuple[float, ...]]
    rows: tuple[BoundedRow, ...]

    def to_json(self) -> dict:
        """Return the style's name and its figures, with those of the others beside them where there are any."""
        others = {"photograph": self.photograph, "before": self.before, "peer": self.peer}
        beside = {name: asdict(figures) for name, figures in others.items() if figures}
        by_photograph = {"content_by_photograph": self.content_by_photograph}
        return {"name": self.style, **asdict(self.figures), **beside, **by_photograph}


def painting_in(net: Painter, style: str) -> Paint:
    """Return what paints a photograph by `net` in one style."""
    return lambda photograph: net.paint(photograph, {style: 1.0})


def peer_of(style: str, folder: Path | None) -> Paint | None:
    """Return what paints by the peer's net; None where it lacks the style or no `folder` of its weights is given."""
    return PeerNet(folder / PEERS[style]).paint if folder and style in PEERS else None


@dataclass(frozen=True)
class Contest:
    """The nets that are judged on the same photographs, of the file stems `names`."""

    judge: Judge
    names: tuple[str, ...]
    net: Painter
    before: Painter | None
    peers: Path | None

    def score(self, style: str, painting: images.Picture) -> Score:
        """Return the score of one style, whose painting is compared at all sizes."""
        target = self.judge.views(painting)
        ours = self.judge.judge(target, painting_in(self.net, style))
        known = self.before is not None and style in self.before.names
        others = (painting_in(self.before, style) if known else None, peer_of(style, self.peers))
        before, peer = (scores.mean(self.judge.judge(target, paint)) if paint else None for paint in others)
        figures = scores.mean(ours)
        content = {name: scores.mean([one]).content for name, one in zip(self.names, ours, strict=True)}
        beside = Beside(peer, style_bounds.base_line_content(style, self.names))
        rows = tuple(style_bounds.rows_of(style, figures, beside))
        return Score(style, figures, self.judge.unpainted(target), before, peer, content, rows)


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.styles", description=__doc__.split("\n")[0])
    net = "a shipped net, a run of training.pastiche, or FILE.safetensors with its card beside it"
    parser.add_argument("--net", default="pastiche", help=net)
    parser.add_argument("--before", metavar="NET", help="also judge this net, beside the other")
    parser.add_argument("--photos", type=Path, required=True, help="folder with the ten photographs")
    parser.add_argument("--styles", type=Path, required=True, help="folder with the paintings")
    parser.add_argument("--loss-networks", type=Path, required=True, help="folder of the loss networks' safetensors")
    parser.add_argument("--peer", type=Path, help="folder of the peer's weights, see benchmarks.fast_style_transfer")
    parser.add_argument("--only", nargs="+", metavar="STYLE", help="not all styles of the net")
    count = len(held_out.PHOTOGRAPHS)
    parser.add_argument(
        "--first",
        type=int,
        default=count,
        choices=range(1, count + 1),
        metavar="N",
        help="only the first N photographs",
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="PNG",
        help="also draw all styles and photographs: PNG small, PNG_STYLE at 1024 px, --before left of --net",
    )
    sheet_of = "draw these instead of the photographs: files, or sample:NAME"
    parser.add_argument("--sheet-of", nargs="+", metavar="PICTURE", default=(), help=sheet_of)
    parser.add_argument("--sheet-only", action="store_true", help="draw the sheets and judge nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main(arguments: list[str] | None = None) -> int:
    parser = options_parser()
    options = parser.parse_args(arguments)
    if options.sheet_only and not options.sheet:
        parser.error("--sheet-only draws nothing without --sheet; name the picture.")
    try:
        done = list(judged(options))
    except UserError as error:
        parser.error(str(error))
    if options.sheet_only:
        return 0
    show(done, options)
    return 1 if any(row.missed for score in done for row in score.rows) else 0


def judged(options: argparse.Namespace) -> Iterator[Score]:
    """Draw the sheets and yield the scores of the styles that the command's options name."""
    net = painter.named(options.net)
    before = painter.named(options.before) if options.before else None
    styles = tuple(options.only or net.names)
    if unknown := [style for style in styles if style not in net.names]:
        raise UserError(f"The net {options.net} has no style {unknown[0]}; it has {', '.join(net.names)}.")
    paintings = chosen_paintings(options.styles, list(styles))
    names = held_out.PHOTOGRAPHS[: options.first]
    photographs = scores.held_out_photographs(options.photos, names)
    for style in paintings:
        peer_of(style, options.peer)  # a missing file is told before minutes have gone by
    networks = loss_networks.load(options.loss_networks)
    if options.sheet:
        nets = [each for each in (before, net) if each]
        drawn = [images.named(picture) for picture in options.sheet_of] or photographs
        for path in Sheets(options.sheet, styles, drawn, nets).save():
            print(path, file=sys.stderr)
    if options.sheet_only:
        return
    contest = Contest(Judge(networks, photographs, SIDES), names, net, before, options.peer)
    for number, (style, path) in enumerate(paintings.items(), 1):
        yield contest.score(style, images.decode(path))
        print(f"{number} of {len(paintings)}: {style}", file=sys.stderr, flush=True)


def show(done: Sequence[Score], options: argparse.Namespace) -> None:
    """Print the figures, what is below its floor, and the worst style."""
    by_style = {score.style: score.rows for score in done}
    style, row = style_bounds.worst(by_style)
    mean = scores.mean([score.figures for score in done])
    rows = [row for score in done for row in score.rows]
    if options.json:
        worst = {"style": style, "case": row.case, "ratio": row.ratio, "floor": row.floor}
        facts = {"net": options.net, "before": options.before, "photographs": held_out.PHOTOGRAPHS[: options.first]}
        figures = {"scores": [score.to_json() for score in done], "mean": asdict(mean)}
        report.print_json("styles", rows, **facts, sides=SIDES, **figures, worst=worst)
        return
    print(
        f"style and content loss at {', '.join(map(str, SIDES))} px, of {options.first} photographs, {report.machine()}"
    )
    width = max(len("the photograph"), *map(len, by_style)) + 2
    print(f"{'':<{width}}{'style':<16} {'content':<16} {'fire7, fire8':<16} lattice  shift   tone")
    for score in done:
        print(line(score.style, score.figures, width))
        for name, figures in (("photograph", score.photograph), ("before", score.before), ("peer", score.peer)):
            if figures:
                print(line(f"  {name}", figures, width))
    print(line("mean", mean, width))
    for missed in (row for row in rows if row.missed):
        print(f"Below its floor: {missed.case}, {missed.ours:g}, beside {missed.peer:g}.")
    print(f"Goals reached: {sum(row.reached for row in rows)} of {len(rows)}.")
    print(f"Worst: {row.case}, {row.ours:g}, beside {row.peer:g}.")
    if not options.peer:
        print("Floors of style and content are the peer's: give --peer to check them.")


def line(name: str, figures: Figures, width: int) -> str:
    """Return one line of the table."""
    losses = (" ".join(f"{value:.2f}" for value in loss) for loss in (figures.style, figures.content, figures.unlearnt))
    texture = f"{figures.lattice:>7.1f} {figures.shift:>6.2f} {figures.tone:>6.2f}"
    return f"{name:<{width}}{' '.join(f'{loss:<16}' for loss in losses)} {texture}"


if __name__ == "__main__":
    sys.exit(main())
