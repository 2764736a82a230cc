"""`python -m training.iterative`: style transfer by optimisation (section 5.3) of one photograph and one style picture.

The same command goes on where a run folder was left; `--resume RUN` does so without the rest of it. `--figure 5.6`,
`5.7` or `5.8` makes every picture of that figure, one after another.
"""

import argparse
import sys
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path

import torch

from core import hardware, images
from core.errors import UserError
from core.figures import transfers
from core.runs import queue
from core.runs.run import Run
from core.style import optimisation_recipe, optimisation_run, paintings, sources
from core.style.losses import CONVENTIONS
from core.style.optimisation_recipe import OPTIMIZERS, STARTS, OptimisationRecipe
from training import command
from training.progress import bar

CHOICES = {"network": tuple(sources.KNOWN), "optimizer": OPTIMIZERS, "start": STARTS, "convention": CONVENTIONS}
LAYERS = ("content_layers", "style_layers")
SWITCHES = ("relative", "keep_colours")
NO_OPTION = ("half", "save_every")
STYLE_HELP = "the style picture: a file, or painting:NAME, one of those that come with every copy (default: the first)"
LAMBDAS = {"content": "content-weight", "style": "style-weight", "variation": "variation-weight"}


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command's options; those left out take the recipe's defaults."""
    parser = argparse.ArgumentParser(prog="python -m training.iterative", description=__doc__.split("\n")[0])
    source = parser.add_argument_group("pictures")
    source.add_argument("--content", type=Path, metavar="IN", help="the photograph: a file, or sample:NAME")
    source.add_argument("--style", type=Path, metavar="IN", help=STYLE_HELP)
    source.add_argument("--out", type=Path, metavar="OUT", help="where the picture is written; of a figure, a folder")
    source.add_argument("--loss-networks", type=Path, metavar="DIR", help="folder of the loss network `both`")
    source.add_argument("--figure", choices=tuple(transfers.FIGURES), help="make the whole row of this figure")
    recipe = parser.add_argument_group("recipe")
    for entry in fields(OptimisationRecipe):
        option = f"--{LAMBDAS.get(entry.name, entry.name.replace('_', '-'))}"
        if entry.name in LAYERS:
            recipe.add_argument(option, nargs="+", metavar="LAYER=WEIGHT", help="default: the network's usual layers")
        elif entry.name in SWITCHES:
            recipe.add_argument(option, action=argparse.BooleanOptionalAction, help=f"default {entry.default}")
        elif entry.name not in NO_OPTION and entry.default is not MISSING:
            choices = CHOICES.get(entry.name)
            recipe.add_argument(
                option, dest=f"lambda_{entry.name}" if entry.name in LAMBDAS else entry.name,
                type=type(entry.default), choices=choices, help=f"default {entry.default}",
            )  # fmt: skip
    command.add_arguments(parser)
    return parser


def recipe_options(options: argparse.Namespace) -> dict:
    """Return the recipe's settings that the command line holds."""
    values = {}
    for entry in fields(OptimisationRecipe):
        if entry.name in LAYERS:
            values[entry.name] = command.layers(getattr(options, entry.name))
        elif entry.name not in NO_OPTION:
            values[entry.name] = getattr(options, f"lambda_{entry.name}" if entry.name in LAMBDAS else entry.name)
    return {name: value for name, value in values.items() if value is not None}


def recipe(options: argparse.Namespace) -> OptimisationRecipe:
    """Return the recipe of the command line. L-BFGS stays in float32: its line search fails on rounded losses."""
    values = recipe_options(options)
    half = hardware.bf16_is_fast() and values.get("optimizer", OptimisationRecipe.optimizer) == "adam"
    network = values.get("network") or sources.names(options.loss_networks)[0]
    return OptimisationRecipe(**{**values, "network": network, "half": half})


def pictures(options: argparse.Namespace) -> tuple[images.Picture, images.Picture]:
    """Return the photograph and the style picture, uint8 (H, W, 3). Raises UserError where one is missing."""
    if options.content is None:
        raise UserError("A new transfer needs --content; one to go on with needs --resume.")
    return images.named(options.content), paintings.named(style_of(options))


def style_of(options: argparse.Namespace) -> Path:
    """Return the name of the style picture: a file, sample:NAME or painting:NAME."""
    return options.style or Path(f"{paintings.PREFIX}:{next(iter(paintings.shipped()))}")


def new_run(options: argparse.Namespace, path: Path | None) -> Run:
    """Return a new run for the pictures and the recipe of the command line."""
    content, style = pictures(options)
    stems = (path.stem.rpartition(":")[2] for path in (options.content, style_of(options)))  # of sample:NAME, NAME
    name = " after ".join(stem.replace("_", " ") for stem in stems)
    return optimisation_run.create(content, style, recipe(options), name=name, path=path, files=options.loss_networks)


def existing_run(options: argparse.Namespace, name: Path | str) -> Run:
    """Open a run to go on with. Only the number of steps may differ from what it was started with."""
    run = Run.open(name)
    if run.kind != "iterative":
        raise UserError(f"The run {run.id} is a {run.kind}; give the run of a style transfer by optimisation.")
    return command.resumed(run, recipe_options(options), optimisation_recipe.recipe_of)


def make_figure(options: argparse.Namespace) -> None:
    """Make every picture of a figure as a run of its own; with `--out` write them and their row into that folder."""
    if options.run or options.resume:
        raise UserError("A figure is several runs, so --figure goes with neither --run nor --resume.")
    content, style = pictures(options)
    group = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    finished = []
    for number, (label, changed) in enumerate(transfers.figure(options.figure).recipes(recipe(options)), 1):
        name = f"Figure {options.figure}: {label}"
        labels = {"figure": options.figure, "row": group, "label": label}  # by which the page finds the row
        run = optimisation_run.create(content, style, changed, name=name, files=options.loss_networks, **labels)
        print(f"{name}: {run.path}", flush=True)
        carry_out(run)
        painted = optimisation_run.picture_of(run)
        if painted is None or run.status().state != "finished":
            return
        finished.append(painted)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            images.save(painted, options.out / f"{number}.png")
    if options.out:
        images.save(transfers.row([content, style, *finished]), options.out / "row.jpg")
        images.save(transfers.row(finished), options.out / "pictures.jpg")  # without photograph and painting
        print(options.out / "row.jpg")


def carry_out(run: Run) -> None:
    """Optimise the picture of a run, with a progress bar."""
    with bar(run):
        optimisation_run.carry_out(run)


def main(argv: list[str] | None = None) -> int:
    """Optimise as the command line says; return the exit status."""
    parser = arguments()
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    try:
        if options.figure:
            make_figure(options)
            return 0
        run = command.find_run(options, new_run, existing_run)
        print(f"run folder: {run.path}", flush=True)
        carry_out(run)
        if options.out and (painted := optimisation_run.picture_of(run)) is not None:
            images.save(painted, options.out)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; go on with --resume and the run's folder", file=sys.stderr)
        return 130
    finally:
        queue.advance()
    print(f"{run.status().state}: {options.out or run.path / 'picture.png'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
