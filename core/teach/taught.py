"""A taught set: classes that a visitor has named, and samples of each; pure values, changed by making new ones.

Names of classes become names of folders where a set is saved, so that they are checked here, once.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import UserError

NONE = "none of these"  # the class of everything that belongs to no other
VERSION = 1
MOST_CLASSES = 20
MOST_SAMPLES = 500
NAME_LENGTH = 40  # characters of a class's name
FILE_LENGTH = 80  # characters of a picture's name that are remembered
_FORBIDDEN = '/\\<>:"|?*'  # in the name of a folder, on one system or another
_RESERVED = ("thumbs.db", "desktop.ini", "__macosx")  # folders and files that a data set passes over
_FILE = re.compile(r"[0-9a-f]{64}\.(jpg|png)")


@dataclass(frozen=True)
class Sample:
    """A picture of a class: its `file` is named by the SHA-256 of its bytes, `name` is that of the visitor's file."""

    file: str
    label: str
    name: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes."""
        return self.file.partition(".")[0]


@dataclass(frozen=True)
class TaughtSet:
    """Classes by name, in the order in which they were added, and the samples of all of them."""

    classes: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()

    def of(self, label: str) -> tuple[Sample, ...]:
        """Return the samples of a class."""
        return tuple(sample for sample in self.samples if sample.label == label)

    @property
    def taught(self) -> tuple[str, ...]:
        """Return the classes that have a sample, which are those that can be learned."""
        counts = Counter(sample.label for sample in self.samples)
        return tuple(label for label in self.classes if counts[label])

    @property
    def files(self) -> frozenset[str]:
        """Return the files of all samples."""
        return frozenset(sample.file for sample in self.samples)

    def with_class(self, name: str) -> TaughtSet:
        """Return the set with one class more. Raises UserError for a name that cannot be, or a class too many."""
        name = plain_name(name)
        if len(self.classes) == MOST_CLASSES:
            raise UserError(f"There are {MOST_CLASSES} classes, the most that are taught: delete one first.")
        self._check_new(name)
        return replace(self, classes=(*self.classes, name))

    def renamed(self, old: str, new: str) -> TaughtSet:
        """Return the set with a class of another name. Raises UserError where that cannot be, or is another class's."""
        new = plain_name(new)
        self._check_known(old)
        if new.casefold() != old.casefold():
            self._check_new(new)
        samples = tuple(replace(one, label=new) if one.label == old else one for one in self.samples)
        return TaughtSet(tuple(new if name == old else name for name in self.classes), samples)

    def without_class(self, name: str) -> TaughtSet:
        """Return the set without a class and its samples. Raises UserError where there is no such class."""
        self._check_known(name)
        rest = tuple(sample for sample in self.samples if sample.label != name)
        return TaughtSet(tuple(label for label in self.classes if label != name), rest)

    def with_samples(self, label: str, samples: Sequence[Sample]) -> tuple[TaughtSet, tuple[str, ...]]:
        """Return the set with more samples of a class, and sentences about those that were left out.

        A picture that the class has already is left out, as are those above MOST_SAMPLES. Raises UserError where there
        is no such class.
        """
        self._check_known(label)
        own, room = {sample.file for sample in self.of(label)}, MOST_SAMPLES - len(self.samples)
        new = {sample.file: sample for sample in samples if sample.file not in own}
        added = list(new.values())[:room]
        remarks = []
        if twice := len(samples) - len(new):
            subject = "One of these pictures is" if twice == 1 else f"{twice} of these pictures are"
            remarks.append(f"{subject} in the class “{label}” already, and counted once.")
        if left := len(new) - len(added):
            subject = "One picture was" if left == 1 else f"{left} pictures were"
            remarks.append(f"{subject} left out: at most {MOST_SAMPLES} are learned from. Delete others first.")
        return replace(self, samples=(*self.samples, *added)), tuple(remarks)

    def without_sample(self, label: str, file: str) -> TaughtSet:
        """Return the set without a sample of a class; without such a sample, the set as it is."""
        rest = tuple(sample for sample in self.samples if (sample.label, sample.file) != (label, file))
        return replace(self, samples=rest)

    def in_two_classes(self) -> tuple[tuple[Sample, Sample], ...]:
        """Return pairs of samples that are the same picture in two classes."""
        first: dict[str, Sample] = {}
        return tuple(
            (first[sample.file], sample)
            for sample in self.samples
            if first.setdefault(sample.file, sample).label != sample.label
        )

    def to_json(self) -> str:
        """Return the set as JSON, which `parse` reads."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False)

    def _check_new(self, name: str) -> None:
        same = next((label for label in self.classes if label.casefold() == name.casefold()), None)
        if same is not None:
            raise UserError(f"There is a class “{same}” already: choose another name.")

    def _check_known(self, name: str) -> None:
        if name not in self.classes:
            raise UserError(f"There is no class “{name[:NAME_LENGTH]}”, it may have been deleted: choose another.")


def plain_name(name: str) -> str:
    """Return the name of a class without surplus spaces. Raises UserError for one that no folder could have."""
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise UserError(f"A class's name has 1 to {NAME_LENGTH} characters; this one has {len(name)}.")
    if bad := next((letter for letter in name if letter in _FORBIDDEN or not letter.isprintable()), ""):
        what = f"“{bad}”" if bad.isprintable() else "a character that cannot be seen"
        raise UserError(f"A class's name cannot have {what} in it: use letters, digits, spaces and hyphens.")
    if name[0] == "." or name[-1] == "." or name.casefold() in _RESERVED:
        raise UserError(f"A class cannot be called “{name}”: begin and end its name with a letter or a digit.")
    return name


def parse(text: str | bytes) -> TaughtSet:
    """Return the set in a JSON text. Raises UserError where that was damaged or edited into something else."""
    try:
        saved = json.loads(text)
        if saved["version"] != VERSION:
            raise ValueError("another version")
        classes = tuple(map(_checked_name, saved["classes"]))
        samples = tuple(_sample(entry, classes) for entry in saved["samples"])
        if len(classes) > MOST_CLASSES or len(set(classes)) < len(classes) or len(samples) > MOST_SAMPLES:
            raise ValueError("too many classes or samples")
    except (ValueError, TypeError, KeyError, UserError, RecursionError) as error:
        raise UserError("What was taught is damaged and cannot be read: start with new classes.") from error
    return TaughtSet(classes, samples)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or plain_name(name) != name:
        raise ValueError("no name of a class")
    return name


def _sample(entry: Any, classes: tuple[str, ...]) -> Sample:
    sample = Sample(**entry)
    texts = all(isinstance(value, str) for value in (sample.file, sample.label, sample.name))
    if not texts or sample.label not in classes or not _FILE.fullmatch(sample.file):
        raise ValueError("no sample of a class")
    return sample
