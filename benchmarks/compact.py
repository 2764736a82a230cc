"""`python -m benchmarks.compact`: style transfer by optimisation with `compact` against the same with its teachers.

Ten photographs that no training sees (see core.style.held_out) are each painted in the style of another painting, once
by compact and once by its teachers, VGG-19 as far as relu3_1 and SqueezeNet 1.1: Adam from the photograph, the same
steps, size and weights of the losses. Each of the two compares the layers that are usual for it (core.style.sources).
All pictures are then scored under the teachers, by benchmarks.scores; the whole loss is what the teachers' own
transfer minimises, equation 5.10 with the weights of the recipe. Both take their steps in turn, A B A B, and a step's
time is the median.

Where compact falls short, two figures show by which layers: the loss of both pictures at each layer of the teachers,
and how far compact's features and Gram matrices of its own pictures are from the teachers' features of the same
pictures, in units of their variance and of their mean square. At those a network that drives a transfer is at its
worst, since the transfer seeks out its errors.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import report, scores
from benchmarks.scores import View
from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.style import compact, distillation, held_out, loss_networks, losses, sources
from core.style.compact import Compact
from core.style.loss_networks import LossNetworks
from core.style.optimisation import ImageOptimisation
from core.style.optimisation_recipe import OptimisationRecipe
from core.style.sources import Network
from core.style.training_pictures import chosen_paintings

# File stems, one for each of the held-out photographs. The first two are those that training.loss_network leaves out
# of these paintings; it learns from the others.
PAINTINGS = (
    "mondrian_composition_vii",
    "turner_shipwreck",
    "hokusai_great_wave",
    "munch_scream",
    "vangogh_starry_night",
    "kandinsky_composition_vii",
    "leger_contrast_of_forms",
    "seurat_grande_jatte_spring",
    "monet_water_lilies",
    "picabia_udnie",
)
PAIRS = tuple(zip(held_out.PHOTOGRAPHS, PAINTINGS, strict=True))


STEPS = 120
SIZE = 384  # long side of photographs and paintings, px
KINDS = ("whole", "style", "content")

Losses = dict[str, float]  # the KINDS, and "style at LAYER" and "content at LAYER" of the teachers


@dataclass(frozen=True)
class Outcome:
    """The transfers of one photograph and painting: pictures, losses and times."""

    title: str
    pictures: tuple[Picture, ...]  # photograph, painting, painted by the teachers, painted by compact
    start: Losses  # of the photograph
    ours: Losses
    theirs: Losses
    times: tuple[float, float]  # milliseconds a step, ours and theirs
    errors: dict[str, float]  # compact's on its own picture, as distillation.evaluate names them


@dataclass(frozen=True)
class Targets:
    """What pictures are scored against: the teachers, and their views of the photograph and the painting."""

    teachers: LossNetworks
    photograph: View
    painting: View


class Contest:
    """Transfers of the same pictures by compact and by its teachers, at one size and of equally many steps."""

    def __init__(self, net: Compact, teachers: LossNetworks, size: int, steps: int) -> None:
        if steps < 2:
            raise UserError(f"A transfer of {steps} steps has none to be timed; give --steps of 2 or more.")
        self.net, self.teachers = net, teachers
        self.size, self.steps = size, steps

    def outcome(self, title: str, photograph: Picture, painting: Picture) -> Outcome:
        """Carry out both transfers and return their pictures, losses and times."""
        ours = self._transfer("compact", self.net, photograph, painting)
        theirs = self._transfer("both", self.teachers, photograph, painting)
        times = report.in_turn(ours.advance, theirs.advance, self.steps - 1)  # the first step is not timed
        targets = targets_of(self.teachers, photograph, images.fit(painting, self.size))
        pictures = photograph, painting, theirs.picture(), ours.picture()
        start, by_teachers, by_compact = (
            whole_losses(targets, picture, theirs.recipe) for picture in (photograph, *pictures[2:])
        )
        painted = images.to_tensor(pictures[3]).to(hardware.device())
        errors = distillation.evaluate(self.net, self.teachers, [painted])
        return Outcome(title, pictures, start, by_compact, by_teachers, times, errors)

    def _transfer(self, name: str, network: Network, photograph: Picture, painting: Picture) -> ImageOptimisation:
        half = hardware.bf16_is_fast()
        recipe = OptimisationRecipe(network=name, size=self.size, style_size=self.size, steps=self.steps, half=half)
        return ImageOptimisation(recipe, photograph, painting, network)


def targets_of(teachers: LossNetworks, photograph: Picture, painting: Picture) -> Targets:
    """Return what pictures of the photograph in the painting's style are scored against."""
    teachers = scores.on_device(teachers)
    return Targets(teachers, scores.view(teachers, photograph), scores.view(teachers, painting))


def whole_losses(targets: Targets, picture: Picture, recipe: OptimisationRecipe) -> Losses:
    """Return a picture's losses under the teachers; the whole one is equation 5.10 with the weights of `recipe`."""
    seen = scores.view(targets.teachers, picture)
    style, content = scores.style_terms(seen, targets.painting), scores.content_terms(seen, targets.photograph)
    sums = {"style": statistics.fmean(style.values()), "content": statistics.fmean(content.values())}
    variation = losses.total_variation(images.to_tensor(picture), recipe.exponent).item()
    whole = recipe.content * sums["content"] + recipe.style * sums["style"] + recipe.variation * variation
    by_layer = {f"style at {layer}": term for layer, term in style.items()}
    by_layer |= {f"content at {layer}": term for layer, term in content.items()}
    return {"whole": whole, **sums, **by_layer}


