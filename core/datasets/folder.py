"""The user's own pictures as a data set: a folder, or a .zip of one, with one sub-folder a class.

Nothing is unpacked or copied: pictures are read where they lie, a central square of each is brought to the chosen side,
and a seed splits every class into training, validation and test pictures.
"""

import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import torch

from core import images, uploads
from core.datasets.download import silent
from core.datasets.name import Name, whole_numbers
from core.datasets.split import Progress, Split, Splits
from core.errors import UserError
from core.images import ImageError

MAX_PICTURES = 20_000
MAX_PICTURE_BYTES = 64_000_000  # of one picture in a .zip, unpacked
MAX_ZIP_BYTES = 8_000_000_000  # of all of them
MAX_TENSOR_BYTES = 2_000_000_000
FEWEST_A_CLASS = 5
HELD_OUT = 0.15  # share of every class for validation, and the same for the test
LIMITS = {"side": (8, 256), "seed": (0, 2**31 - 1)}
_SPLITS = ("train", "validation", "test")
LONGEST_PATH = 60  # characters of a path that cannot be
_LISTED = 3  # of the pictures left out, in a remark
MOST_LISTED = 20  # classes that a sentence lists
UNREADABLE = (ImageError, zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError)  # of a .zip, mostly


@dataclass(frozen=True)
class Pictures:
    """A folder or archive of pictures, `side` px, split by `seed`. As text: `folder:PATH?side=SIDE&seed=SEED`."""

    path: Path
    side: int = 32
    seed: int = 0

    @property
    def name(self) -> str:
        """Return the name for settings and addresses; `named` parses it."""
        options = (("side", str(self.side)), ("seed", str(self.seed)))
        return str(Name("folder", str(self.path.expanduser().absolute()), options))

    @property
    def title(self) -> str:
        """Return the name of the folder or archive."""
        return self.path.stem if self.path.suffix.lower() == ".zip" else self.path.name

    @classmethod
    def named(cls, name: Name) -> "Pictures":
        """Return the pictures of a parsed name. Raises UserError where it has no path or a wrong option."""
        if not name.path:
            raise UserError("Which pictures? Give the path of a folder or a .zip: folder:/home/me/pictures?side=64.")
        values = whole_numbers(name, {"side": cls.side, "seed": cls.seed}, LIMITS)
        return cls(Path(name.path).expanduser().absolute(), **values)


@dataclass(frozen=True)
class Entry:
    """A file that may be a picture: its place inside the folder or archive, its class and its size in bytes."""

    place: str
    label: int
    size: int


