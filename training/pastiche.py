"""`python -m training.pastiche`: train a style network of several styles (section 5.5) on a folder of photographs.

The same command goes on where a run folder was left; `--resume RUN` does so without the rest of it. Behind torchrun
several processes, one a GPU, train one net, the batch being that of all of them together.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import torch
from tqdm import tqdm

from core import hardware, images, weights
from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.style import held_out, losses, origin, pastiche_recipe, pastiche_run, sources, training_pictures
from core.style.pastiche_presets import PRESETS, preset
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_run import NewPasticheRun
from core.style.pastiche_training import PasticheData, seconds_a_step
from core.style.photographs import Photographs
from core.trainers.parallel import Team
from training import command

FOLDERS = ("photos", "styles", "loss_networks")
LAYERS = ("content_layers", "style_layers")
NUMBERS = {  # options, the first one named as the recipe's field: type and help
    "--steps": (int, "optimiser steps in all"),
    "--batch": (int, "photographs a step"),
    "--crop": (int, "side of the training pictures, px"),
    "--jitter": (int, "largest shift between the net's grid and the loss networks', px"),
    "--min-crop-scale --closest": (float, "smallest crop, as a part of a photograph's short side"),
    "--uses-per-crop --repeats": (int, "how often a crop is painted before another takes its place"),
    "--style-warmup-steps --gentle": (int, "first steps, in which the style loss counts half"),
    "--style-side": (int, "long side of the paintings, px: larger means larger strokes"),
    "--width": (float, "factor on the feature maps of Table 5.1"),
    "--learning-rate": (float, "of Adam"),
    "--decay": (float, "last part of the steps, from 0 to 1, in which the rate falls"),
    "--content": (float, "weight of the content loss, equation 5.10"),
    "--style": (float, "weight of the style loss"),
    "--variation": (float, "weight of the total variation"),
    "--shift": (float, "weight of the difference between a photograph's painting and that of the moved photograph"),
    "--tone": (float, "weight of the difference in light from the photograph, in the painting's range"),
    "--colour": (float, "weight of the difference in the colours of each light from the painting's"),
    "--style-scales": (int, "sizes, each half of the former, at which the style is compared"),
    "--draft": (float, "part of the steps, from 0 to 1, that go on from the net's own painting at half size"),
    "--soft": (float, "part of the style weight with which each painting is learnt once more"),
    "--soft-share": (float, "how often a soft row is drawn, relative to its painting"),
    "--photograph": (float, "weight of the pixels in a row that learns to give the photograph back"),
    "--photograph-share": (float, "how often that row is drawn"),
    "--norm-rate": (float, "factor on the learning rate for scales and shifts"),
    "--clip": (float, "largest norm of a gradient; 0 for any"),
    "--scale-deviation": (float, "deviation of a new net's scales about 1"),
    "--rate-warmup-steps": (int, "first steps, in which the learning rate rises"),
    "--average": (float, "decay, below 1, of the moving average of the weights that is saved"),
    "--export-minutes": (float, "minutes of training between two exports of the weights"),
    "--seed": (int, "of the crops and the initial weights"),
    "--save-every": (int, "steps between checkpoints and previews"),
}


BY_STYLE = {  # options: the recipe's field, what its values are called, and help
    "--factor": ("style_factors", "factor", "a style's own factor on its style loss"),
    "--content-factor": ("content_factors", "factor", "a style's own factor on its content loss"),
    "--variation-factor": ("variation_factors", "factor", "a style's own factor on the total variation"),
    "--shift-factor": ("shift_factors", "factor", "a style's own factor on the difference of moved photographs"),
    "--share": ("style_shares", "share", "how often a style is drawn; 1 where not given"),
    "--side": ("style_sides", "size", "long side of a painting, px, where not --style-side"),
}
LONG_STEPS = 1000  # from so many on, the time that a training will take is said before


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command's options; those left out take the recipe's defaults."""
    parser = argparse.ArgumentParser(prog="python -m training.pastiche", description=__doc__.split("\n")[0])
    source = parser.add_argument_group("what to learn from")
    source.add_argument("--photos", type=Path, metavar="DIR", help="folder of photographs")
    source.add_argument("--styles", type=Path, metavar="DIR", help="folder of paintings (titles from its styles.json)")
    source.add_argument("--only", nargs="+", metavar="NAME", help="file stems of the paintings to learn; default all")
    source.add_argument("--loss-networks", type=Path, metavar="DIR", help="folder of the loss networks' safetensors")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument(
        "--network", choices=tuple(sources.KNOWN), help="what compares the pictures; default both, of --loss-networks"
    )
    for name in LAYERS:
        option = f"--{name.replace('_', '-')}"
        recipe.add_argument(option, nargs="+", metavar="LAYER=WEIGHT", help="default: the network's usual layers")
    for option, (kind, help_) in NUMBERS.items():
        recipe.add_argument(*option.split(), type=kind, help=help_)
    # torchrun takes "--start", too, for the beginning of an option of its own.
    about = (
        "start from the weights of a run, a shipped net or a .safetensors file with its card beside it, of these or "
        "other styles; behind torchrun --start-from"
    )
    recipe.add_argument("--start", "--start-from", metavar="RUN", help=about)
    for option, (_, _, help_) in BY_STYLE.items():
        recipe.add_argument(option, nargs="+", metavar="NAME=F", help=help_)
    recipe.add_argument("--convention", choices=losses.CONVENTIONS, help="what a Gram matrix is divided by")
    recipe.add_argument(
        "--relative", action=argparse.BooleanOptionalAction, help="divide losses by the size of their targets"
    )
    recipe.add_argument(
        "--own-tone", action=argparse.BooleanOptionalAction, help="measure light by each photograph's own range"
    )
    recipe.add_argument(
        "--rows-only",
        action=argparse.BooleanOptionalAction,
        help="learn scales and shifts alone, for the net of --start",
    )
    recipe.add_argument("--grams", type=Path, metavar="FILE", help="of the paintings' Gram matrices, computed once")
    about = f"a recipe by name, which other options change: {', '.join(PRESETS)}"
    recipe.add_argument("--preset", choices=tuple(PRESETS), help=about)
    command.add_arguments(parser)
    return parser


