"""The training curves of chapter 4 as presets: what each figure compares, as the settings of its runs.

Full length is the thesis' own. `scaled` fits a figure into minutes, by fewer epochs and, where those would be too few
to show a schedule, by fewer images too; the figure's `length` says by how much.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from core import datasets
from core.datasets.name import parse
from core.errors import UserError
from core.models import catalogue
from core.trainers import pace, thesis
from core.trainers.recipe import ClassifierRecipe, Settings

FEW_EPOCHS = 10  # with fewer the steps of a schedule are not seen
# Training images, where all are too many.
PARTS = (200_000, 100_000, 50_000, 30_000, 20_000, 10_000, 5_000, 3_000, 2_000, 1_000)
MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class CurveFigure:
    """A figure of training curves. `runs` are (label, settings), one for each of its pairs of curves.

    `length` says in a sentence how these runs compare with the thesis'.
    """

    name: str
    title: str
    what_it_shows: str
    runs: tuple[tuple[str, Settings], ...]
    length: str = "Data, nets, epochs and schedules as in the thesis."


def names() -> tuple[str, ...]:
    """Return the names of the figures that can be reproduced, "4.4" to "4.27"."""
    return tuple(figure.name for figure in figures())


def figure(name: str) -> CurveFigure:
    """Return the figure of that number ("4.5") at full length. Raises UserError, listing all, for another."""
    for each in figures():
        if each.name == name:
            return each
    raise UserError(f'Figure "{name}" is not one of training curves: choose one of {", ".join(names())}.')


def scaled(figure: CurveFigure, minutes: float, seconds: Callable[[Settings], float] = pace.seconds) -> CurveFigure:
    """Return the figure with its runs shortened alike, so that together they take about `minutes` on this machine.

    `seconds` estimates how long a run takes. A figure that is shorter anyway is returned as it is; one that does not
    fit even with the fewest images and epochs takes longer, and its `length` says so.
    Raises UserError for a time that is none.
    """
    if not 0 < minutes <= MOST_MINUTES:
        raise UserError(f"A figure cannot be fitted into {minutes:g} minutes; give more than 0, at most a week.")
    budget = 60 * minutes - pace.START_SECONDS * len(figure.runs)
    if sum(seconds(settings) for _, settings in figure.runs) <= 60 * minutes:
        return figure
    fewest = min(settings.recipe.epochs for _, settings in figure.runs)
    sizes = [datasets.info(settings.dataset).train_size for _, settings in figure.runs]
    for images in (max(sizes), *(part for part in PARTS if part < max(sizes))):
        part = [(label, _with_images(settings, images)) for label, settings in figure.runs]
        share = budget / sum(seconds(settings) - pace.START_SECONDS for _, settings in part)
        if share * fewest >= FEW_EPOCHS:
            break
    share = min(1.0, max(share, FEW_EPOCHS / fewest))
    runs = tuple((label, _with_epochs(settings, share)) for label, settings in part)
    return replace(figure, runs=runs, length=_length(figure, runs, minutes, seconds))


def _with_images(settings: Settings, images: int) -> Settings:
    if images >= datasets.info(settings.dataset).train_size:
        return settings
    return replace(settings, dataset=f"{parse(settings.dataset).kind}?images={images}")


def _with_epochs(settings: Settings, share: float) -> Settings:
    """Return the settings with a share of the epochs, the schedule shortened with them."""
    recipe = settings.recipe
    epochs = max(1, round(share * recipe.epochs))
    milestones = tuple((epoch * epochs / recipe.epochs, factor) for epoch, factor in recipe.milestones)
    return replace(settings, recipe=replace(recipe, epochs=epochs, milestones=milestones))


def _length(
    figure: CurveFigure, runs: tuple[tuple[str, Settings], ...], minutes: float, seconds: Callable[[Settings], float]
) -> str:
    """Return what was shortened, in a sentence or two."""
    full = _range(settings.recipe.epochs for _, settings in figure.runs)
    sentence = f"Scaled: {_range(settings.recipe.epochs for _, settings in runs)} epochs instead of {full}"
    images = datasets.info(runs[0][1].dataset).train_size
    whole = datasets.info(figure.runs[0][1].dataset).train_size
    if images < whole:
        sentence += f", on {images:,} of the {whole:,} images as a stand-in for all: errors are higher than the thesis'"
    needed = sum(seconds(settings) for _, settings in runs) / 60
    if needed > 1.2 * minutes:
        sentence += f". It does not fit into {minutes:g} min: with less than this its curves would show nothing"
    return sentence + "."


def _range(numbers: Iterable[int]) -> str:
    values = sorted(set(numbers))
    return str(values[0]) if len(values) == 1 else f"{values[0]} to {values[-1]}"


@functools.cache
def figures() -> tuple[CurveFigure, ...]:
    """Return all figures of training curves in chapter 4, in their order, at full length."""
    return (
        *_baselines(),
        _nin("4.7", "cifar10"),
        _nin("4.8", "cifar100"),
        _nin("4.9", "cifar10", "+"),
        _nin("4.10", "cifar100", "+"),
        _nin("4.11", "svhn"),
        _nin("4.12", "mnist"),
        _augmentation("4.13", "bn_vgg", "cifar10"),
        _augmentation("4.14", "bn_vgg", "cifar100"),
        *_resnets(),
        _augmentation("4.22", "densenet_40_12", "cifar10"),
        _augmentation("4.23", "densenet_40_12", "cifar100"),
        CurveFigure(
            "4.24",
            "DenseNet-(40, 12) on SVHN",
            "A net of a million weights reads house numbers; it is chosen by its validation error.",
            (("DenseNet-(40, 12)", _settings("densenet_40_12", "svhn")),),
        ),
        _augmentation("4.26", "densenet_bc_100_12", "cifar10"),
        _augmentation("4.27", "densenet_bc_100_12", "cifar100"),
    )


def _baselines() -> tuple[CurveFigure, ...]:
    fixed = functools.partial(_settings, "baseline", "mnist", schedule="constant", milestones=())
    return (
        CurveFigure(
            "4.4",
            "Baseline with and without dropout",
            "Dropout holds the training error up and brings the test error down: 0.6% with it, 0.7% without.",
            (
                ("with dropout", _settings("baseline", "mnist")),
                ("without dropout", _settings("baseline", "mnist", dropout=0.0)),
            ),
        ),
        CurveFigure(
            "4.5",
            "Fixed learning rates and a schedule",
            "A large rate explores, a small one settles; the schedule does both, the fixed rates end at about 0.8%.",
            (
                ("fixed 0.1", fixed()),
                ("fixed 0.01", fixed(learning_rate=0.01)),
                ("scheduled", _settings("baseline", "mnist")),
            ),
        ),
    )


def _resnets() -> tuple[CurveFigure, ...]:
    return (
        CurveFigure(
            "4.18",
            "ResNets of 20 to 164 layers on CIFAR-10+",
            "With shortcuts even more than a hundred layers train without trouble, and depth pays.",
            _nets(f"resnet{depth}" for depth in (20, 32, 44, 56, 65, 83, 110, 164)),
        ),
        CurveFigure(
            "4.19",
            "Wide ResNets on CIFAR-10+",
            "Width does what depth does: few, wide layers beat many thin ones.",
            _nets(("wrn_40_4", "wrn_28_10")),
        ),
    )


def _settings(net: str, dataset: str, plus: str = "", **changes: object) -> Settings:
    """Return the thesis' recipe for a net on a data set, augmented where `plus` is "+"."""
    name = f"thesis{plus}"
    recipe: ClassifierRecipe = thesis.RECIPES[net, dataset][name]
    return Settings(dataset, net, name, replace(recipe, **changes))  # type: ignore[arg-type]


def _nin(name: str, dataset: str, plus: str = "") -> CurveFigure:
    runs = tuple((catalogue.title(net), _settings(net, dataset, plus)) for net in ("nin", "bn_nin"))
    shows = "Batch normalisation lets the same net learn faster, at higher rates, and ends at a lower error."
    return CurveFigure(name, f"NiN and BN-NiN on {datasets.info(dataset).title}{plus}", shows, runs)


def _augmentation(name: str, net: str, dataset: str) -> CurveFigure:
    data = datasets.info(dataset).title
    runs = tuple((f"{data}{plus}", _settings(net, dataset, plus)) for plus in ("", "+"))
    shows = "Random crops and flips regularise: the training error rises, the test error falls."
    return CurveFigure(name, f"{catalogue.title(net)} on {data} and {data}+", shows, runs)


def _nets(nets: Iterable[str]) -> tuple[tuple[str, Settings], ...]:
    return tuple((catalogue.title(net), _settings(net, "cifar10", "+")) for net in nets)
