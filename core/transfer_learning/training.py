"""Features that travel (chapter 5): what a net learned on one data set is worth on another.

A study is one run folder. It fits a linear head to the frozen features at every depth of the source, for several
numbers of pictures a class; and on the same pictures it trains the same net three ways: with its features frozen,
fine-tuned whole at a lower rate, and from scratch. Each of these nets is a classifier run of its own beside the study's
folder, trained by `core.trainers.classifier`, and opens like any other.
"""

import copy
import dataclasses
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core import datasets, hardware
from core.datasets import Dataset, DatasetInfo, Split, forms
from core.datasets.forms import Form
from core.datasets.name import parse
from core.errors import UserError
from core.models import catalogue
from core.models.layers import AveragedMaps, is_of_head
from core.runs.run import Run
from core.runs.status import Progress, Status
from core.runs.writer import Writer, writing
from core.trainers import classifier, pace, trained
from core.trainers import recipe as recipes
from core.trainers.trained import TrainedClassifier
from core.transfer_learning import cuts, linear_head
from core.transfer_learning.cuts import Cut
from core.transfer_learning.linear_head import LinearHead

KIND = "transfer"
LINEAR = "linear"  # rows of the depth curve
WAYS = ("frozen", "fine_tuned", "scratch")
TITLES = {"frozen": "features frozen", "fine_tuned": "fine-tuned whole", "scratch": "from scratch"}
ALL = 0  # pictures a class: every one there is
USUAL = (10, 100, 1000)
BATCH_WORK = 2e10  # multiply-adds between two looks at what is asked for: a fraction of a second on one core
BATCH = 500
POLL_SECONDS = 0.1
FIT_SECONDS = 0.003  # for each training image: the heads of all cuts and penalties
HELD_BACK = 10  # one in so many training images chooses the penalty where there is no validation split


@dataclass(frozen=True)
class Study:
    """Everything that decides a study, as run.json keeps it.

    `source` is a shipped net or a run, `dataset` what its features are tried on, `pictures` the numbers of training
    images a class (0: all). `ways` are the trainings of whole nets, of WAYS; with "frozen" among them the depth curve
    is made as well. `rate` multiplies the recipe's learning rate in fine-tuning, `epochs` replaces the recipe's where
    it is not 0. `seed` draws the pictures, and is that of weights, order and noise in every training. `threads` 0 takes
    every core.
    """

    source: str
    dataset: str
    pictures: tuple[int, ...] = USUAL
    ways: tuple[str, ...] = WAYS
    rate: float = 0.1
    epochs: int = 0
    seed: int = 0
    threads: int = 0

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Study":
        """Read a study back from a run folder. Raises UserError where the file was edited into something else."""
        try:
            known = {field.name for field in dataclasses.fields(cls)}
            values = {key: value for key, value in saved.items() if key in known}
            values |= {key: tuple(values[key]) for key in ("pictures", "ways") if key in values}
            study = cls(**values)
            _check_numbers(study)
        except TypeError as error:
            raise UserError(f"The settings of this run are damaged ({error}); start a new run instead.") from error
        return study


def check(study: Study) -> TrainedClassifier:
    """Refuse, before any process is started, what cannot work; returns the source. Raises UserError with the reason."""
    _check_numbers(study)
    source = trained.open_named(study.source)
    known = datasets.info(study.dataset)
    if forms.parted(parse(study.dataset))[1].each:
        raise UserError("The study says how many pictures a class, not its data set: leave the option each out.")
    smallest = catalogue.smallest_side(source.model)
    if known.side < smallest:
        raise UserError(
            f"{known.title} has images of {known.side} x {known.side} px, and {source.title} sees none smaller than "
            f"{smallest} x {smallest}: choose another net or larger images."
        )
    if set(study.ways) - {"scratch"}:
        _check_widths(source, datasets.info(named(study, source, ALL)))
    return source


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


def _check_widths(source: TrainedClassifier, known: DatasetInfo) -> None:
    """NiN is wider on some data sets than on others: then its features do not fit the net for another."""
    net = recipes.blank(source.model, known)
    own = source.net.state_dict()
    for name, tensor in net.state_dict().items():
        if not is_of_head(net, name) and tensor.shape != own[name].shape:
            raise UserError(
                f"{catalogue.title(source.model)} on {known.title} has other widths than {source.title} ({name}), so "
                "its features do not fit: choose another net, or data more like those that it learned on."
            )