def numbers(what: str, pairs: list[str] | None) -> dict[str, float] | None:
    """Return NAME=F pairs as a dictionary. Raises UserError for anything else."""
    factors = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        try:
            factors[name] = float(value) if equals else float("nan")
        except ValueError:
            factors[name] = float("nan")
        if not factors[name] >= 0:
            raise UserError(f"The {what} {pair!r} is not of the form NAME=F with a number F of zero or more.")
    return factors or None


def recipe_options(options: argparse.Namespace) -> dict:
    """Return the recipe's settings that the command line holds."""
    values = {entry.name: vars(options).get(entry.name) for entry in fields(PasticheRecipe)}
    del values["styles"]  # the option of that name is their folder
    values |= {name: command.layers(getattr(options, name)) for name in LAYERS}
    for option, (name, what, _) in BY_STYLE.items():
        values[name] = numbers(what, getattr(options, option[2:].replace("-", "_")))
    if values["style_sides"]:
        values["style_sides"] = {name: int(side) for name, side in values["style_sides"].items()}
    return {name: value for name, value in values.items() if value is not None}


def new_run(options: argparse.Namespace, path: Path | None) -> Run:
    """Return a new run for the recipe of the command line."""
    usual = preset(options.preset) if options.preset else {}
    if options.loss_networks is None and (options.network or usual):
        options.loss_networks = sources.folder()
    for option in FOLDERS:
        if getattr(options, option) is None:
            raise UserError(f"A new run needs --{option.replace('_', '-')}; a run to go on with needs --resume.")
    paintings = training_pictures.chosen_paintings(options.styles, options.only)
    start = options.start or ""
    if origin.is_file(start):
        start = str(Path(start).resolve())
    elif start and start not in weights.cards("pastiche"):
        start = str(Run.open(command.run_path(start)).path.resolve())
    values = {"styles": tuple(paintings), "half": hardware.bf16_is_fast(), **usual, **recipe_options(options)}
    new = NewPasticheRun(PasticheRecipe(**values), options.photos, options.styles, options.loss_networks)
    return pastiche_run.create(replace(new, start=start, grams=options.grams, path=path))