@dataclass(frozen=True)
class Listing:
    """The contents of a folder, before any picture is opened; `state` changes with them."""

    classes: tuple[str, ...]
    entries: tuple[Entry, ...]
    state: Hashable

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of pictures in each split, if all can be read."""
        counts = np.bincount([entry.label for entry in self.entries], minlength=len(self.classes))
        shares = [_shares(int(count)) for count in counts]
        return dict(zip(_SPLITS, map(sum, zip(*shares, strict=True)), strict=True))


def _shares(count: int) -> tuple[int, int, int]:
    """Return how many of `count` pictures of a class are for training, validation and test."""
    held_out = max(1, round(HELD_OUT * count))
    return count - 2 * held_out, held_out, held_out


# Listing


def look(pictures: Pictures) -> Listing:
    """List a folder's or an archive's classes and pictures without opening a picture.

    A single folder around everything, which many archives have, is ignored. Raises UserError where nothing is there,
    for fewer than two classes or fewer than FEWEST_A_CLASS pictures of one, and for more than this module's bounds.
    """
    listed = listing(pictures.path)
    _check(pictures, listed.classes, listed.entries)
    return listed


def listing(path: Path) -> Listing:
    """List the classes and pictures of a folder or an archive, however few of each; else as `look`.

    Raises UserError where nothing is there, and for fewer than two classes.
    """
    files = contents(path)
    places = [PurePosixPath(place).parts for place, _, _ in files]
    depth = 1 if len({parts[0] for parts in places}) == 1 and any(len(parts) > 2 for parts in places) else 0
    classed = [(parts[depth], *file) for parts, file in zip(places, files, strict=True) if len(parts) > depth + 1]
    classes = tuple(sorted({name for name, *_ in classed}))
    labels = {name: label for label, name in enumerate(classes)}
    entries = tuple(Entry(place, labels[name], size) for name, place, size, _ in classed)
    shape = "put the pictures of each class into a sub-folder named after it"
    if not entries:
        raise UserError(f"{path} has no sub-folder with pictures: {shape}.")
    if len(classes) == 1:
        raise UserError(f'{path} has one class only, "{classes[0]}": {shape}, two classes or more.')
    return Listing(classes, entries, tuple(files))


def contents(path: Path) -> list[tuple[str, int, int]]:
    """Return (place, bytes, state) of every file but hidden ones in a folder or archive; `state` changes with the file.

    Raises UserError where nothing is there, or more than this module's bounds.
    """
    return sorted(_of_zip(path) if _is_file(path) else _of_folder(path))


def _is_file(path: Path) -> bool:
    """Return whether a path is a file. Raises UserError for a path that no system can have."""
    try:
        return path.is_file()
    except OSError as error:
        start = str(path)[:LONGEST_PATH]
        raise UserError(f"There is no folder or .zip {start}… ({error.strerror}): check the path.") from error


def _of_folder(folder: Path) -> list[tuple[str, int, int]]:
    """Return (place, bytes, time of change) of every file below a folder but hidden ones."""
    if folder.is_relative_to(uploads.root()) and not folder.exists():
        raise UserError(f"The archive {folder.name} is no longer here: it was deleted. Upload it again.")
    if not folder.is_dir():
        raise UserError(f"There is no folder or .zip {folder}: check the path and its spelling.")
    rows: list[tuple[str, int, int]] = []

    def refuse(error: OSError) -> None:
        reason = error.strerror or str(error)
        raise UserError(f"{error.filename} cannot be read ({reason}): give a folder of yours.") from error

    for where, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in files:
            file = Path(where, name)
            if _is_hidden(name) or not file.is_file():
                continue
            status = file.stat()
            rows.append((file.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns))
            _check_count(folder, len(rows))
    return rows


def _of_zip(path: Path) -> list[tuple[str, int, int]]:
    """Return (place, bytes unpacked, checksum) of every file in an archive, from its table of contents alone."""
    with _archive(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    _check_count(path, len(members))
    for member in members:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or (place.parts and ":" in place.parts[0]):
            raise UserError(
                f'{path.name} holds a file named "{member.filename}", which leads out of it: pack it again, '
                "with one folder a class."
            )
        if member.flag_bits & 1:
            raise UserError(f"{path.name} is locked by a password: pack it again without one.")
    too_large = [member for member in members if member.file_size > MAX_PICTURE_BYTES]
    if too_large or sum(member.file_size for member in members) > MAX_ZIP_BYTES:
        what = f"{too_large[0].filename} in {path.name}" if too_large else path.name
        limit = MAX_PICTURE_BYTES if too_large else MAX_ZIP_BYTES
        raise UserError(
            f"{what} would unpack to more than {limit / 1e6:,.0f} MB, the most that is read: leave large files out."
        )
    visible = [member for member in members if not any(map(_is_hidden, PurePosixPath(member.filename).parts))]
    return [(member.filename, member.file_size, member.CRC) for member in visible]


def files_of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (place, contents) of every file in an archive, within the bounds for pictures with classes.

    Raises UserError where it is no archive, damaged, locked, or out of bounds.
    """
    places = [place for place, _, _ in _of_zip(path)]
    with _archive(path) as archive:
        for place in places:
            try:
                yield place, archive.read(place)
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
                raise UserError(f"{path.name} is damaged ({error}): pack it again.") from error


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise UserError(
            f"{path.name} is not a whole .zip archive: give a folder, or a .zip, with one sub-folder a class."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be opened ({error.strerror or error}): give a file of yours.") from error
    with archive:
        yield archive


def _is_hidden(name: str) -> bool:
    """Return whether a file or folder is one that systems leave beside the user's files."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _check_count(path: Path, files: int) -> None:
    if files > MAX_PICTURES:
        raise UserError(f"{path} holds more than {MAX_PICTURES:,} files, the most that are read: take a part of them.")


def _check(pictures: Pictures, classes: tuple[str, ...], entries: tuple[Entry, ...]) -> None:
    if len(entries) * 3 * pictures.side**2 > MAX_TENSOR_BYTES:
        raise UserError(
            f"{len(entries):,} pictures of {pictures.side} px a side need more than "
            f"{MAX_TENSOR_BYTES / 1e9:.0f} GB of memory: choose a smaller side."
        )
    _check_enough(pictures, classes, [entry.label for entry in entries], "")


def _check_enough(pictures: Pictures, classes: tuple[str, ...], labels: list[int], why: str) -> None:
    counts = np.bincount(labels, minlength=len(classes))
    fewest = int(counts.argmin())
    if counts[fewest] < FEWEST_A_CLASS:
        raise UserError(
            f'The class "{classes[fewest]}" in {pictures.path} has {counts[fewest]} pictures to learn from, and '
            f"{FEWEST_A_CLASS} are the fewest that can be split{why}: add some, or take its sub-folder away."
        )


def check(file: BinaryIO, name: str, read: Callable[[Path], object] = lambda path: look(Pictures(path))) -> None:
    """Raise UserError where an uploaded archive is not one of pictures with classes, as `read` does: `look`, `listing`.

    The sentences call it `name`.
    """
    try:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place, "upload.zip")
            file.seek(0)
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            try:
                read(path)
            except UserError as error:
                raise UserError(str(error).replace(str(path), name).replace(path.name, name)) from error
    except OSError as error:
        raise UserError(f"{name} cannot be checked ({error.strerror or error}): make room on the disk.") from error


# Reading


def read(pictures: Pictures, progress: Progress = silent) -> Splits:
    """Return training, test and validation split, images uint8 (N, 3, side, side), stratified by the seed.

    Pictures that cannot be read are left out, counted and listed in `remarks`. Raises UserError as `look` does, and
    where too few of a class can be read.
    """
    listed = look(pictures)
    entries, squares, faults = _squares(pictures, listed, progress)
    labels = [entry.label for entry in entries]
    why = f", because {len(faults)} cannot be read (the first: {faults[0].removesuffix('.')})" if faults else ""
    _check_enough(pictures, listed.classes, labels, why)
    tensor = torch.from_numpy(squares).permute(0, 3, 1, 2).contiguous()
    train, validation, test = (
        Split(tensor[indices], torch.tensor(labels)[indices]) for indices in _stratified(labels, pictures.seed)
    )
    return Splits(train, test, validation, remarks(faults, len(listed.entries)))


def _squares(pictures: Pictures, listed: Listing, progress: Progress) -> tuple[list[Entry], np.ndarray, list[str]]:
    """Return the entries that are pictures, their squares uint8 (N, side, side, 3), and the faults of the others."""
    entries: list[Entry] = []
    faults: list[str] = []
    squares = np.empty((len(listed.entries), pictures.side, pictures.side, 3), dtype=np.uint8)
    done, total = 0, sum(entry.size for entry in listed.entries)
    with opened(pictures.path) as source:
        for entry in listed.entries:
            progress(f"{pictures.title}: reading pictures", done, total)
            try:
                squares[len(entries)] = images.for_net(images.photograph(source(entry)), pictures.side)
                entries.append(entry)
            except UNREADABLE as error:
                faults.append(f"{entry.place}: {error}")
            done += entry.size
    progress(f"{pictures.title}: reading pictures", total, total)
    return entries, squares[: len(entries)], faults


@contextmanager
def opened(path: Path) -> Iterator[Callable[[Entry], bytes | Path]]:
    """Yield a function that returns the source of a picture of a folder or archive, for `images.decode`.

    It raises one of UNREADABLE where the picture is gone or damaged.
    """
    if not path.is_file():
        yield lambda entry: path / entry.place
        return
    with _archive(path) as archive:
        yield lambda entry: archive.read(entry.place)


def _stratified(labels: list[int], seed: int) -> tuple[torch.Tensor, ...]:
    """Return indices of the training, validation and test pictures, stratified by class."""
    of, order = torch.tensor(labels), torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    parts: tuple[list[torch.Tensor], ...] = ([], [], [])
    for label in of.unique().tolist():
        of_class = order[of[order] == label]
        for part, chosen in zip(parts, of_class.split(_shares(len(of_class))), strict=True):
            part.append(chosen)
    return tuple(torch.cat(part).sort().values for part in parts)


def remarks(faults: list[str], listed: int) -> tuple[str, ...]:
    """Return a sentence on the pictures, of `listed` ones, that were left out, by their `faults`; none without any."""
    if not faults:
        return ()
    first = " ".join(f"{sentence.removesuffix('.')}." for sentence in faults[:_LISTED])
    others = f" And {len(faults) - _LISTED} more." if len(faults) > _LISTED else ""
    verb = "is" if len(faults) == 1 else "are"
    return (f"{len(faults)} of {listed:,} files {verb} no readable picture and left out. {first}{others}",)
