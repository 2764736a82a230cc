"""`python -m benchmarks.terms`: what each term of the recipe of the shipped style network does, one left out at a time.

Every variant trains from the same weights and seed, for the same steps, in run folders under --runs: a command that was
stopped goes on. Each is judged as benchmarks.styles judges, means over the styles: painted in one pass, from coarse to
fine, and at a strength of one half.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import report, scores
from benchmarks.scores import SIDES, Figures, Judge
from core import images
from core.errors import UserError
from core.images import Picture
from core.style import held_out, loss_networks, painter
from core.style.paint_settings import PaintSettings
from core.style.painter import Painter
from core.style.training_pictures import chosen_paintings
from training import pastiche

LEFT_OUT: Mapping[str, Mapping[str, str]] = {  # options on top of --preset shipped
    "all terms": {},
    "without shift": {"--shift": "0"},
    "without tone": {"--tone": "0"},
    "without colour": {"--colour": "0"},
    "style at one size": {"--style-scales": "1"},
    "without drafts": {"--draft": "0"},
    "without soft rows": {"--soft": "0"},
    "without the photograph": {"--photograph": "0"},
}
START = "start"  # stands for the weights that all variants start from
MANNERS = {
    "one pass": PaintSettings(),
    "coarse to fine": PaintSettings(stroke=1.0),
    "half": PaintSettings(strength=0.5),
}


@dataclass(frozen=True)
class Variant:
    """The figures of a net, by manner of painting, means over the styles and photographs."""

    name: str
    figures: Mapping[str, Figures]

    def to_json(self) -> dict[str, Any]:
        """Return the name and the figures of each manner."""
        return {"name": self.name, **{manner: asdict(figures) for manner, figures in self.figures.items()}}


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.terms", description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs, the ten held out among them")
    parser.add_argument("--styles", type=Path, required=True, help="folder with the paintings")
    parser.add_argument("--loss-networks", type=Path, required=True, help="folder of the loss networks' safetensors")
    parser.add_argument("--only", nargs="+", metavar="STYLE", required=True, help="the styles that are learnt")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the trainings")
    parser.add_argument("--start", metavar="NET", help="weights to start from, as for training.pastiche")
    parser.add_argument("--steps", type=int, default=1500, help="of each variant")
    parser.add_argument("--first", type=int, default=len(held_out.PHOTOGRAPHS), metavar="N", help="photographs judged")
    parser.add_argument("--threads", type=int, help="of the trainings")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    about = "after --: options of every training, as for training.pastiche, on top of the preset's"
    parser.add_argument("training", nargs="*", metavar="OPTION", help=about)
    return parser


def trained(variant: str, options: argparse.Namespace) -> Painter:
    """Return the painter of a variant, trained to its end. Raises UserError where that fails."""
    run = options.runs / variant.replace(" ", "_")
    command = ["--preset", "shipped", "--photos", str(options.photos), "--styles", str(options.styles)]
    command += ["--only", *options.only, "--steps", str(options.steps), "--run", str(run)]
    command += ["--start", options.start] if options.start else []
    command += ["--threads", str(options.threads)] if options.threads else []
    command += [*options.training, *(part for pair in LEFT_OUT[variant].items() for part in pair)]
    with contextlib.redirect_stdout(sys.stderr):  # what is printed here is one JSON object, or a table
        status = pastiche.main(command)
    if status:
        raise UserError(f"The training {run} has failed; its sentence stands above.")
    return painter.named(str(run))


def judged(judge: Judge, paintings: Mapping[str, Picture], net: Painter) -> dict[str, Figures]:
    """Return the mean figures of a net's pictures in its paintings' styles, by manner."""
    targets = {style: judge.views(painting) for style, painting in paintings.items()}
    figures = {}
    for manner, settings in MANNERS.items():
        painted: list[Figures] = []
        for style, target in targets.items():
            painted += judge.judge(target, painting_by(net, style, settings))
        figures[manner] = scores.mean(painted)
    return figures


def painting_by(net: Painter, style: str, settings: PaintSettings) -> Callable[[Picture], Picture]:
    """Return what paints a photograph in one style."""
    return lambda photograph: net.paint(photograph, {style: 1.0}, settings)


def variants(options: argparse.Namespace) -> list[Variant]:
    """Train and judge the variants, and judge what they start from where it has the styles."""
    if not 1 <= options.first <= len(held_out.PHOTOGRAPHS):
        raise UserError(f"--first is {options.first}; give 1 to {len(held_out.PHOTOGRAPHS)} photographs.")
    files = chosen_paintings(options.styles, options.only)
    photographs = scores.held_out_photographs(options.photos, held_out.PHOTOGRAPHS[: options.first])
    judge = Judge(loss_networks.load(options.loss_networks), photographs, SIDES)
    paintings = {style: images.decode(path) for style, path in files.items()}
    done = []
    start = painter.named(options.start) if options.start else None
    if start and set(paintings) <= set(start.names):
        done.append(Variant(START, judged(judge, paintings, start)))
    for name in LEFT_OUT:
        done.append(Variant(name, judged(judge, paintings, trained(name, options))))
        print(f"{name}: judged", file=sys.stderr, flush=True)
    return done


def show(done: Sequence[Variant], options: argparse.Namespace) -> None:
    """Print the figures as one JSON object or as a table."""
    if options.json:
        facts = {"name": "terms", "steps": options.steps, "start": options.start, "styles": options.only}
        facts |= {"options": options.training}
        figures = {"sides": SIDES, "photographs": options.first, "variants": [one.to_json() for one in done]}
        print(json.dumps({**facts, **figures, "machine": report.machine()}, indent=1))
        return
    print(f"{options.steps} steps from {options.start or 'new weights'}, {', '.join(options.only)}")
    print(f"{'':<24}{'':<16}{'style':<17}{'content':<17}lattice  shift   tone")
    for variant in done:
        for manner, figures in variant.figures.items():
            losses = (" ".join(f"{value:.2f}" for value in loss) for loss in (figures.style, figures.content))
            texture = f"{figures.lattice:>7.1f} {figures.shift:>6.2f} {figures.tone:>6.2f}"
            print(f"{variant.name:<24}{manner:<16}{''.join(f'{loss:<17}' for loss in losses)}{texture}")


def main(arguments: list[str] | None = None) -> int:
    parser = options_parser()
    options = parser.parse_args(arguments)
    try:
        done = variants(options)
    except UserError as error:
        parser.error(str(error))
    show(done, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
