"""From a recipe's name to the settings of a training, checked before anything is started."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from core import datasets
from core.datasets.classes import DIGITS
from core.datasets.name import parse
from core.errors import UserError
from core.models import catalogue
from core.trainers import kept_epochs, thesis
from core.trainers.hyperparameters import BORDERS, FLIPS, OPTIMIZERS, PRECISIONS, SCHEDULES, VIEWS, ClassifierRecipe

__all__ = [
    "BORDERS",
    "FLIPS",
    "OPTIMIZERS",
    "PRECISIONS",
    "SCHEDULES",
    "VIEWS",
    "ClassifierRecipe",
    "Settings",
    "check",
    "recipes",
    "settings",
]


@dataclass(frozen=True)
class Settings:
    """Everything that decides a training: two runs with equal settings on one machine are the same run.

    `precision` "auto" takes bfloat16 where the hardware is fast at it; `threads` 0 takes every core. `start_from` is a
    run or a shipped net whose weights the training starts from, instead of random ones. `keep_epochs` is how many
    epochs save their weights, as `kept_epochs.chosen` has it. With `new_head` the layers that decide about
    the classes (`head_layers`) start from random weights all the same; with `freeze_features` they alone learn.
    """

    dataset: str
    model: str
    recipe_name: str
    recipe: ClassifierRecipe
    seed_initialisation: int = 0
    seed_order: int = 0
    seed_noise: int = 0
    precision: str = "auto"
    threads: int = 0
    start_from: str = ""
    keep_epochs: int = 0
    new_head: bool = False
    freeze_features: bool = False

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Settings":
        """Read settings back from a run folder. Raises UserError where the file was edited into something else."""
        try:
            values = _known_fields(cls, saved)
            recipe = _known_fields(ClassifierRecipe, values.pop("recipe"))
            recipe["milestones"] = tuple((float(epoch), float(factor)) for epoch, factor in recipe["milestones"])
            settings = cls(recipe=ClassifierRecipe(**recipe), **values)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UserError(f"The settings of this run are damaged ({error}); start a new run instead.") from error
        check(settings)
        return settings


def recipes(model: str, dataset: str) -> dict[str, ClassifierRecipe]:
    """Return the recipes of a net on a data set by name, the default first; a general one where the thesis has none.

    Raises UserError, listing the known names, for an unknown net or data set.
    """
    catalogue.title(model)
    images = datasets.info(dataset).train_size
    looks_both_ways = parse(dataset).kind == "toybox"
    return thesis.RECIPES.get((model, dataset)) or {
        thesis.general_name(model): thesis.general(model, images, augment=looks_both_ways)
    }


def settings(dataset: str, model: str, recipe_name: str | None = None, **changes: Any) -> Settings:
    """Return settings for a net on a data set, from a named recipe (the default where None), with `changes` applied.

    A change names a field of ClassifierRecipe or of Settings. A step schedule is stretched along when `epochs` changes.
    Raises UserError for what cannot be trained, see `check`.
    """
    by_name = recipes(model, dataset)
    name = recipe_name or next(iter(by_name))
    if name not in by_name:
        raise UserError(f'There is no recipe "{name}" for {model} on {dataset}: choose one of {", ".join(by_name)}.')
    recipe = by_name[name]
    recipe_changes = {key: value for key, value in changes.items() if key in _field_names(ClassifierRecipe)}
    other = {key: value for key, value in changes.items() if key not in recipe_changes}
    if unknown := [key for key in other if key not in _field_names(Settings)]:
        raise UserError(f"A training has no setting named {unknown[0]}.")
    if recipe_changes.get("augment") and datasets.info(dataset).class_names == DIGITS:
        recipe_changes = {"mirror": False} | recipe_changes  # a mirrored digit is another sign
    epochs = recipe_changes.get("epochs", recipe.epochs)
    if "milestones" not in recipe_changes:
        stretch = epochs / recipe.epochs
        recipe_changes["milestones"] = tuple((epoch * stretch, factor) for epoch, factor in recipe.milestones)
    result = Settings(dataset, model, name, dataclasses.replace(recipe, **recipe_changes), **other)
    check(result)
    return result


def check(settings: Settings) -> None:
    """Raise UserError, with the reason, for settings that cannot work."""
    recipe = settings.recipe
    info = datasets.info(settings.dataset)
    for record in (settings, recipe):
        _check_types(record)
    _one_of("optimiser", recipe.optimizer, OPTIMIZERS)
    _one_of("schedule", recipe.schedule, SCHEDULES)
    _one_of("precision", settings.precision, PRECISIONS)
    _within("The number of epochs", recipe.epochs, 1, 10_000)
    _within("The batch size", recipe.batch_size, 2, info.train_size)
    _within("The learning rate", recipe.learning_rate, 1e-8, 100)
    _within("The momentum", recipe.momentum, 0, 0.9999)
    _within("The weight decay", recipe.weight_decay, 0, 1)
    _within("The label smoothing", recipe.label_smoothing, 0, 0.9)
    if recipe.dropout is not None:
        _within("The dropout", recipe.dropout, 0, 0.99)
    _within("The decay of the weight average", recipe.weight_average, 0, 0.99999)
    _one_of("way to flip", recipe.flip, FLIPS)
    _one_of("border", recipe.border, BORDERS)
    # A border that reflects the image can be no wider than the image without its own border.
    _within("The padding", recipe.padding, 0, info.side - (recipe.border == "reflect"))
    _within("The bias rate", recipe.bias_rate, 0, 1000)
    if recipe.test_views not in VIEWS:
        raise UserError(f"Evaluation has no {recipe.test_views} views: choose one of {', '.join(map(str, VIEWS))}.")
    _within("The number of threads", settings.threads, 0, 4096)
    if (settings.new_head or settings.freeze_features) and not settings.start_from:
        raise UserError("Only a net that was trained has features to take over: name one to start from.")
    net = blank(settings.model, info)  # raises where it cannot be built
    kept_epochs.check(net, recipe.epochs, settings.keep_epochs)
    if recipe.dropout and not any(isinstance(layer, nn.Dropout) for layer in net.modules()):
        raise UserError(f"{catalogue.title(settings.model)} has no dropout layers: leave the dropout out.")


def space(settings: Settings) -> int:
    """Return the bytes that the checkpoints of epochs take on the disk."""
    if not settings.keep_epochs:
        return 0
    net = blank(settings.model, datasets.info(settings.dataset))
    return kept_epochs.size(net, settings.recipe.epochs, settings.keep_epochs)


def blank(model: str, data: datasets.DatasetInfo) -> nn.Module:
    """Build a net for a data set on the meta device. Raises UserError where it cannot be built."""
    with torch.device("meta"):
        return catalogue.build(model, classes=data.classes, channels=data.channels, side=data.side, dataset=data.name)


def _field_names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def _known_fields(cls: type, saved: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in saved.items() if key in _field_names(cls)}


def _check_types(record: Settings | ClassifierRecipe) -> None:
    for name, kind in typing.get_type_hints(type(record)).items():
        value = getattr(record, name)
        allowed: dict[Any, tuple[type, ...]] = {
            float: (int, float),
            float | None: (int, float, type(None)),
            int: (int,),
            str: (str,),
            bool: (bool,),
        }
        if kind in allowed and (not isinstance(value, allowed[kind]) or (isinstance(value, bool) and kind is not bool)):
            raise UserError(f"The setting {name} is {value!r}; expected {getattr(kind, '__name__', kind)}.")


def _one_of(what: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise UserError(f'There is no {what} "{value}": choose one of {", ".join(options)}.')


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # false for NaN as well
        raise UserError(f"{what} is {value:g}; choose one between {low:g} and {high:g}.")
