"""`python -m training.classifier`: train a net on a data set, or go on with a run that was begun."""

import argparse
import sys
import typing

from core import datasets
from core.errors import UserError
from core.models import catalogue
from core.runs import queue
from core.runs.run import Run
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from training import command

HELP = {
    "augment": "pad, crop and mirror",
    "bias_rate": "factor on the rate of the shifts of normalisation layers",
    "dropout": "drop probability of every dropout layer, instead of the net's own",
    "flip": f"one of: {', '.join(recipes.FLIPS)}",
    "freeze_features": "let the head alone learn, on the features of --start-from",
    "keep_epochs": "how many epochs leave their weights behind, beside the initial ones; default: none",
    "mirror": "whether augmentation mirrors",
    "new_head": "take all weights of --start-from but those that decide about its classes",
    "optimizer": f"one of: {', '.join(recipes.OPTIMIZERS)}",
    "padding": "pixels around an image that augmentation crops from",
    "schedule": f"one of: {', '.join(recipes.SCHEDULES)}",
    "precision": "auto, float32 or bfloat16",
    "seed_initialisation": "for the first weights alone",
    "seed_noise": "for augmentation and dropout alone",
    "seed_order": "for the order of the images alone",
    "start_from": "a run or a shipped net whose weights are the initial ones",
    "test_views": f"views of an image that the last evaluation also averages over: {recipes.VIEWS}",
    "threads": "CPU threads; default: all cores",
    "weight_average": "decay per step of the average of the weights that is measured and saved; 0 for none",
}
ASKED_FIRST = ("dataset", "model", "recipe_name", "recipe", "milestones")
OPTIONS = {"test_views": "--views"}  # those that are not called as their setting


def _changes() -> dict[str, type]:
    """Every setting of a recipe and of a training that an option may change, and its type."""
    hints = typing.get_type_hints(recipes.ClassifierRecipe) | typing.get_type_hints(recipes.Settings)
    return {name: float if hint == float | None else hint for name, hint in hints.items() if name not in ASKED_FIRST}


CHANGES = _changes()


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    return command.in_team(parser.prog, lambda: _run(given), train, _say_result)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.classifier", description=__doc__)
    about = "a run folder, or its name: resumed where it holds a run, else made; behind torchrun write --run-folder"
    parser.add_argument(*command.RUN, help=about)
    parser.add_argument("--dataset", help=f"one of: {', '.join(datasets.names())}")
    parser.add_argument("--model", help=f"one of: {', '.join(catalogue.names())}")
    parser.add_argument("--recipe", help="a named recipe of that net on that data set; default: its first")
    parser.add_argument("--name", help="what to call the run")
    parser.add_argument("--seed", type=int, help="for initialisation, order and noise alike")
    for name, kind in CHANGES.items():
        option = OPTIONS.get(name, "--" + name.replace("_", "-"))
        about = HELP.get(name, f"instead of the recipe's {name.replace('_', ' ')}")
        if kind is bool:
            parser.add_argument(option, dest=name, action=argparse.BooleanOptionalAction, default=None, help=about)
        else:
            parser.add_argument(option, dest=name, type=kind, help=about)
    return parser


def _run(given: argparse.Namespace) -> Run:
    changes = {key: value for key in CHANGES if (value := getattr(given, key)) is not None}
    if given.seed is not None:
        changes = {f"seed_{what}": given.seed for what in ("initialisation", "order", "noise")} | changes
    asked = {key: value for key in ("dataset", "model", "recipe", "name") if (value := getattr(given, key))}
    path = command.run_path(given.run) if given.run else None
    if path and command.is_begun(path):
        existing = Run.open(path)
        if changes or asked:
            raise UserError(
                f"The run {existing.id} has its settings already; resume it with --run alone, or leave --run out."
            )
        if existing.kind != "classifier":
            raise UserError(f"The run {existing.id} is no classifier; it is resumed by training.{existing.kind}.")
        return existing
    if not (given.dataset and (given.model or given.recipe)):
        raise UserError("Say what to train: --dataset and --model, or --run with a run that was begun.")
    model = given.model or _net_of(given.recipe, given.dataset)
    settings = recipes.settings(given.dataset, model, given.recipe, **changes)
    name = given.name or f"{model} on {given.dataset}"
    return Run.create("classifier", settings.to_json(), name=name, path=path)


def _net_of(recipe: str, dataset: str) -> str:
    """The one net that has a recipe of this name on that data set. Raises UserError where none or several have."""
    found = [net for net in catalogue.names() if recipe in recipes.recipes(net, dataset)]
    if len(found) != 1:
        nets = f"these have: {', '.join(found)}" if found else "no net has one"
        raise UserError(f'Say with --model which net to train by the recipe "{recipe}" on {dataset}: {nets}.')
    return found[0]


def _say_result(run: Run) -> None:
    record, split = run.classifier, run.classifier.split
    measured = [row for row in run.metrics() if f"{split}_error" in row]
    if measured:
        last = measured[-1]
        error = last[f"{split}_error"]
        print(f"{split} error {error:.2f} % after {last['epoch']:g} epochs, {last['seconds']:.0f} s of training")
    if run.status().state != "finished":
        return
    if record.selects:
        print(f"test error {record.test_error:.2f} %, of epoch {record.selected_epoch}: the best on validation")
    if record.test_error_views is not None:
        print(f"test error {record.test_error_views:.2f} % averaged over {record.test_views} views of each image")


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
