"""Carrying a study in transfer learning out (chapter 5): what a net learned on one data set is worth on another.

A study is one run folder, and its rows are the errors of linear probes by depth and of nets trained on the same
pictures. Each of these nets is a classifier run beside the study's folder, trained by `core.trainers.classifier`.
"""

import itertools
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch

from core import datasets, hardware
from core.datasets import Dataset
from core.errors import UserError
from core.models import catalogue
from core.runs.run import Run
from core.runs.status import Progress, Status
from core.runs.writer import Writer, writing
from core.trainers import classifier, pace
from core.trainers.trained import TrainedClassifier
from core.transfer_learning import cuts, linear_probe, nets
from core.transfer_learning.cuts import Cut
from core.transfer_learning.features import Extractor, Features, side_at_net
from core.transfer_learning.linear_probe import LinearProbe
from core.transfer_learning.study import (
    ALL,
    LINEAR,
    MOST_WHOLE,
    TITLES,
    WAYS,
    Study,
    check,
    dataset_name,
    needs_training,
    per_class,
    pictures_that_fit,
    settings,
)


def carry_out(run: Run) -> None:
    """Do what is left of a study, in this process.

    Writes its run folder and those of its nets. Raises UserError where the source, the data or the settings cannot be
    used; the row of a training that fails has its message, and the others go on.
    """
    with writing(run) as writer:
        study = Study.from_json(run.settings)
        source = check(study)

        def report(what: str, done: int, total: int) -> None:
            writer.progress(downloading=what, bytes=done, bytes_total=total)

        data = datasets.load(dataset_name(study, source, ALL), progress=report)
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        with suppress(_Stopped):
            _StudyTraining(writer, study, source, data).go()


class _Stopped(Exception):
    """A stop was requested."""


def _cuts(source: TrainedClassifier, side: int) -> tuple[Cut, ...]:
    """Return the cuts of a source for images of `side` px."""
    side, net = side_at_net(source, side), source.net
    if source.whole:  # its layers have their normalisations folded away, so a new one is read
        with torch.device("meta"):
            net = catalogue.build(source.model, classes=len(source.classes), channels=source.channels, side=side).eval()
    return cuts.cuts(net, source.channels, side)


@dataclass(frozen=True)
class _Task:
    """One step of a study: a linear probe at a cut, or a net trained one way."""

    way: str
    each: int
    cut: Cut | None = None


