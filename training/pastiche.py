"""`python -m training.pastiche`: train a multi-style pastiche net (section 5.5) on a folder of photographs.

The same command goes on where a run folder was left; `--resume RUN` does so without the rest of it. Behind torchrun
several processes, one a GPU, train one net, the batch being that of all of them together.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import torch
from tqdm import tqdm

from core import hardware, images, weights
from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.style import held_out, material, pastiche_recipe, sources, trainer
from core.style.pastiche_recipe import Recipe
from core.style.photographs import Photographs
from core.trainers.parallel import Team
from training import command

FOLDERS = ("photos", "styles", "loss_networks")
LAYERS = ("content_layers", "style_layers")


def arguments() -> argparse.ArgumentParser:
    """The command's options; those left out take the recipe's defaults."""
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
    recipe.add_argument("--steps", type=int, help="optimiser steps in all")
    recipe.add_argument("--batch", type=int, help="photographs a step")
    recipe.add_argument("--crop", type=int, help="side of the training pictures, px")
    recipe.add_argument("--jitter", type=int, help="largest shift between the net's grid and the loss networks', px")
    recipe.add_argument("--closest", type=float, help="smallest crop taken, as a part of a photograph's short side")
    recipe.add_argument("--repeats", type=int, help="how often a crop is painted before another takes its place")
    recipe.add_argument("--gentle", type=int, metavar="STEPS", help="first steps, in which the style counts half")
    # torchrun takes "--start", too, for the beginning of an option of its own.
    about = "begin with the weights of a run or a shipped net, of these or other styles; behind torchrun --start-from"
    recipe.add_argument("--start", "--start-from", metavar="RUN", help=about)
    recipe.add_argument("--style-side", type=int, help="long side of the paintings, px: larger means larger strokes")
    recipe.add_argument("--width", type=float, help="factor on the feature maps of Table 5.1")
    recipe.add_argument("--learning-rate", type=float)
    recipe.add_argument("--decay", type=float, help="last part of the steps, from 0 to 1, in which the rate falls")
    recipe.add_argument("--content", type=float, help="weight of the content loss, equation 5.10")
    recipe.add_argument("--style", type=float, help="weight of the style loss")
    recipe.add_argument("--variation", type=float, help="weight of the total variation")
    recipe.add_argument("--factor", nargs="+", metavar="NAME=F", help="a style's own factor on its style loss")
    recipe.add_argument("--share", nargs="+", metavar="NAME=F", help="how often a style is drawn; 1 where not given")
    recipe.add_argument("--seed", type=int)
    recipe.add_argument("--save-every", type=int, help="steps between checkpoints and previews")
    command.add_arguments(parser)
    return parser


def numbers(what: str, pairs: list[str] | None) -> dict[str, float] | None:
    """NAME=F pairs as a dictionary. Raises UserError for anything else."""
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        try:
            found[name] = float(value) if equals else float("nan")
        except ValueError:
            found[name] = float("nan")
        if not found[name] >= 0:
            raise UserError(f"The {what} {pair!r} is not of the form NAME=F with a number F of zero or more.")
    return found or None


def given(options: argparse.Namespace) -> dict:
    """The recipe's settings that were given on the command line."""
    values = {entry.name: vars(options).get(entry.name) for entry in fields(Recipe)}
    del values["styles"]  # the option of that name is their folder
    values |= {name: command.layers(getattr(options, name)) for name in LAYERS}
    values["style_factors"] = numbers("factor", options.factor)
    values["style_shares"] = numbers("share", options.share)
    return {name: value for name, value in values.items() if value is not None}


def new_run(options: argparse.Namespace, path: Path | None) -> Run:
    """A fresh run folder for the recipe of the command line."""
    if options.loss_networks is None and options.network is not None:
        options.loss_networks = sources.folder()
    for option in FOLDERS:
        if getattr(options, option) is None:
            raise UserError(f"A new run needs --{option.replace('_', '-')}; a run to go on with needs --resume.")
    paintings = material.chosen_paintings(options.styles, options.only)
    recipe = Recipe(**{"styles": tuple(paintings), "half": hardware.bf16_is_fast(), **given(options)})
    folders = {name: str(getattr(options, name).resolve()) for name in FOLDERS}
    more = {f"{name}_folder": folder for name, folder in folders.items()}
    if options.start:
        known = options.start in weights.cards("pastiche")
        more["start"] = options.start if known else str(Run.open(command.run_path(options.start)).path.resolve())
    settings = pastiche_recipe.settings_of(recipe, **more)
    return Run.create("pastiche", settings, path=path, name=None if path else f"{len(paintings)} styles")


def existing_run(options: argparse.Namespace, name: Path | str) -> Run:
    """Open a run to go on with. Only the number of steps may differ from what it was started with."""
    run = Run.open(name)
    if run.kind != "pastiche":
        raise UserError(f"The run {run.id} trains a {run.kind}; give the run of a pastiche net.")
    return command.go_on(run, given(options), pastiche_recipe.recipe_of)


def read_photographs(paths: Sequence[Path], *, shows: bool) -> tuple[Photographs, int]:
    """The photographs of the files, and how many files were no whole picture. `shows` how far it is."""
    found, refused = [], []
    for path in tqdm(paths, desc="Reading photographs", unit="picture", disable=None if shows else True):
        try:
            found.append(torch.from_numpy(images.decode(path, max_side=material.LONG_SIDE)))
        except images.ImageError as error:
            refused.append(str(error))
    if refused and not found:
        raise UserError(f"None of the pictures in {paths[0].parent} can be read; the first: {refused[0]}")
    return Photographs(found), len(refused)


def run_training(run: Run, team: Team) -> None:
    """Read what the run's settings name, and train to the end of its recipe."""
    with team.writing(run) as writer:  # from here on the folder says how it goes, or what is missing

        def hear(what: str, done: int, total: int) -> None:
            writer.progress(downloading=what, bytes=done, bytes_total=total)

        recipe = pastiche_recipe.recipe_of(run.settings)
        team.check_batch(recipe.batch)
        paintings, paths = team.first(lambda: _files(run, recipe))
        network = sources.load(recipe.network, Path(run.settings["loss_networks_folder"]), hear)
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        photographs, refused = read_photographs(paths, shows=team.leads)
        pictures = {name: images.decode(path) for name, path in paintings.items()}
        facts = {"styles": material.titles(paintings), "photographs": len(photographs.pictures), "left_out": refused}
        trainer.carry_out(writer, photographs, pictures, network, material.previews(), facts, team)


def _files(run: Run, recipe: Recipe) -> tuple[dict[str, Path], list[Path]]:
    """The paintings by style, and all photographs of the run's folder but those that nets are judged by."""
    paintings = material.chosen_paintings(material.place(run, "styles"), list(recipe.styles))
    return paintings, held_out.learnable(material.pictures_in(material.place(run, "photos"), "photographs"))


def main(given: list[str] | None = None) -> int:
    return command.carry_out(arguments(), given, new_run, existing_run, run_training)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