def existing_run(options: argparse.Namespace, name: Path | str) -> Run:
    """Open a run to go on with. Only the number of steps may differ from what it was started with."""
    run = Run.open(name)
    if run.kind != "pastiche":
        raise UserError(f"The run {run.id} trains a {run.kind}; give the run of a style network.")
    return command.resumed(run, recipe_options(options), pastiche_recipe.recipe_of)


def read_photographs(paths: Sequence[Path], *, progress: bool) -> tuple[Photographs, int]:
    """Return the photographs of the files, and how many files were no whole picture; `progress` shows a bar."""
    pictures, refused = [], []
    for path in tqdm(paths, desc="Reading photographs", unit="picture", disable=None if progress else True):
        try:
            pictures.append(torch.from_numpy(images.decode(path, max_side=training_pictures.LONG_SIDE)))
        except images.ImageError as error:
            refused.append(str(error))
    if refused and not pictures:
        raise UserError(f"None of the pictures in {paths[0].parent} can be read; the first: {refused[0]}")
    return Photographs(pictures), len(refused)


def run_training(run: Run, team: Team) -> None:
    """Read what the run's settings name, and train to the end of its recipe."""
    with team.writing(run) as writer:  # from here on errors are written into the run folder

        def downloading(what: str, done: int, total: int) -> None:
            writer.progress(downloading=what, bytes=done, bytes_total=total)

        recipe = pastiche_recipe.recipe_of(run.settings)
        team.check_batch(recipe.batch)
        paintings, paths = team.first(lambda: _files(run, recipe))
        network = sources.load(recipe.network, Path(run.style_network.folders["loss_networks"]), downloading)
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        photographs, refused = read_photographs(paths, progress=team.leads)
        pictures = {name: images.decode(path) for name, path in paintings.items()}
        grams = Path(run.style_network.grams) if run.style_network.grams else None
        data = PasticheData(photographs, pictures, network, grams)
        if team.leads and recipe.steps >= LONG_STEPS and run.model_path() is None:
            print(expected_time(recipe, seconds_a_step(recipe, network)), flush=True)
        facts = {
            "styles": training_pictures.titles(paintings),
            "photographs": len(photographs.pictures),
            "left_out": refused,
        }
        pastiche_run.carry_out(writer, data, training_pictures.previews(), facts, team)


def expected_time(recipe: PasticheRecipe, seconds: float) -> str:
    """Return a sentence about the time that a training of so many seconds a step takes."""
    hours, minutes = divmod(round(recipe.steps * seconds / 60), 60)
    return (
        f"{recipe.steps:,} steps of about {seconds:.2g} s, measured on a small crop here: about {hours} h "
        f"{minutes:02d} min."
    )


def _files(run: Run, recipe: PasticheRecipe) -> tuple[dict[str, Path], list[Path]]:
    """Return the paintings by style, and the photographs of the run's folder that are not held out."""
    paintings = training_pictures.chosen_paintings(pastiche_run.folder_of(run, "styles"), list(recipe.styles))
    photographs = training_pictures.pictures_in(pastiche_run.folder_of(run, "photos"), "photographs")
    return paintings, held_out.learnable(photographs)


def main(argv: list[str] | None = None) -> int:
    """Train as the command line says; return the exit status."""
    return command.carry_out(arguments(), argv, new_run, existing_run, run_training)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