def create(study: Study, *, name: str | None = None, path: Path | str | None = None) -> Run:
    """A run folder for the study, ready for `carry_out`. Raises UserError where it cannot work."""
    source = check(study)
    label = name or f"{source.title}, tried on {datasets.info(study.dataset).title}"
    return Run.create(KIND, asdict(study), name=label, path=path)


def named(study: Study, source: TrainedClassifier, each: int) -> str:
    """The name of the study's data as `source` can see them, with so many training images a class."""
    parts, form = forms.parted(parse(datasets.info(study.dataset).name))
    own = datasets.info(study.dataset).channels
    channels = source.channels if own != source.channels else form.channels
    options = Form(each, study.seed, channels).options
    return str(dataclasses.replace(parts, options=(*parts.options, *options)))


def settings(study: Study, source: TrainedClassifier, way: str, each: int) -> recipes.Settings:
    """What a net of the study is trained by: the data set's recipe for that net, fine-tuning at the lower rate."""
    dataset = named(study, source, each)
    usual = next(iter(recipes.recipes(source.model, dataset).values()))
    changes: dict[str, Any] = {f"seed_{what}": study.seed for what in ("initialisation", "order", "noise")}
    changes |= {"threads": study.threads} | ({"epochs": study.epochs} if study.epochs else {})
    if way != "scratch":
        changes |= {"start_from": study.source, "new_head": True, "freeze_features": way == "frozen"}
    if way == "fine_tuned":
        changes["learning_rate"] = usual.learning_rate * study.rate
    return recipes.settings(dataset, source.model, **changes)


