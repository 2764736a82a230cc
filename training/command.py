"""What the training commands share: the run folder that each works in, its processes and threads, and its end."""

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
# torchrun reads "--run" as an abbreviation of an option of its own, wherever it stands.
RUN = ("--run", "--run-folder")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--run`, `--resume` and `--threads`."""
    run = parser.add_argument_group("run folder")
    about = "folder or name of the run, resumed where it exists; with torchrun write --run-folder"
    run.add_argument(*RUN, metavar="RUN", help=about)
    run.add_argument("--resume", metavar="RUN", help="resume a run; needs none of the options above")
    threads = max(1, hardware.spare_threads() // parallel.processes_here())
    parser.add_argument("--threads", type=int, default=threads, help="of each process; default: all cores but one")


def run_path(name: str) -> Path:
    """Return the folder that `--run NAME` means: that of the run it names or, where there is none, of a new run.

    A new run of a bare name lies among the runs, where the pages find it; anything else is a path.
    """
    path, among_runs = Path(name), root() / name
    begun = (place for place in (path, among_runs) if is_begun(place))
    return next(begun, among_runs if path.name == name else path)


def is_begun(path: Path) -> bool:
    """Return True where the folder holds a run."""
    return (path / "run.json").exists()


def find_run(options: argparse.Namespace, new: New, existing: Existing) -> Run:
    """Return the run that the options mean: `new` makes it in a folder (None: a fresh one), `existing` opens it."""
    if options.resume:
        return existing(options, options.resume)
    if options.run is None:
        return new(options, None)
    path = run_path(options.run)
    return existing(options, path) if is_begun(path) else new(options, path)


def resumed(run: Run, options: Mapping[str, Any], recipe_of: Callable[[Mapping], Any]) -> Run:
    """Return the run with as many steps as the `options` set, else as many as its last process was started with.

    Raises UserError where another of the recipe's settings differs from what the run was started with.
    """
    for source in (run.data, options):
        if "steps" in source:
            run.settings["steps"] = source["steps"]
    recipe = recipe_of(run.settings)
    for setting, value in options.items():
        if getattr(recipe, setting) != value:
            raise UserError(
                f"The run {run.id} was started with {setting.replace('_', ' ')} {getattr(recipe, setting)}, "
                f"not {value}; leave the option out, or choose another --run."
            )
    return run


def layers(pairs: list[str] | None) -> dict[str, float] | None:
    """Return LAYER=WEIGHT pairs as a dictionary, a missing weight being 1. Raises UserError for anything else."""
    weights = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        try:
            weights[name] = float(value) if equals else 1.0
        except ValueError as error:
            raise UserError(f"The layer {pair!r} is not of the form LAYER=WEIGHT with a number as weight.") from error
    return weights or None


def carry_out(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, new: New, existing: Existing, train: Train
) -> int:
    """Find the run that the arguments mean, train in it and print how that ended; return the exit status."""
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    return in_team(parser.prog, lambda: find_run(options, new, existing), train, print_state)


def in_team(prog: str, find: Callable[[], Run], train: Train, print_result: Callable[[Run], None]) -> int:
    """Train in the run that `find` returns, in this process or in all that torchrun started; return the exit status.

    One process finds the run, shows its steps and at its end calls `print_result`.
    """
    prints = os.environ.get("LOCAL_RANK", "0") == "0"  # of the processes of a machine, one
    run = None
    try:
        with parallel.team() as team:
            run = team.first(find)
            if team.leads:
                print(f"run folder: {run.path}", flush=True)
            with bar(run) if team.leads else nullcontext():
                train(run, team)
    except UserError as error:
        if prints:
            print(f"{prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if prints:
            print("\ninterrupted" + (f"; resume with: {prog} --run {run.path}" if run else ""), file=sys.stderr)
        return 130
    if team.leads:
        print_result(run)
    return 0


def print_state(run: Run) -> None:
    """Print the state of a run, and where its weights are."""
    print(f"{run.status().state}: {run.path / 'model.safetensors'}")
