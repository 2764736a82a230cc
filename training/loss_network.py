"""`python -m training.loss_network`: train `compact`, the built-in loss network, on features of its teachers.

The same command goes on where a run folder was left; `--resume RUN` does so without the rest of it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import torch

from core import hardware, images
from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.style import distillation_recipe, distillation_run, loss_networks
from core.style.distillation import DistillationData
from core.style.distillation_recipe import KEYS, DistillationRecipe
from core.style.held_out import learnable
from core.style.photographs import Photographs
from core.style.training_pictures import pictures_in
from core.trainers.parallel import Team
from training import command

FOLDERS = ("photos", "styles", "loss_networks")
# One picture in so many is held out: enough for an evaluation, and most of the paintings stay to learn from.
HELD_OUT = {"photos": 40, "styles": 7}
LONG_SIDE = 512  # px: that of pictures in a transfer, and so the size of their strokes
EVALUATED = 16  # held-out crops of each kind
NUMBERS = tuple(entry for entry in fields(DistillationRecipe) if entry.name != "half")


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command's options; those left out take the recipe's defaults."""
    parser = argparse.ArgumentParser(prog="python -m training.loss_network", description=__doc__.split("\n")[0])
    source = parser.add_argument_group("what to learn from")
    source.add_argument("--photos", type=Path, metavar="DIR", help="folder of photographs")
    source.add_argument("--styles", type=Path, metavar="DIR", help="folder of paintings")
    source.add_argument("--loss-networks", type=Path, metavar="DIR", help="folder of the teachers' safetensors")
    recipe = parser.add_argument_group("recipe")
    for entry in NUMBERS:
        # A field that has an older name among the settings keeps it as an option, too.
        options = dict.fromkeys(
            f"--{name.replace('_', '-')}" for name in (entry.name, KEYS.get(entry.name, entry.name))
        )
        recipe.add_argument(*options, type=type(entry.default), help=f"default {entry.default}")
    command.add_arguments(parser)
    return parser


def recipe_options(options: argparse.Namespace) -> dict:
    """Return the recipe's settings that the command line holds."""
    values = {entry.name: getattr(options, entry.name) for entry in NUMBERS}
    return {name: value for name, value in values.items() if value is not None}


def new_run(options: argparse.Namespace, path: Path | None) -> Run:
    """Return a new run for the recipe of the command line."""
    for option in FOLDERS:
        if getattr(options, option) is None:
            raise UserError(f"A new run needs --{option.replace('_', '-')}; a run to go on with needs --resume.")
    recipe = DistillationRecipe(**{"half": hardware.bf16_is_fast(), **recipe_options(options)})
    folders = {f"{name}_folder": str(getattr(options, name).resolve()) for name in FOLDERS}
    return Run.create("loss_network", distillation_recipe.settings_of(recipe, **folders), path=path, name="Compact")


def existing_run(options: argparse.Namespace, name: Path | str) -> Run:
    """Open a run to go on with. Only the number of steps may differ from what it was started with."""
    run = Run.open(name)
    if run.kind != "loss_network":
        raise UserError(f"The run {run.id} trains a {run.kind}; give the run of a loss network.")
    return command.resumed(run, recipe_options(options), distillation_recipe.recipe_of)


def divided(paths: Sequence[Path], every: int) -> tuple[list[Path], list[Path]]:
    """Return pictures to learn from, and one in `every` to hold out. Raises UserError for one picture alone."""
    held_out = list(paths[every - 1 :: every]) or list(paths[-1:])
    training = [path for path in paths if path not in held_out]
    if not training:
        raise UserError(f"There is only one picture in {paths[0].parent}; at least two are needed, one to hold out.")
    return training, held_out


def run_training(run: Run, team: Team) -> None:
    """Read what the run's settings name, and train to the end of its recipe, in one process."""
    if team.size > 1:
        raise UserError("The loss network is trained by one process; start this command without torchrun.")
    recipe = distillation_recipe.recipe_of(run.settings)
    folders = {name: Path(run.loss_network.folders[name]) for name in FOLDERS}
    teachers = loss_networks.load(folders["loss_networks"])
    pictures, held_out, facts = {}, [], {}
    for kind, what in (("photos", "photographs"), ("styles", "paintings")):
        training, rest = divided(learnable(pictures_in(folders[kind], what)), HELD_OUT[kind])
        pictures[kind] = decoded(training)
        generator = torch.Generator().manual_seed(0)
        held_out.append(decoded(rest).crops(EVALUATED, recipe.crop, recipe.min_crop_scale, generator))
        facts |= {what: len(training), f"held_out_{what}": [path.name for path in rest]}
    data = DistillationData(pictures["photos"], pictures["styles"], teachers)
    distillation_run.carry_out(run, data, held_out, facts)


def decoded(paths: Sequence[Path]) -> Photographs:
    """Return the pictures of the files in memory, with a long side of at most LONG_SIDE px."""
    return Photographs([torch.from_numpy(images.decode(path, max_side=LONG_SIDE)) for path in paths])


def main(argv: list[str] | None = None) -> int:
    """Train as the command line says; return the exit status."""
    hardware.keep_freed_memory()
    return command.carry_out(arguments(), argv, new_run, existing_run, run_training)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
