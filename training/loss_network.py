"""`python -m training.loss_network`: train `compact`, the loss network of our own, on features of its teachers.

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
from core.style import distillation, loss_networks, material
from core.style.distillation import Recipe
from core.style.held_out import learnable
from core.style.photographs import Photographs
from core.trainers.parallel import Team
from training import command

FOLDERS = ("photos", "styles", "loss_networks")
# Every so manieth picture is held out: enough to judge by, and seven eighths of the paintings stay to learn from.
HELD_OUT = {"photos": 40, "styles": 7}
SEEN_SIDE = 512  # long side, px: so large are the pictures of a transfer, and so coarse their strokes
JUDGED = 16  # held-out crops of each kind
NUMBERS = tuple(entry for entry in fields(Recipe) if entry.name not in ("half",))


def arguments() -> argparse.ArgumentParser:
    """The command's options; those left out take the recipe's defaults."""
    parser = argparse.ArgumentParser(prog="python -m training.loss_network", description=__doc__.split("\n")[0])
    source = parser.add_argument_group("what to learn from")
    source.add_argument("--photos", type=Path, metavar="DIR", help="folder of photographs")
    source.add_argument("--styles", type=Path, metavar="DIR", help="folder of paintings")
    source.add_argument("--loss-networks", type=Path, metavar="DIR", help="folder of the teachers' safetensors")
    recipe = parser.add_argument_group("recipe")
    for entry in NUMBERS:
        option = f"--{entry.name.replace('_', '-')}"
        recipe.add_argument(option, type=type(entry.default), help=f"default {entry.default}")
    command.add_arguments(parser)
    return parser


def given(options: argparse.Namespace) -> dict:
    """The recipe's settings that were given on the command line."""
    values = {entry.name: getattr(options, entry.name) for entry in NUMBERS}
    return {name: value for name, value in values.items() if value is not None}


def new_run(options: argparse.Namespace, path: Path | None) -> Run:
    """A fresh run folder for the recipe of the command line."""
    for option in FOLDERS:
        if getattr(options, option) is None:
            raise UserError(f"A new run needs --{option.replace('_', '-')}; a run to go on with needs --resume.")
    recipe = Recipe(**{"half": hardware.bf16_is_fast(), **given(options)})
    folders = {f"{name}_folder": str(getattr(options, name).resolve()) for name in FOLDERS}
    return Run.create("loss_network", distillation.settings_of(recipe, **folders), path=path, name="Compact")


def existing_run(options: argparse.Namespace, name: Path | str) -> Run:
    """Open a run to go on with. Only the number of steps may differ from what it was started with."""
    run = Run.open(name)
    if run.kind != "loss_network":
        raise UserError(f"The run {run.id} trains a {run.kind}; give the run of a loss network.")
    return command.go_on(run, given(options), distillation.recipe_of)


def divided(paths: Sequence[Path], every: int) -> tuple[list[Path], list[Path]]:
    """Pictures to learn from, and every so manieth to be judged by. Raises UserError where nothing is left to learn."""
    judged = list(paths[every - 1 :: every]) or list(paths[-1:])
    learnt = [path for path in paths if path not in judged]
    if not learnt:
        raise UserError(f"There is only one picture in {paths[0].parent}; at least two are needed, one to judge by.")
    return learnt, judged


def run_training(run: Run, team: Team) -> None:
    """Read what the run's settings name, and train to the end of its recipe, in one process."""
    if team.size > 1:
        raise UserError("The loss network is trained by one process; start this command without torchrun.")
    recipe = distillation.recipe_of(run.settings)
    folders = {name: Path(run.settings[f"{name}_folder"]) for name in FOLDERS}
    teachers = loss_networks.load(folders["loss_networks"])
    learnt, judged, facts = {}, [], {}
    for kind, what in (("photos", "photographs"), ("styles", "paintings")):
        to_learn, to_judge = divided(learnable(material.pictures_in(folders[kind], what)), HELD_OUT[kind])
        learnt[kind] = Photographs([torch.from_numpy(images.decode(path, max_side=SEEN_SIDE)) for path in to_learn])
        held_out = Photographs([torch.from_numpy(images.decode(path, max_side=SEEN_SIDE)) for path in to_judge])
        judged.append(held_out.crops(JUDGED, recipe.crop, recipe.closest, torch.Generator().manual_seed(0)))
        facts |= {what: len(to_learn), f"held_out_{what}": [path.name for path in to_judge]}
    distillation.train(run, learnt["photos"], learnt["styles"], judged, teachers, facts)


def main(given: list[str] | None = None) -> int:
    hardware.keep_freed_memory()
    return command.carry_out(arguments(), given, new_run, existing_run, run_training)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