class _StudyTraining:
    """The tasks of a study, how many are done, and the probes that a checkpoint has to bring back."""

    def __init__(self, writer: Writer, study: Study, source: TrainedClassifier, data: Dataset):
        self.run, self.writer, self.study, self.source, self.data = writer.run, writer, study, source, data
        hardware.keep_freed_memory()
        self.cuts = _cuts(source, data.side)
        self.pictures, remark = pictures_that_fit(study, torch.bincount(data.train.labels).tolist())
        self.tasks = self._tasks()
        self.probes: dict[str, LinearProbe] = {}  # on the last features, by the pictures a class
        self.features: Features | None = None
        self.done, self.seconds = 0, 0.0
        self._resume()
        self._write_facts([sentence for sentence in (*self._about_images(), remark) if sentence])

    def _write_facts(self, remarks: list[str]) -> None:
        data, source = self.data, self.source
        self.writer.facts(
            source=source.name,
            source_title=source.title,
            source_dataset=source.dataset,
            model=source.model,
            dataset=data.name,
            title=datasets.info(self.study.dataset).title,
            classes=list(data.classes),
            channels=data.channels,
            side=data.side,
            pictures=list(self.pictures),
            cuts=[asdict(cut) for cut in self.cuts],
            penalties=list(linear_probe.PENALTIES),
            remarks=remarks,
            steps=len(self.tasks),
        )

    def _about_images(self) -> Iterator[str]:
        own, source = datasets.info(self.study.dataset), self.source
        if own.channels > source.channels:
            yield f"{source.title} sees grey images: of the pictures it is shown the luminance."
        elif own.channels < source.channels:
            yield f"{source.title} sees colour images: it is shown the grey pictures as red, green and blue alike."
        if source.whole:
            side, most = side_at_net(source, own.side), MOST_WHOLE["test"]
            if side != own.side:
                yield f"The pictures, {own.side} px a side, are enlarged to {side}, for a net of photographs."
            if own.test_size > most:
                yield f"Evaluated on {most:,} of {own.test_size:,} test images, evenly spaced."
        elif own.side != source.side:
            yield (
                f"The pictures are {own.side} px a side, those that the net learned on {source.side}: its convolutions "
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
            row = self._probe(task.each, task.cut) if task.cut else self._train_net(task.way, task.each)
            self.done += 1
            self.seconds += time.monotonic() - began
            self.writer.log({"step": self.done, "way": task.way, "pictures": task.each, **row, "seconds": self.seconds})
            self._report("")
            self._save()
            self._follow_requests()

    def _follow_requests(self) -> None:
        """Between two tasks and within one: wait while a pause is requested, raise _Stopped where a stop is."""
        if self.writer.begin_step(self._save).command == "stop":
            raise _Stopped

    def _follow_requests_within(self) -> None:
        # A single step goes to the end of the task.
        if self.run.control().command in ("pause", "stop"):
            self._follow_requests()

    def _probe(self, each: int, cut: Cut) -> dict[str, Any]:
        """Fit a linear probe to the features at a cut, on `each` pictures a class; return its row."""
        features, place, classes = self._computed_features(), self.cuts.index(cut), len(self.data.classes)
        train, validation, test = features.of(each, place)
        self._report(f"Fitting a linear probe to the features at {cut.name}, {per_class(each)}")
        selection = features.for_selection(each, place)
        probe = linear_probe.select(selection, validation, classes, self._follow_requests_within)
        if features.is_part_held_back(each):  # there is no validation split: learn from what chose the penalty, too
            probe = linear_probe.fit(
                train, classes, probe.penalty, start=probe, before_evaluation=self._follow_requests_within
            )
        if cut == self.cuts[-1]:
            self.probes[str(each)] = probe
        return {
            "cut": cut.name,
            "depth": cut.depth,
            "parameters": cut.parameters,
            "width": cut.width,
            "penalty": probe.penalty,
            "iterations": probe.iterations,
            "images": len(train[1]),
            "train_error": probe.error(*train),
            "validation_error": probe.error(*validation),
            "test_error": probe.error(*test),
        }

    def _computed_features(self) -> Features:
        if self.features is None:
            torch.set_num_threads(self.study.threads or hardware.cores())
            extractor = Extractor(
                self.source,
                self.cuts,
                before_batch=self._follow_requests_within,
                after_batch=lambda done, total: self._report(f"Features of {done:,} of {total:,} pictures"),
            )
            self.features = Features(self.data, self.pictures, self.study.seed, extractor, flips=self.study.flips)
        return self.features

    def _train_net(self, way: str, each: int) -> dict[str, Any]:
        """Train one net, or go on with it; return its row, with the reason where its training failed."""
        if self.source.whole:
            return self._probe_alone(each)
        child = nets.open_or_create(self.run, self.study, self.source, way, each)
        try:
            if not needs_training(way, self.source):
                self._assemble(child, each)
            elif child.status().state != "finished":
                doing = f"{TITLES[way].capitalize()}, {per_class(each)}"
                with nets.relayed(self.writer, child, partial(self._report, doing)):
                    classifier.train(child)
        except UserError as error:
            return {"run": child.id, "message": str(error)}
        if child.status().state != "finished":
            self.run.request("stop")  # whoever stopped that training stopped this one
            self._follow_requests()
        images = each * len(self.data.classes) or len(self.data.train)
        return {"run": child.id, "images": images, **nets.results(child)}

    def _assemble(self, child: Run, each: int) -> None:
        data = datasets.load(dataset_name(self.study, self.source, each))
        nets.assemble(
            child, self.source, data, self.probes[str(each)], self._last_row(each) | {"seconds": self.seconds}
        )

    def _last_row(self, each: int) -> dict[str, Any]:
        """Return the row of the linear probe on the last features."""
        rows = [row for row in self.run.metrics() if row["way"] == LINEAR and row["pictures"] == each]
        return next(row for row in rows if row["cut"] == self.cuts[-1].name)

    def _probe_alone(self, each: int) -> dict[str, Any]:
        """Return the row of a probe that no run holds: its source takes other images than the data set has."""
        row = self._last_row(each)
        return {"run": "", **{key: row[key] for key in ("images", "train_error", "validation_error", "test_error")}}

    def _report(self, doing: str, child: Status | None = None) -> None:
        progress = child.progress if child else Progress()
        self.writer.progress(
            step=self.done,
            steps=len(self.tasks),
            doing=doing or None,
            share=(progress.step or 0) / progress.steps if progress.steps else None,
            seconds_left=self._seconds_left(progress) if child else None,
        )

    def _seconds_left(self, progress: Progress) -> float | None:
        """Return the seconds for the present training and those after it, at the present one's speed."""
        left, speed = progress.seconds_left, progress.images_per_second
        if not left or not speed:
            return None
        later = [task for task in self.tasks[self.done + 1 :] if task.way != LINEAR]
        costly = [task for task in later if needs_training(task.way, self.source)]
        return left + sum(
            pace.seconds(settings(self.study, self.source, task.way, task.each), speed) for task in costly
        )

    def _save(self) -> None:
        tensors = {f"{each}.weight": probe.weight for each, probe in self.probes.items()}
        tensors |= {f"{each}.bias": probe.bias for each, probe in self.probes.items()}
        probes = {each: [probe.penalty, probe.iterations] for each, probe in self.probes.items()}
        # A file of tensors needs one.
        self.writer.save(
            tensors or {"none": torch.zeros(1)}, {"done": self.done, "seconds": self.seconds, "heads": probes}
        )

    def _resume(self) -> None:
        if saved := self.run.checkpoint():
            tensors, state = saved
            self.done, self.seconds = state["done"], state["seconds"]
            for each, (penalty, iterations) in state["heads"].items():
                weight, bias = tensors[f"{each}.weight"], tensors[f"{each}.bias"]
                self.probes[each] = LinearProbe(weight, bias, penalty, iterations)
        self.writer.drop_metrics_after("step", self.done)
