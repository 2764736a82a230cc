"""A study in transfer learning (chapter 5): its settings, what they must satisfy, and the run folders it consists of.

A study fits a linear probe to the frozen features at every depth of the source, for several numbers of pictures a
class; and on the same pictures it trains the same net three ways: with its features frozen, fine-tuned at a lower rate,
and from scratch.
"""

import dataclasses
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import datasets
from core.datasets import DatasetInfo, forms
from core.datasets.forms import Form
from core.datasets.name import parse
from core.errors import UserError
from core.models import catalogue
from core.models.layers import AveragedMaps, is_of_head
from core.runs.run import Run
from core.trainers import pace, trained
from core.trainers import recipe as recipes
from core.trainers.trained import TrainedClassifier

KIND = "transfer"
LINEAR = "linear"  # rows of the depth curve
WAYS = ("frozen", "fine_tuned", "scratch")
TITLES = {"frozen": "frozen features", "fine_tuned": "fine-tuned", "scratch": "from scratch"}
ALL = 0  # pictures a class: every one there is
USUAL = (10, 100, 1000)
WHOLE_SIDE = 192  # px, to which small images are enlarged for a net that takes whole photographs
MOST_WHOLE = {"validation": 300, "test": 1000}  # images that such a net sees: each takes it tens of milliseconds
WHOLE_SECONDS = 0.03  # for each image that a net for whole photographs sees
FIT_SECONDS = 0.003  # for each training image: the probes of all cuts and penalties


@dataclass(frozen=True)
class Study:
    """Everything that decides a study, as run.json keeps it.

    `source` is a shipped net or a run, `dataset` the target data set, `pictures` the numbers of training images a class
    (0: all). `ways` are the trainings of whole nets, of WAYS; with "frozen" among them the depth curve is made as well.
    `rate` multiplies the recipe's learning rate in fine-tuning, `epochs` replaces the recipe's where it is not 0.
    `seed` draws the pictures, and is that of weights, order and noise in every training. `threads` 0 takes every core.
    With `flips` linear probes learn from the horizontal flips of the training images as well.
    """

    source: str
    dataset: str
    pictures: tuple[int, ...] = USUAL
    ways: tuple[str, ...] = WAYS
    rate: float = 0.1
    epochs: int = 0
    seed: int = 0
    threads: int = 0
    flips: bool = False

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Study":
        """Read a study back from a run folder. Raises UserError where the file was edited into something else."""
        try:
            names = {field.name for field in dataclasses.fields(cls)}
            values = {key: value for key, value in saved.items() if key in names}
            values |= {key: tuple(values[key]) for key in ("pictures", "ways") if key in values}
            study = cls(**values)
            _check_numbers(study)
        except TypeError as error:
            raise UserError(f"The settings of this run are damaged ({error}); start a new run instead.") from error
        return study


def check(study: Study) -> TrainedClassifier:
    """Return the source of a study that can be carried out. Raises UserError with the reason for any other."""
    _check_numbers(study)
    source = trained.open_named(study.source)
    target = datasets.info(study.dataset)
    if forms.parted(parse(study.dataset))[1].each:
        raise UserError("The study says how many pictures a class, not its data set: leave the option each out.")
    if source.whole:
        _check_ways_of_whole(study, source)
        return source
    smallest = catalogue.smallest_side(source.model)
    if target.side < smallest:
        raise UserError(
            f"{target.title} has images of {target.side} x {target.side} px, and {source.title} sees none smaller than "
            f"{smallest} x {smallest}: choose another net or larger images."
        )
    if set(study.ways) - {"scratch"}:
        _check_widths(source, datasets.info(dataset_name(study, source, ALL)))
    return source


def _check_ways_of_whole(study: Study, source: TrainedClassifier) -> None:
    """Raise UserError where a net for whole photographs would be trained: on two cores that takes days."""
    if set(study.ways) != {"frozen"}:
        raise UserError(
            f"{source.title} lends its features alone here: train by linear probe, or choose a smaller source model."
        )


def _check_numbers(study: Study) -> None:
    for number in study.pictures:
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise UserError(f"There are no {number!r} pictures a class: give whole numbers, 0 for all there are.")
    if not study.pictures:
        raise UserError("Say how many pictures a class to learn from: 10, 100 and 1,000, say, or 0 for all.")
    if not study.ways or set(study.ways) - set(WAYS):
        raise UserError(f"A study trains nets in one way or more of {', '.join(WAYS)}; not in {study.ways!r}.")
    if not 0 < study.rate <= 1:
        raise UserError(f"The factor on the rate is {study.rate:g}; give one above 0, and 1 at most.")
    for name, most in (("epochs", 10_000), ("seed", 2**31 - 1), ("threads", 4096)):
        if not 0 <= getattr(study, name) <= most:
            raise UserError(f"The setting {name} is {getattr(study, name)}; give 0 to {most:,}.")


