"""`python -m training.classifier`: train a net on a data set, or resume a run."""

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
    "augment": "random crop and flip",
    "bias_rate": "learning rate multiplier of the biases of normalisation layers",
    "dropout": "drop probability of every dropout layer, instead of the net's own",
    "flip": f"one of: {', '.join(recipes.FLIPS)}",
    "freeze_features": "train the head alone, on the features of --start-from",
    "keep_epochs": "how many epochs save a checkpoint of the weights, besides the initial ones; default: none",
    "mirror": "whether augmentation flips horizontally",
    "new_head": "take all weights of --start-from but those of its head",
    "optimizer": f"one of: {', '.join(recipes.OPTIMIZERS)}",
    "padding": "pixels around an image that augmentation crops from",
    "schedule": f"one of: {', '.join(recipes.SCHEDULES)}",
    "precision": "auto, float32 or bfloat16",
    "seed_initialisation": "for the initial weights alone",
    "seed_noise": "for augmentation and dropout alone",
    "seed_order": "for shuffling the images alone",
    "start_from": "a run or a shipped net whose weights training starts from",
    "test_views": f"test-time augmentation: views an image that the last evaluation also averages: {recipes.VIEWS}",
    "threads": "CPU threads; default: all cores",
    "weight_average": "decay per step of the average of the weights that is evaluated and saved; 0 for none",
}
OWN_OPTIONS = ("dataset", "model", "recipe_name", "recipe", "milestones")
OPTIONS = {"test_views": "--views"}  # those that are not named as their setting


def _changes() -> dict[str, type]:
    """Return every setting of a recipe and of a training that an option may change, with its type."""
    hints = typing.get_type_hints(recipes.ClassifierRecipe) | typing.get_type_hints(recipes.Settings)
    return {name: float if hint == float | None else hint for name, hint in hints.items() if name not in OWN_OPTIONS}


CHANGES = _changes()


def main(given: list[str] | None = None) -> int:
    parser = arguments()
    options = parser.parse_args(given)
    return command.in_team(parser.prog, lambda: find_run(options), train, print_result)


def arguments() -> argparse.ArgumentParser:
    """Return the command's options; those left out take the recipe's values."""
    parser = argparse.ArgumentParser(prog="python -m training.classifier", description=__doc__)
    about = "a run folder, or its name: resumed where it holds a run, else created; with torchrun write --run-folder"
    parser.add_argument(*command.RUN, help=about)
    parser.add_argument("--dataset", help=f"one of: {', '.join(datasets.names())}")
    parser.add_argument("--model", help=f"one of: {', '.join(catalogue.names())}")
    parser.add_argument("--recipe", help="a named recipe of that net on that data set; default: its first")
    parser.add_argument("--name", help="name of the run")
    parser.add_argument("--seed", type=int, help="of initialisation, shuffling and noise alike")
    for name, kind in CHANGES.items():
        option = OPTIONS.get(name, "--" + name.replace("_", "-"))
        about = HELP.get(name, f"instead of the recipe's {name.replace('_', ' ')}")
        if kind is bool:
            parser.add_argument(option, dest=name, action=argparse.BooleanOptionalAction, default=None, help=about)
        else:
            parser.add_argument(option, dest=name, type=kind, help=about)
    return parser


def find_run(options: argparse.Namespace) -> Run:
    """Return the run that the options mean: a new one, or one to resume. Raises UserError where they do not fit."""
    changes = {key: value for key in CHANGES if (value := getattr(options, key)) is not None}
    if options.seed is not None:
        changes = {f"seed_{what}": options.seed for what in ("initialisation", "order", "noise")} | changes
    run_options = {key: value for key in ("dataset", "model", "recipe", "name") if (value := getattr(options, key))}
    path = command.run_path(options.run) if options.run else None
    if path and command.is_begun(path):
        existing = Run.open(path)
        if changes or run_options:
            raise UserError(
                f"The run {existing.id} has its settings already; resume it with --run alone, or leave --run out."
            )
        if existing.kind != "classifier":
            raise UserError(f"The run {existing.id} is no classifier; it is resumed by training.{existing.kind}.")
        return existing
    if not (options.dataset and (options.model or options.recipe)):
        raise UserError("Give what to train: --dataset and --model, or --run with a run to resume.")
    model = options.model or net_of(options.recipe, options.dataset)
    settings = recipes.settings(options.dataset, model, options.recipe, **changes)
    name = options.name or f"{model} on {options.dataset}"
    return Run.create("classifier", settings.to_json(), name=name, path=path)


def net_of(recipe: str, dataset: str) -> str:
    """Return the one net with a recipe of this name on the data set. Raises UserError where none or several have it."""
    nets = [net for net in catalogue.names() if recipe in recipes.recipes(net, dataset)]
    if len(nets) != 1:
        which = f"these have: {', '.join(nets)}" if nets else "no net has one"
        raise UserError(f'Give with --model the net to train by the recipe "{recipe}" on {dataset}: {which}.')
    return nets[0]


def print_result(run: Run) -> None:
    """Print the errors that the training measured."""
    record, split = run.classifier, run.classifier.split
    measured = [row for row in run.metrics() if f"{split}_error" in row]
    if measured:
        last = measured[-1]
        error = last[f"{split}_error"]
        print(f"{split} error {error:.2f}% after {last['epoch']:g} epochs, {last['seconds']:.0f} s of training")
    if run.status().state != "finished":
        return
    if record.selects:
        print(f"test error {record.test_error:.2f}%, of epoch {record.selected_epoch}: the best on validation")
    if record.test_error_views is not None:
        print(f"test error {record.test_error_views:.2f}% averaged over {record.test_views} views of each image")


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
