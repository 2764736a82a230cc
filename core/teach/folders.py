"""Pictures whose folders are their classes, as a .zip or a folder that a browser hands over file by file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from core.datasets import folder
from core.errors import UserError
from core.teach import store
from core.teach.store import Encoded
from core.teach.taught import MOST_SAMPLES, Sample, TaughtSet, plain_name

File = tuple[str, bytes]
_LISTED = 2  # of the pictures that cannot be read, in a remark


def of_zip(data: bytes, name: str) -> Iterator[File]:
    """Yield place and bytes of every file in a .zip. Raises UserError where it is none, damaged or out of bounds."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "archive.zip")
        try:
            path.write_bytes(data)
            yield from folder.files_of_zip(path)
        except OSError as error:
            raise UserError(f"{name} cannot be read ({error.strerror or error}): make room on the disk.") from error
        except UserError as error:
            raise UserError(str(error).replace(str(path), name).replace(path.name, name)) from error


def add(content: TaughtSet, files: Iterable[File]) -> tuple[TaughtSet, list[Encoded], list[str]]:
    """Return a set with the pictures of files added to the classes that their folders name, new ones where needed.

    Also the pictures, and sentences about what was left out. Raises UserError where no file is in a folder, and for a
    folder whose name no class can have.
    """
    pictures: list[Encoded] = []
    remarks: list[str] = []
    unreadable: list[str] = []
    for label, own in _by_class(files).items():
        encoded, faults = store.decoded(own[:MOST_SAMPLES])
        unreadable += faults
        if not encoded:
            continue
        label = _known(content, label)
        if label not in content.classes:
            content = content.with_class(label)
        content, more = content.with_samples(label, [Sample(one.file, label, one.name) for one in encoded])
        pictures += encoded
        remarks += more
    return content, pictures, [*remarks, *_about(unreadable)]


def _by_class(files: Iterable[File]) -> dict[str, list[File]]:
    """Return files by the folder that they are in; one folder around everything is ignored."""
    placed = [(PurePosixPath(place.replace("\\", "/")).parts, data) for place, data in files]
    placed = [(parts, data) for parts, data in placed if parts and not parts[-1].startswith(".")]
    around = len({parts[0] for parts, _ in placed}) == 1 and any(len(parts) > 2 for parts, _ in placed)
    depth = 1 if around else 0
    by_class: dict[str, list[File]] = {}
    for parts, data in placed:
        if len(parts) > depth + 1:
            by_class.setdefault(parts[depth], []).append((parts[-1], data))
    if not by_class:
        raise UserError("No picture is in a folder: put the pictures of each class into a folder named after it.")
    return dict(sorted(by_class.items()))


def _known(content: TaughtSet, label: str) -> str:
    """Return the class that a folder's name means, that of the set where it has one."""
    name = plain_name(label)
    return next((known for known in content.classes if known.casefold() == name.casefold()), name)


def _about(faults: list[str]) -> list[str]:
    """Return a sentence about the files that are no readable pictures."""
    if not faults:
        return []
    more = f" {len(faults) - _LISTED} more were left out." if len(faults) > _LISTED else ""
    return [f"{' '.join(faults[:_LISTED])}{more}"]