def seconds(study: Study) -> float:
    """About how long the study takes on this machine when nothing else runs. Raises UserError as `check` does."""
    source = check(study)
    known = datasets.info(named(study, source, ALL))
    counts = sorted({min(each or known.train_size, known.train_size // known.classes) for each in study.pictures})
    total = pace.START_SECONDS
    for each in counts:
        for way in study.ways:
            if way != "frozen" or not isinstance(source.net, AveragedMaps):
                total += pace.seconds(settings(study, source, way, each)) - pace.START_SECONDS
    if "frozen" in study.ways:
        images = counts[-1] * known.classes + min(known.validation_size, forms.MOST_HELD_BACK) + known.test_size
        speed = pace.estimate(dataclasses.replace(settings(study, source, "scratch", counts[-1]), precision="float32"))
        total += images * pace.EVALUATION_SHARE / speed + FIT_SECONDS * sum(counts) * known.classes
    return total


def child_path(run: Run, way: str, each: int) -> Path:
    """The folder of one of a study's nets."""
    return run.path.with_name(f"{run.id}-{way}-{each or 'all'}")


def pictures_that_fit(study: Study, counts: list[int]) -> tuple[tuple[int, ...], str]:
    """Of the numbers of pictures a class those that there are, given how many each class has; and a sentence on others.

    All there are, where there are too few for any.
    """
    fewest = min(counts)
    fit = tuple(sorted(number for number in set(study.pictures) if 0 < number <= fewest))
    left_out = sorted(number for number in study.pictures if number > fewest)
    if ALL in study.pictures or not fit:
        fit = (*fit, ALL)
    if not left_out:
        return fit, ""
    few = " and ".join(f"{number:,}" for number in left_out)
    return (
        fit,
        f"The smallest class has {fewest:,} training pictures: {few} a class cannot be drawn.",
    )


def carry_out(run: Run) -> None:
    """Do what is left of a study, in this process.

    Writes its run folder and those of its nets. Raises UserError where the source, the data or the settings cannot be
    used; a training that fails is told in its row, and the others go on.
    """
    with writing(run) as writer:
        study = Study.from_json(run.settings)
        source = check(study)

        def hear(what: str, done: int, total: int) -> None:
            writer.progress(downloading=what, bytes=done, bytes_total=total)

        data = datasets.load(named(study, source, ALL), progress=hear)
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        with suppress(_Stopped):
            _Studying(run, writer, study, source, data).go()


class _Stopped(Exception):
    """The watcher asked to stop."""


@dataclass(frozen=True)
class _Task:
    """One step of a study: a linear head at a cut, or a net trained one way."""

    way: str
    each: int
    cut: Cut | None = None


class _Studying:
    def __init__(self, run: Run, writer: Writer, study: Study, source: TrainedClassifier, data: Dataset):
        self.run, self.writer, self.study, self.source, self.data = run, writer, study, source, data
        hardware.keep_freed_memory()
        self.cuts = cuts.cuts(source.net, source.channels, data.side)
        self.pictures, remark = pictures_that_fit(study, torch.bincount(data.train.labels).tolist())
        self.tasks = self._tasks()
        self.heads: dict[str, LinearHead] = {}
        self.features: _Features | None = None
        self.done, self.seconds = 0, 0.0
        self._resume()
        writer.facts(
            source=source.name,
            source_title=source.title,
            source_dataset=source.dataset,
            model=source.model,
            dataset=data.name,
            title=datasets.info(study.dataset).title,
            classes=list(data.classes),
            channels=data.channels,
            side=data.side,
            pictures=list(self.pictures),
            cuts=[asdict(cut) for cut in self.cuts],
            penalties=list(linear_head.PENALTIES),
            remarks=[sentence for sentence in (*self._about_images(), remark) if sentence],
            steps=len(self.tasks),
        )

    def _about_images(self) -> Iterator[str]:
        own, seen = datasets.info(self.study.dataset), self.source
        if own.channels > seen.channels:
            yield f"{seen.title} sees grey images: of the pictures it is shown the luminance."
        elif own.channels < seen.channels:
            yield f"{seen.title} sees colour images: it is shown the grey pictures as red, green and blue alike."
        if own.side != seen.side:
            yield (
                f"The pictures are {own.side} px a side, those that the net learned on {seen.side}: its convolutions "
                "go over any size."
            )
        yield from self.data.remarks

    def _tasks(self) -> list[_Task]:
        frozen = "frozen" in self.study.ways
        linear = [_Task(LINEAR, each, cut) for each, cut in itertools.product(self.pictures, self.cuts) if frozen]
        whole = [_Task(way, each) for each in self.pictures for way in WAYS if way in self.study.ways]
        return linear + whole

    def go(self) -> None:
        self._report("")
        while self.done < len(self.tasks):
            began, task = time.monotonic(), self.tasks[self.done]
            row = self._linear(task.each, task.cut) if task.cut else self._whole(task.way, task.each)
            self.done += 1
            self.seconds += time.monotonic() - began
            self.writer.log({"step": self.done, "way": task.way, "pictures": task.each, **row, "seconds": self.seconds})
            self._report("")
            self._save()
            self._obey()

    def _obey(self) -> None:
        """Between two steps and within one: wait where a pause is asked for, raise _Stopped where a stop is."""
        if self.writer.begin_step(self._save).command == "stop":
            raise _Stopped

    def _obey_within(self) -> None:
        # A single step goes to the end of the task.
        if self.run.control().command in ("pause", "stop"):
            self._obey()

    # Linear heads on frozen features

    def _linear(self, each: int, cut: Cut | None) -> dict[str, Any]:
        assert cut is not None
        features = self._computed()
        place = self.cuts.index(cut)
        train, validation, test = features.of(each, place)
        self._report(f"Fitting a linear head to the features at {cut.name}, {_many(each)}")
        classes = len(self.data.classes)
        head = linear_head.chosen(features.to_choose_by(each, place), validation, classes, self._obey_within)
        if features.is_part_held_back(each):  # what chose the penalty is no validation split: it is learned from too
            head = linear_head.fit(*train, classes, head.penalty, start=head, obey=self._obey_within)
        if cut == self.cuts[-1]:
            self.heads[str(each)] = head
        return {
            "cut": cut.name,
            "depth": cut.depth,
            "parameters": cut.parameters,
            "width": cut.width,
            "penalty": head.penalty,
            "iterations": head.iterations,
            "images": len(train[1]),
            "train_error": head.error(*train),
            "validation_error": head.error(*validation),
            "test_error": head.error(*test),
        }

    def _computed(self) -> "_Features":
        if self.features is None:
            torch.set_num_threads(self.study.threads or hardware.cores())
            self.features = _Features(self)
        return self.features

    # Nets trained one way

    def _whole(self, way: str, each: int) -> dict[str, Any]:
        """Train (or go on training) one net, and say how it did; a training that fails says why."""
        child = self._child(way, each)
        try:
            if way == "frozen" and isinstance(self.source.net, AveragedMaps):
                self._assemble(child, each)
            elif child.status().state != "finished":
                with self._passing_on(child, f"{TITLES[way].capitalize()}, {_many(each)}"):
                    classifier.train(child)
        except UserError as error:
            return {"run": child.id, "message": str(error)}
        if child.status().state != "finished":
            self.run.request("stop")  # whoever stopped that training stopped this one
            self._obey()
        told = Run.open(child.path).data
        found: dict[str, Any] = {"run": child.id, "images": each * len(self.data.classes) or len(self.data.train)}
        for key in ("train_error", f"{told['held_out']}_error", "epoch"):
            if (value := child.last(key)) is not None:
                found[key] = value
        return found | {key: told[key] for key in ("test_error", "selected_epoch") if key in told}

    def _child(self, way: str, each: int) -> Run:
        path = child_path(self.run, way, each)
        if (path / "run.json").exists():
            return Run.open(path)
        wanted = settings(self.study, self.source, way, each)
        net, data = catalogue.title(self.source.model), datasets.info(self.study.dataset).title
        return Run.create(
            "classifier", wanted.to_json(), name=f"{net} on {data}, {_many(each)}, {TITLES[way]}", path=path
        )

    def _assemble(self, child: Run, each: int) -> None:
        """The whole net of frozen features and their linear head, which is the net's own: there is nothing to train."""
        head, source = self.heads[str(each)], self.source
        data = datasets.load(named(self.study, source, each))
        tensors = dict(source.net.state_dict())
        tensors |= {"output.weight": head.weight.float(), "output.bias": head.bias.float()}
        rows = [row for row in self.run.metrics() if row["way"] == LINEAR and row["pictures"] == each]
        row = next(row for row in rows if row["cut"] == self.cuts[-1].name)
        errors = {key: row[key] for key in ("train_error", "validation_error", "test_error")}
        with writing(child) as writer:
            writer.drop_metrics_after("step", -1)
            writer.facts(
                model=source.model,
                dataset=data.name,
                classes=list(data.classes),
                channels=data.channels,
                side=data.side,
                mean=list(source.mean),  # the features are those of images normalised as the source learned to see them
                std=list(source.std),
                held_out=data.held_out,
                selection="validation" if data.validation else "last epoch",
                device=hardware.describe(False),
                parameters=catalogue.parameters(source.net),
                test_error=row["test_error"],
                head=f"logistic regression, penalty {head.penalty:g}",
            )
            writer.log({"step": 0, "epoch": 0, "seconds": self.seconds, **errors})
            writer.save_model(tensors)

    @contextmanager
    def _passing_on(self, child: Run, doing: str) -> Iterator[None]:
        """While the body trains `child`, pause and stop it as the study is asked to, and tell how far it is."""
        ended = threading.Event()
        thread = threading.Thread(target=self._pass_on, args=(child, doing, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _pass_on(self, child: Run, doing: str, ended: threading.Event) -> None:
        holds = False

        def hold() -> None:
            nonlocal holds
            if self.run.control().command == "pause":  # after a single step the training holds by itself
                child.request("pause")
                holds = True

        while not ended.wait(POLL_SECONDS):
            status = child.status()
            if status.state not in ("running", "paused"):
                continue  # what is asked for before it runs would be forgotten
            asked = self.writer.begin_step(hold)
            if asked.command in ("stop", "step"):
                child.request(asked.command)
                holds = asked.command == "step"
            elif holds:
                child.request("run")
                holds = False
            self._report(doing, status)

    # The run folder

    def _report(self, doing: str, child: Status | None = None) -> None:
        progress = child.progress if child else Progress()
        self.writer.progress(
            step=self.done,
            steps=len(self.tasks),
            doing=doing or None,
            share=(progress.step or 0) / progress.steps if progress.steps else None,
            seconds_left=self._left(progress) if child else None,
        )

    def _left(self, progress: Progress) -> float | None:
        """Seconds for the present training and those after it, at the present one's speed."""
        left, speed = progress.seconds_left, progress.images_per_second
        if not left or not speed:
            return None
        later = [task for task in self.tasks[self.done + 1 :] if task.way != LINEAR]
        costly = [task for task in later if task.way != "frozen" or not isinstance(self.source.net, AveragedMaps)]
        return left + sum(
            pace.seconds(settings(self.study, self.source, task.way, task.each), speed) for task in costly
        )

    def _save(self) -> None:
        tensors = {f"{each}.weight": head.weight for each, head in self.heads.items()}
        tensors |= {f"{each}.bias": head.bias for each, head in self.heads.items()}
        found = {each: [head.penalty, head.iterations] for each, head in self.heads.items()}
        # A file of tensors needs one.
        self.writer.save(
            tensors or {"none": torch.zeros(1)}, {"done": self.done, "seconds": self.seconds, "heads": found}
        )

    def _resume(self) -> None:
        found = self.run.checkpoint()
        if found:
            tensors, state = found
            self.done, self.seconds = state["done"], state["seconds"]
            for each, (penalty, iterations) in state["heads"].items():
                weight, bias = tensors[f"{each}.weight"], tensors[f"{each}.bias"]
                self.heads[each] = LinearHead(weight, bias, penalty, iterations)
        self.writer.drop_metrics_after("step", self.done)


class _Features:
    """The features of every image that a study needs, at every cut, from one pass of the frozen source over each."""

    def __init__(self, studying: _Studying):
        self.data, self.seed = studying.data, studying.study.seed
        labels = self.data.train.labels
        self.rows = {each: self._train_rows(each) for each in studying.pictures}
        self.held_back = {each: self._held_back_rows(each) for each in studying.pictures}
        needed = torch.cat([*self.rows.values(), *self.held_back.values()]).unique()
        self.place = torch.full((len(labels),), -1)
        self.place[needed] = torch.arange(len(needed))
        validation = self.data.validation
        kept = forms.part(validation, forms.MOST_HELD_BACK) if validation else None
        parts = {"train": _chosen(self.data.train, needed), "validation": kept, "test": self.data.test}
        splits = {name: split for name, split in parts.items() if split is not None}
        computed = _Pass(studying, sum(map(len, splits.values())))
        self.labels = {name: split.labels for name, split in splits.items()}
        self.features = {name: computed.over(split) for name, split in splits.items()}

    def of(self, each: int, cut: int) -> tuple[tuple[Tensor, Tensor], ...]:
        """Features (N, F) at a cut and labels (N,) of so many training images a class, and of validation and test."""
        validation = self._whole("validation", cut) if "validation" in self.labels else self._rows(each, cut, True)
        return self._rows(each, cut, False), validation, self._whole("test", cut)

    def to_choose_by(self, each: int, cut: int) -> tuple[Tensor, Tensor]:
        """What heads are fitted to while their penalty is chosen: without what validates them, if that is of it."""
        if not self.is_part_held_back(each):
            return self._rows(each, cut, False)
        rows = self.rows[each]
        rest = rows[~torch.isin(rows, self.held_back[each])]
        return self._at(rest, cut)

    def is_part_held_back(self, each: int) -> bool:
        """Whether the penalty is chosen by a part of the training images themselves, there being no others."""
        return "validation" not in self.labels and bool(torch.isin(self.held_back[each], self.rows[each]).any())

    def _train_rows(self, each: int) -> Tensor:
        labels = self.data.train.labels
        return torch.arange(len(labels)) if each == ALL else forms.drawn(labels, each, self.seed)

    def _held_back_rows(self, each: int) -> Tensor:
        """What validates where the data have no validation split: images not drawn, else a tenth of the drawn ones."""
        labels = self.data.train.labels
        if self.data.validation is not None:
            return torch.arange(0)
        classes = len(self.data.classes)
        if each != ALL and len(rest := forms.held_back(labels, each, self.seed)) >= classes:
            return rest
        return forms.held_back(labels, 1, self.seed, max(classes, len(labels) // HELD_BACK))

    def _rows(self, each: int, cut: int, held_back: bool) -> tuple[Tensor, Tensor]:
        return self._at((self.held_back if held_back else self.rows)[each], cut)

    def _at(self, rows: Tensor, cut: int) -> tuple[Tensor, Tensor]:
        places = self.place[rows]
        return self.features["train"][cut][places], self.labels["train"][places]

    def _whole(self, split: str, cut: int) -> tuple[Tensor, Tensor]:
        return self.features[split][cut], self.labels[split]


class _Pass:
    """The frozen source at work, in batches small enough that it can be paused or stopped between two."""

    def __init__(self, studying: _Studying, images: int):
        self.studying, self.images, self.done = studying, images, 0
        self.device = hardware.device()
        self.net = copy.deepcopy(studying.source.net).to(self.device)
        self.batch = max(4, min(BATCH, int(BATCH_WORK / max(1, studying.cuts[-1].multiply_adds))))

    def over(self, split: Split) -> list[Tensor]:
        """Features float32 (N, F) of a split at every cut."""
        found = []
        for images in split.images.split(self.batch):
            self.studying._obey_within()
            prepared = self.studying.source.prepare(images.to(self.device))
            found.append([tensor.cpu() for tensor in cuts.features(self.net, prepared, self.studying.cuts)])
            self.done += len(images)
            self.studying._report(f"Features of {self.done:,} of {self.images:,} pictures")
        return [torch.cat(tensors).clone() for tensors in zip(*found, strict=True)]


def _chosen(split: Split, rows: Tensor) -> Split:
    return Split(split.images[rows], split.labels[rows])


def _many(each: int) -> str:
    return f"{each:,} a class" if each else "all pictures"
