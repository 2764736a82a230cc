"""What the training commands have in common: which run folder each works in, with which processes and threads, and how
it ends."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from core import hardware
from core.errors import UserError
from core.runs.run import Run, root
from core.trainers import parallel
from core.trainers.parallel import Team
from training.progress import bar

New = Callable[[argparse.Namespace, Path | None], Run]
Existing = Callable[[argparse.Namespace, Path | str], Run]
Train = Callable[[Run, Team], None]
# torchrun takes "--run" for the beginning of an option of its own, wherever it stands.
RUN = ("--run", "--run-folder")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--run`, `--resume` and `--threads`."""
    run = parser.add_argument_group("run folder")
    about = "folder or name of the run; gone on with if it is there already; behind torchrun write --run-folder"
    run.add_argument(*RUN, metavar="RUN", help=about)
    run.add_argument("--resume", metavar="RUN", help="go on with a run; needs none of the options above")
    threads = max(1, hardware.spare_threads() // parallel.processes_here())
    parser.add_argument("--threads", type=int, default=threads, help="of each process; default: all cores but one")


def run_path(name: str) -> Path:
    """The folder that `--run NAME` means: that of the run it names or, where there is none, of the run to be made.

    A new run of a bare name lies among the runs, where the pages find it; anything else is a path.
    """
    path, among_runs = Path(name), root() / name
    begun = (place for place in (path, among_runs) if is_begun(place))
    return next(begun, among_runs if path.name == name else path)


def is_begun(path: Path) -> bool:
    """Whether the folder holds a run."""
    return (path / "run.json").exists()


def find_run(options: argparse.Namespace, new: New, existing: Existing) -> Run:
    """The run that the options mean: `new` makes it in a folder (None: a fresh one), `existing` opens it to go on."""
    if options.resume:
        return existing(options, options.resume)
    if options.run is None:
        return new(options, None)
    path = run_path(options.run)
    return existing(options, path) if is_begun(path) else new(options, path)


def go_on(run: Run, asked: Mapping[str, Any], recipe_of: Callable[[Mapping], Any]) -> Run:
    """The run with as many steps as the options `asked` for, or as its last process was asked for.

    Raises UserError where another of the recipe's settings differs from what the run was started with.
    """
    for source in (run.data, asked):
        if "steps" in source:
            run.settings["steps"] = source["steps"]
    recipe = recipe_of(run.settings)
    for setting, value in asked.items():
        if getattr(recipe, setting) != value:
            raise UserError(
                f"The run {run.id} was started with {setting.replace('_', ' ')} {getattr(recipe, setting)}, "
                f"not {value}; leave the option out, or choose another --run."
            )
    return run


def layers(pairs: list[str] | None) -> dict[str, float] | None:
    """LAYER=WEIGHT pairs as a dictionary, a weight left out being 1. Raises UserError for anything else."""
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        try:
            found[name] = float(value) if equals else 1.0
        except ValueError as error:
            raise UserError(f"The layer {pair!r} is not of the form LAYER=WEIGHT with a number as weight.") from error
    return found or None


def carry_out(
    parser: argparse.ArgumentParser, given: Sequence[str] | None, new: New, existing: Existing, train: Train
) -> int:
    """Find the run that the arguments mean, train in it and say how that ended; the exit status."""
    options = parser.parse_args(given)
    torch.set_num_threads(options.threads)
    return in_team(parser.prog, lambda: find_run(options, new, existing), train, say_state)


def in_team(prog: str, find: Callable[[], Run], train: Train, say: Callable[[Run], None]) -> int:
    """Train in the run that `find` gives, in this process or in all that torchrun started; the exit status.

    One process finds the run, shows its steps and at its end lets `say` tell what came of it.
    """
    speaks = os.environ.get("LOCAL_RANK", "0") == "0"  # of the processes of a machine, one
    run = None
    try:
        with parallel.team() as team:
            run = team.first(find)
            if team.leads:
                print(f"run folder: {run.path}", flush=True)
            with bar(run) if team.leads else nullcontext():
                train(run, team)
    except UserError as error:
        if speaks:
            print(f"{prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if speaks:
            print("\ninterrupted" + (f"; go on with: {prog} --run {run.path}" if run else ""), file=sys.stderr)
        return 130
    if team.leads:
        say(run)
    return 0


def say_state(run: Run) -> None:
    """Where a run stands, and where its weights are."""
    print(f"{run.status().state}: {run.path / 'model.safetensors'}")