def _check_widths(source: TrainedClassifier, target: DatasetInfo) -> None:
    """Raise UserError where the net has other widths on the target: NiN is wider on some data sets than on others."""
    net = recipes.blank(source.model, target)
    own = source.net.state_dict()
    for name, tensor in net.state_dict().items():
        if not is_of_head(net, name) and tensor.shape != own[name].shape:
            raise UserError(
                f"{catalogue.title(source.model)} on {target.title} has other widths than {source.title} ({name}), so "
                "its features do not fit: choose another net, or data more like those that it learned on."
            )


def create(study: Study, *, name: str | None = None, path: Path | str | None = None) -> Run:
    """Make a run folder for the study. Raises UserError where it cannot be carried out."""
    source = check(study)
    label = name or f"{source.title}, transferred to {datasets.info(study.dataset).title}"
    return Run.create(KIND, asdict(study), name=label, path=path)


def dataset_name(study: Study, source: TrainedClassifier, each: int) -> str:
    """Return the name of the target data set as `source` can see it, with `each` training images a class."""
    parts, form = forms.parted(parse(datasets.info(study.dataset).name))
    own = datasets.info(study.dataset).channels
    channels = source.channels if own != source.channels else form.channels
    options = Form(each, study.seed, channels).options
    return str(dataclasses.replace(parts, options=(*parts.options, *options)))


def settings(study: Study, source: TrainedClassifier, way: str, each: int) -> recipes.Settings:
    """Return the settings of one of the study's nets: the target's recipe for it, fine-tuning at the lower rate."""
    dataset = dataset_name(study, source, each)
    usual = next(iter(recipes.recipes(source.model, dataset).values()))
    changes: dict[str, Any] = {f"seed_{what}": study.seed for what in ("initialisation", "order", "noise")}
    changes |= {"threads": study.threads} | ({"epochs": study.epochs} if study.epochs else {})
    if way != "scratch":
        changes |= {"start_from": study.source, "new_head": True, "freeze_features": way == "frozen"}
    if way == "fine_tuned":
        changes["learning_rate"] = usual.learning_rate * study.rate
    return recipes.settings(dataset, source.model, **changes)


def needs_training(way: str, source: TrainedClassifier) -> bool:
    """Return False where the linear probe on the last features is the net's own head: frozen, all is fitted then."""
    return way != "frozen" or not isinstance(source.net, AveragedMaps)


def seconds(study: Study) -> float:
    """Estimate how long the study takes on this machine when nothing else runs. Raises UserError as `check` does."""
    source = check(study)
    target = datasets.info(dataset_name(study, source, ALL))
    counts = sorted({min(each or target.train_size, target.train_size // target.classes) for each in study.pictures})
    total = pace.START_SECONDS
    for each in counts:
        for way in study.ways if not source.whole else ():
            if needs_training(way, source):
                total += pace.seconds(settings(study, source, way, each)) - pace.START_SECONDS
    if source.whole:
        images = counts[-1] * target.classes * (1 + study.flips) + sum(MOST_WHOLE.values())
        return total + images * WHOLE_SECONDS + FIT_SECONDS * sum(counts) * target.classes * (1 + study.flips)
    if "frozen" in study.ways:
        images = counts[-1] * target.classes + min(target.validation_size, forms.MOST_VALIDATION) + target.test_size
        speed = pace.estimate(dataclasses.replace(settings(study, source, "scratch", counts[-1]), precision="float32"))
        total += images * pace.EVALUATION_SHARE / speed + FIT_SECONDS * sum(counts) * target.classes
    return total


def child_path(run: Run, way: str, each: int) -> Path:
    """Return the folder of one of a study's nets."""
    return run.path.with_name(f"{run.id}-{way}-{each or 'all'}")


def pictures_that_fit(study: Study, counts: list[int]) -> tuple[tuple[int, ...], str]:
    """Return the study's numbers of pictures a class that can be drawn, and a sentence about those that cannot.

    `counts` are the training images of each class. Where every number is too large, all images are taken.
    """
    fewest = min(counts)
    fit = tuple(sorted(number for number in set(study.pictures) if 0 < number <= fewest))
    left_out = sorted(number for number in study.pictures if number > fewest)
    if ALL in study.pictures or not fit:
        fit = (*fit, ALL)
    if not left_out:
        return fit, ""
    few = " and ".join(f"{number:,}" for number in left_out)
    return fit, f"The smallest class has {fewest:,} training pictures: {few} a class cannot be drawn."


def per_class(each: int) -> str:
    """Return a number of pictures a class in words: "10 a class", "all pictures"."""
    return f"{each:,} a class" if each else "all pictures"
