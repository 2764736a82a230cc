"""A taught set as a run: the probe, where it was fitted, and with the visitor's consent its pictures.

The run has the linear layer alone. Its features are those of a net that comes with Atelier, which is named by the
SHA-256 of its weights (core.trainers.trained opens the two together).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from core.datasets import samples
from core.runs.run import Run
from core.runs.writer import writing
from core.teach.learning import PENALTY, CrossValidation, Learned
from core.teach.taught import Sample, TaughtSet
from core.trainers import trained

CONSENT = (
    "The pictures, at most 512 px a side and encoded anew, stay in the run's folder on the computer that serves this "
    "page until the run is deleted, and go into its .zip. Everybody who uses this page can open its runs."
)


@dataclass(frozen=True)
class Lesson:
    """Everything that is saved: the set, the probe and its test; `data` returns the bytes of a sample's picture."""

    content: TaughtSet
    learned: Learned
    test: CrossValidation
    data: Callable[[Sample], bytes]


def save(lesson: Lesson, name: str, *, with_pictures: bool) -> Run:
    """Write a lesson to a new run folder and return the run.

    Raises UserError where it cannot be written, or a picture is gone.
    """
    pictures = [lesson.data(sample) for sample in lesson.content.samples] if with_pictures else []
    run = Run.create("classifier", _settings(lesson), name=name)
    with writing(run) as writer:
        writer.facts(**_facts(lesson))
        for number, (sample, data) in enumerate(zip(lesson.content.samples, pictures, strict=False)):
            writer.sample(f"{sample.label}/{number:04d}{samples.SUFFIXES[sample.file.endswith('png')]}", data)
        error = None if not lesson.test.of else 100 * (1 - lesson.test.right / lesson.test.of)
        writer.log({"step": 0, "epoch": 0, "test_error": error})
        probe = lesson.learned.probe
        if with_pictures:
            writer.save_weights(samples.ANSWERS, _answers(lesson))
        writer.save_model({"output.weight": probe.weight.float(), "output.bias": probe.bias.float()})
    return Run.open(run.path)


def _settings(lesson: Lesson) -> dict:
    source = lesson.learned.source
    return {
        "model": source.model,
        "dataset": samples.KIND,
        "recipe_name": "Linear probe",
        "recipe": {"augment": True, "penalty": PENALTY},
        "probe_on": source.name,
        "probe_on_sha256": trained.digest(source.name),
        "pictures": len(lesson.content.samples),
    }


def _facts(lesson: Lesson) -> dict:
    source, test = lesson.learned.source, lesson.test
    return {
        "model": source.model,
        "dataset": samples.KIND,
        "classes": list(lesson.learned.classes),
        "channels": source.channels,
        "side": source.side,
        "mean": list(source.mean),
        "std": list(source.std),
        "held_out": "test",
        "selection": "last epoch",
        "probe": {"on": source.name, "sha256": trained.digest(source.name)},
        "parameters": lesson.learned.probe.weight.numel() + lesson.learned.probe.bias.numel(),
        "tested": test.of,
        "folds": test.folds,
    } | ({"test_error": 100 * (1 - test.right / test.of)} if test.of else {})


def _answers(lesson: Lesson) -> dict:
    """Return places and logits of the samples tested, in the order in which `samples.look` lists the pictures."""
    order = {label: place for place, label in enumerate(lesson.learned.classes)}
    listed = sorted(range(len(lesson.content.samples)), key=lambda i: (order[lesson.content.samples[i].label], i))
    tested = [place for place, sample in enumerate(listed) if sample in set(lesson.test.places)]
    return {
        "places": torch.tensor(tested, dtype=torch.int64),
        "logits": lesson.test.logits[[listed[place] for place in tested]].float(),
    }
