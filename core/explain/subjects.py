"""What a net is explained on: images of a split in memory, or photographs that are read from disk one by one.

Photographs come in folders or archives with names: those of sub-folders, or of a file of boxes. A name may mean several
classes of a net (core.datasets.class_names). A prediction of any of them is right, and the one of the greatest logit
stands for the name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from core import images
from core.datasets import Split, class_names, folder
from core.datasets.class_names import Naming
from core.datasets.folder import Entry
from core.errors import UserError
from core.explain import cam, view
from core.explain.mistakes import Answers
from core.explain.view import View
from core.images import Picture
from core.trainers.trained import TrainedClassifier

MOST = 2000  # photographs: at 40 ms each a minute and a half
LISTED = 3  # names in a sentence

Progress = Callable[[int, int], None]
T = TypeVar("T")


class Subjects(Protocol):
    """N pictures that a net can be explained on."""

    def __len__(self) -> int: ...

    def views(
        self,
        trained: TrainedClassifier,
        indices: Sequence[int],
        classes: Tensor | None = None,
        method: str | None = None,
    ) -> list[View]:
        """Return the net's view of the pictures at M `indices`; `classes` (M, K) as for `view.of_images`."""
        ...

    def input(self, trained: TrainedClassifier, index: int) -> Tensor:
        """Return a picture as the net receives it, uint8 (C, h, w)."""
        ...


@dataclass(frozen=True)
class Images:
    """The images of a split."""

    split: Split

    def __len__(self) -> int:
        return len(self.split)

    def views(
        self,
        trained: TrainedClassifier,
        indices: Sequence[int],
        classes: Tensor | None = None,
        method: str | None = None,
    ) -> list[View]:
        """Return the net's view of the images at M `indices`; `classes` (M, K) as for `view.of_images`."""
        return view.of_images(trained, self.split.images[list(indices)], classes, method)

    def input(self, trained: TrainedClassifier, index: int) -> Tensor:
        """Return an image as the net receives it, uint8 (C, side, side)."""
        return self.split.images[index]


@dataclass(frozen=True)
class Photographs:
    """N photographs in the folder or archive `path`; `groups` are the classes of a net that each one's name means.

    An entry's `label` is the index of its name in `names`. `remarks` are sentences about what was left out.
    """

    path: Path
    names: tuple[str, ...]
    entries: tuple[Entry, ...]
    groups: tuple[tuple[int, ...], ...]
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def name_of(self, index: int) -> str:
        """Return the name of a photograph's class, as its folder or file has it."""
        return self.names[self.entries[index].label]

    def part(self, indices: Sequence[int]) -> Photographs:
        """Return the photographs at the indices."""
        entries, groups = self.entries, self.groups
        return replace(self, entries=tuple(entries[i] for i in indices), groups=tuple(groups[i] for i in indices))

    def digest(self) -> str:
        """Return a name for the choice of these photographs, the same whatever folder they lie in."""
        rows = zip(self.entries, self.groups, strict=True)
        words = "\n".join(f"{entry.place} {entry.size} {group}" for entry, group in rows)
        return hashlib.sha256(words.encode(errors="surrogateescape")).hexdigest()[:16]

    def picture(self, index: int) -> Picture:
        """Return a photograph. Raises UserError where it cannot be read (any more)."""
        with folder.opened(self.path) as source:
            return self._read(source, index)

    def readable(self) -> Iterator[tuple[int, Picture | str]]:
        """Yield index and photograph of each, or the fault of one that cannot be read."""
        with folder.opened(self.path) as source:
            for index in range(len(self)):
                try:
                    yield index, self._read(source, index)
                except UserError as error:
                    yield index, str(error)

    def _read(self, source: Callable[[Entry], bytes | Path], index: int) -> Picture:
        entry = self.entries[index]
        try:
            return images.photograph(source(entry))
        except folder.UNREADABLE as error:
            # An absolute place is one outside the folder, an upload, whose path is nobody's business.
            shown = Path(entry.place).name if Path(entry.place).is_absolute() else entry.place
            raise UserError(f"{shown}: {error}") from error

    def views(
        self,
        trained: TrainedClassifier,
        indices: Sequence[int],
        classes: Tensor | None = None,
        method: str | None = None,
    ) -> list[View]:
        """Return the net's view of the photographs at M `indices`; `classes` (M, K) as for `view.of_images`."""
        of_each = [None] * len(indices) if classes is None else [tuple(row) for row in classes.tolist()]
        pairs = zip(indices, of_each, strict=True)
        return [view.of_picture(trained, self.picture(i), shown, method) for i, shown in pairs]

    def input(self, trained: TrainedClassifier, index: int) -> Tensor:
        """Return a photograph as the net receives it, uint8 (C, h, w)."""
        return trained.prepare_picture(self.picture(index))[0]


