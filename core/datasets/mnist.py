"""MNIST by torchvision (section 4.1): fetched with progress, checked, unpacked once, read as tensors."""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.datasets.download import download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split
from core.errors import UserError
from core.vision import torchvision

TITLE = "MNIST"


def _files(root: Path) -> Iterator[tuple[Path, str, Path]]:
    """Each archive, its MD5 checksum, and the file it holds, all where torchvision looks for them."""
    for name, md5 in torchvision.datasets.MNIST.resources:
        archive = root / "MNIST" / "raw" / name
        yield archive, md5, archive.with_suffix("")


def _is_unpacked(archive: Path, raw: Path) -> bool:
    """Whether the unpacked file is there, and as long as its archive says where that is still beside it."""
    if not raw.is_file():
        return False
    if not archive.is_file() or archive.stat().st_size < 4:
        return True
    with archive.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return raw.stat().st_size == int.from_bytes(file.read(4), "little")  # gzip ends in the length unpacked


def _unpack(archive: Path, raw: Path) -> None:
    part = raw.with_name(raw.name + ".part")
    try:
        with gzip.open(archive) as packed, part.open("wb") as file:
            shutil.copyfileobj(packed, file)
        os.replace(part, raw)
    finally:
        part.unlink(missing_ok=True)


def _fetch(root: Path, allowed: bool, progress: Progress) -> None:
    """Make every file be there whole: from its archive, and the archive from a mirror."""
    for archive, md5, raw in _files(root):
        if _is_unpacked(archive, raw):
            continue
        archive.parent.mkdir(parents=True, exist_ok=True)
        if not is_whole(archive, md5):
            if not allowed:
                raise UserError(
                    f"{TITLE} is not in {root} ({archive.name} is missing or damaged): "
                    f"allow its download, or put its four .gz files in {archive.parent}."
                )
            mirrors = [mirror + archive.name for mirror in torchvision.datasets.MNIST.mirrors]
            instead = f"put its four .gz files in {archive.parent}"
            download(mirrors, archive, md5, f"{TITLE}: {archive.name}", progress, instead=instead)
        _unpack(archive, raw)


def _split(root: Path, train: bool) -> Split:
    data = torchvision.datasets.MNIST(root, train=train, download=False)
    if len(data.data) != len(data.targets):
        raise ValueError("images and labels differ in number")
    return Split(data.data.unsqueeze(1), data.targets)


def read(root: Path, allowed: bool, progress: Progress = silent) -> tuple[Split, Split]:
    """Training and test split: images uint8 (N, 1, 28, 28). Downloads 11 MB into `root` where `allowed` and needed.

    The four archives in ROOT/MNIST/raw are enough. Raises `UserError` when the data cannot be had.
    """
    if not all(_is_unpacked(archive, raw) for archive, _, raw in _files(root)):
        with exclusive(root, "mnist", TITLE, progress):
            _fetch(root, allowed, progress)
    try:
        return _split(root, train=True), _split(root, train=False)
    except (AssertionError, ValueError, LookupError, RuntimeError, OSError) as error:
        raise UserError(
            f"A file of {TITLE} in {root / 'MNIST' / 'raw'} is damaged: remove that folder and load {TITLE} again."
        ) from error
