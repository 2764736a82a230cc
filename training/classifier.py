"""`python -m training.classifier`: train a net on a data set, or go on with a run that was begun."""

import argparse
import sys
from pathlib import Path

from core import datasets
from core.errors import UserError
from core.models import catalogue
from core.runs.folder import Run, root
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from training.progress import bar

CHANGES = {
    "epochs": int,
    "batch_size": int,
    "learning_rate": float,
    "weight_decay": float,
    "momentum": float,
    "optimizer": str,
    "schedule": str,
    "label_smoothing": float,
    "dropout": float,
    "precision": str,
    "threads": int,
    "start_from": str,
}


HELP = {
    "dropout": "drop probability of every dropout layer, instead of the net's own",
    "optimizer": f"one of: {', '.join(recipes.OPTIMIZERS)}",
    "schedule": f"one of: {', '.join(recipes.SCHEDULES)}",
    "precision": "auto, float32 or bfloat16",
    "threads": "CPU threads; default: all cores",
    "start_from": "a run or a shipped net whose weights are the initial ones",
}


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        run = _run(given)
        print(f"run folder: {run.path}", flush=True)
        with bar(run):
            train(run)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\ninterrupted; go on with: python -m training.classifier --run {run.path}", file=sys.stderr)
        return 130
    _say_result(run)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.classifier", description=__doc__)
    parser.add_argument("--run", help="a run folder, or its name: resumed where it holds a run, else made")
    parser.add_argument("--dataset", help=f"one of: {', '.join(datasets.names())}")
    parser.add_argument("--model", help=f"one of: {', '.join(catalogue.names())}")
    parser.add_argument("--recipe", help="a named recipe of that net on that data set; default: its first")
    parser.add_argument("--name", help="what to call the run")
    parser.add_argument("--seed", type=int, help="for initialisation, order and noise alike")
    for option, kind in CHANGES.items():
        about = HELP.get(option, f"instead of the recipe's {option.replace('_', ' ')}")
        parser.add_argument("--" + option.replace("_", "-"), type=kind, help=about)
    parser.add_argument("--augment", action=argparse.BooleanOptionalAction, default=None, help="pad, crop, mirror")
    return parser


def _run(given: argparse.Namespace) -> Run:
    changes = {key: getattr(given, key) for key in (*CHANGES, "augment") if getattr(given, key) is not None}
    if given.seed is not None:
        changes |= {f"seed_{what}": given.seed for what in ("initialisation", "order", "noise")}
    asked = {key: value for key in ("dataset", "model", "recipe", "name") if (value := getattr(given, key))}
    if given.run and (existing := _existing(given.run)):
        if changes or asked:
            raise UserError(
                f"The run {existing.id} has its settings already; resume it with --run alone, or leave --run out."
            )
        if existing.kind != "classifier":
            raise UserError(f"The run {existing.id} is no classifier; it is resumed by training.{existing.kind}.")
        return existing
    if not (given.dataset and given.model):
        raise UserError("Say what to train: --dataset and --model, or --run with a run that was begun.")
    settings = recipes.settings(given.dataset, given.model, given.recipe, **changes)
    name = given.name or f"{given.model} on {given.dataset}"
    return Run.create("classifier", settings.to_json(), name=name, path=given.run)


def _existing(path: str) -> Run | None:
    for candidate in (Path(path), root() / path):
        if (candidate / "run.json").exists():
            return Run.open(candidate)
    return None


def _say_result(run: Run) -> None:
    held_out = run.data["held_out"]
    measured = [row for row in run.metrics() if f"{held_out}_error" in row]
    if measured:
        last = measured[-1]
        error = last[f"{held_out}_error"]
        print(f"{held_out} error {error:.2f} % after {last['epoch']:g} epochs, {last['seconds']:.0f} s of training")


if __name__ == "__main__":
    sys.exit(main())