def in_folders(trained: TrainedClassifier, path: Path, chosen: dict[str, str] | None = None) -> Photographs:
    """Return the photographs of a folder or archive with sub-folders named like classes of the net, at most MOST.

    `chosen` maps names of sub-folders to classes. Those that mean no class are left out, with a remark; of more than
    MOST photographs evenly spaced ones are used. Raises UserError as `folder.listing` does, and where no name means a
    class.
    """
    listed = folder.listing(path)
    naming = class_names.naming(listed.classes, trained.classes, chosen)
    every = tuple(entry for entry in listed.entries if naming[listed.classes[entry.label]])
    remarks = unnamed_remark(trained, naming, len(listed.entries) - len(every), "photographs are in folders")
    if not every:
        raise UserError(
            f"{remarks[0]} Rename the folders, or choose a class for each: --class NAME=CLASS, or on page Mistakes."
        )
    entries, sentence = spaced(every)
    groups = tuple(naming[listed.classes[entry.label]] for entry in entries)
    return Photographs(path, listed.classes, tuple(entries), groups, remarks + sentence)


def spaced(every: Sequence[T]) -> tuple[list[T], tuple[str, ...]]:
    """Return at most MOST of the photographs, evenly spaced, and a sentence where these are not all."""
    if len(every) <= MOST:
        return list(every), ()
    chosen = [every[i * len(every) // MOST] for i in range(MOST)]
    return chosen, (f"{MOST:,} of the {len(every):,} photographs are used, evenly spaced.",)


def unnamed_remark(trained: TrainedClassifier, naming: Naming, count: int, what: str) -> tuple[str, ...]:
    """Return a sentence on the `count` things whose names mean no class of the net; none without any.

    `what` says what they are: "photographs are in folders".
    """
    unknown = [f'"{name}"' for name, group in naming.items() if not group]
    if not unknown:
        return ()
    names = ", ".join(unknown[:LISTED]) + (f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else "")
    few = len(trained.classes) <= folder.MOST_LISTED
    its = f"its classes are {', '.join(trained.classes)}" if few else f"it has {len(trained.classes):,} classes"
    return (f"{count:,} {what} of names that are no class of {trained.title} ({names}) and left out; {its}.",)


def best_of(logits: Tensor, group: Sequence[int]) -> int:
    """Return the class of a group with the greatest of the logits (classes,)."""
    return group[int(logits[list(group)].argmax())]


def answers(
    trained: TrainedClassifier, photographs: Photographs, progress: Progress = lambda done, of: None
) -> tuple[Photographs, Answers]:
    """Return the photographs that can be read and the net's logits for them, one photograph in memory at a time.

    Where a name means several classes, the label is the one of the greatest logit. `progress` is called with the
    photographs done and in all. Raises UserError where none can be read.
    """
    rows, readable, faults = [], [], []
    for index, picture in photographs.readable():
        if isinstance(picture, str):
            faults.append(picture)
        else:
            x = trained.prepare(trained.prepare_picture(picture))
            with torch.inference_mode():
                rows.append(cam.finite(trained.net(x))[0].clone())
            readable.append(index)
        progress(index + 1, len(photographs))
    rest = without_faults(photographs, readable, faults)
    logits = torch.stack(rows)
    labels = [best_of(row, group) for row, group in zip(logits, rest.groups, strict=True)]
    return rest, Answers(logits, torch.tensor(labels))


def without_faults(photographs: Photographs, readable: Sequence[int], faults: list[str]) -> Photographs:
    """Return the readable photographs, with a remark on the `faults` of the others. Raises UserError where none is."""
    if not readable:
        raise UserError(f"None of the {len(photographs):,} photographs can be read. The first: {faults[0]}")
    rest = photographs.part(readable)
    return replace(rest, remarks=rest.remarks + folder.remarks(faults, len(photographs)))