def network_named(name: str) -> tuple[Compact, list[str]]:
    """Return the shipped net or that of a run of training.loss_network, and the stems of its held-out paintings."""
    if name == "compact":
        return compact.read(sources.compact_path()), stems(weights.card(name)["held_out_paintings"])
    run = Run.open(name)
    path = run.model_path()
    if run.kind != "loss_network" or path is None:
        raise UserError(f"The run {name} has no weights of a loss network; give a run of training.loss_network.")
    return compact.read(path), stems(run.loss_network.held_out_paintings)


def stems(files: Sequence[str]) -> list[str]:
    """Return file names without their suffixes."""
    return [Path(file).stem for file in files]


def outcomes(options: argparse.Namespace) -> Iterator[Outcome]:
    """Yield the outcome of each pair that the command's options name."""
    net, unseen = network_named(options.net)
    contest = Contest(net, loss_networks.load(options.loss_networks), options.size, options.steps)
    pairs = PAIRS[: options.pairs]
    paintings = chosen_paintings(options.styles, [painting for _, painting in pairs])
    for name, painting in pairs:
        [photograph] = scores.held_out_photographs(options.photos, [name])
        title = f"{name.split('_', 2)[-1]}, {painting}{' *' if painting in unseen else ''}"
        photograph = images.fit(photograph, options.size)
        yield contest.outcome(title, photograph, images.decode(paintings[painting], max_side=options.size))


def mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each figure over the rows."""
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def rows_of(outcomes: Sequence[Outcome]) -> list[report.Row]:
    """Return rows of the losses of each pair, the means of all losses, and a step's time."""
    rows = [
        report.lower(f"{kind}, {one.title}", one.ours[kind], one.theirs[kind]) for one in outcomes for kind in KINDS
    ]
    ours, theirs = mean([one.ours for one in outcomes]), mean([one.theirs for one in outcomes])
    rows += [report.lower(f"mean {name}", ours[name], theirs[name]) for name in ours]
    our_times, their_times = zip(*(one.times for one in outcomes), strict=True)
    return [*rows, report.faster("a step", statistics.median(our_times), statistics.median(their_times))]


def layers_of(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Return by layer the mean error of compact's features ("error") and, of style layers, Gram matrices ("gram")."""
    layers: dict[str, dict[str, float]] = {layer: {} for layer in compact.SOURCES}
    for name, value in mean([one.errors for one in outcomes]).items():
        kind, _, layer = name.partition("/")
        layers[layer][kind] = round(value, 4)
    return layers


def sheet(outcomes: Sequence[Outcome]) -> Picture:
    """Return one picture of all pictures, a row for each pair, on white cells of one size."""
    side = max(max(picture.shape) for one in outcomes for picture in one.pictures)
    rows = [np.concatenate([on_white(picture, side) for picture in one.pictures], 1) for one in outcomes]
    return np.concatenate(rows)


def on_white(picture: Picture, side: int) -> Picture:
    """Return a white square of `side` px with the picture in its middle."""
    height, width = picture.shape[:2]
    cell = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    cell[top : top + height, left : left + width] = picture
    return cell


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compact", description=__doc__.split("\n")[0])
    parser.add_argument("--net", default="compact", help="the shipped net, or a run of training.loss_network")
    parser.add_argument("--photos", type=Path, required=True, help="folder with the ten photographs")
    parser.add_argument("--styles", type=Path, required=True, help="folder with the ten paintings")
    parser.add_argument("--loss-networks", type=Path, required=True, help="folder of the teachers' safetensors")
    parser.add_argument("--size", type=int, default=SIZE, help=f"long side, px (default {SIZE})")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of each transfer (default {STEPS})")
    parser.add_argument(
        "--pairs", type=int, default=len(PAIRS), choices=range(1, len(PAIRS) + 1), metavar="N", help="only the first N"
    )
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="also save all pictures, a row for each pair")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def show(outcomes: Sequence[Outcome], as_json: bool) -> None:
    """Print all figures."""
    start = mean([one.start for one in outcomes])
    layers, photographs = layers_of(outcomes), {kind: round(start[kind], 4) for kind in KINDS}
    unseen = [one.title for one in outcomes if one.title.endswith("*")]
    report.show("compact", rows_of(outcomes), as_json, photographs=photographs, layers=layers, unseen_paintings=unseen)
    if as_json:
        return
    print(f"the photographs themselves: {', '.join(f'{kind} {value}' for kind, value in photographs.items())}")
    print("* the painting is not among the net's training pictures; none of the photographs is")
    print(f"{'errors of its features':<24}{'Gram matrices':>16}")
    for layer, errors in layers.items():
        print(f"{layer:<18}{errors['error']:>6.3f}{errors.get('gram', ''):>16}")


def main(arguments: list[str] | None = None) -> None:
    parser = options_parser()
    options = parser.parse_args(arguments)
    try:
        done = []
        for one in outcomes(options):
            done.append(one)
            print(f"{len(done)} of {options.pairs}: {one.title}", file=sys.stderr, flush=True)  # a pair takes minutes
        if options.sheet:
            images.save(sheet(done), options.sheet)
    except UserError as error:
        parser.error(str(error))
    show(done, options.json)


if __name__ == "__main__":
    main()
