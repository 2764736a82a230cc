"""MNIST (section 4.1) and Fashion-MNIST by torchvision: fetched with progress, checked, unpacked once, read as tensors.

Both have the same four files; `which` is the name of torchvision's class, and of the folder in ROOT.
"""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.datasets.download import download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split
from core.errors import UserError
from core.vision import torchvision

TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}


def _source(which: str) -> Any:
    """Return the class of torchvision that has the addresses and the checksums."""
    return getattr(torchvision.datasets, which)


def _files(root: Path, which: str) -> Iterator[tuple[Path, str, Path]]:
    """Yield each archive, its MD5 checksum, and the file it holds, all where torchvision looks for them."""
    for name, md5 in _source(which).resources:
        archive = root / which / "raw" / name
        yield archive, md5, archive.with_suffix("")


def _is_unpacked(archive: Path, raw: Path) -> bool:
    """Return whether the unpacked file exists and has the length in its archive, where that still exists."""
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


def _fetch(root: Path, which: str, allowed: bool, progress: Progress) -> None:
    """Unpack every file from its archive, and download archives that are missing from a mirror."""
    title = TITLES[which]
    for archive, md5, raw in _files(root, which):
        if _is_unpacked(archive, raw):
            continue
        archive.parent.mkdir(parents=True, exist_ok=True)
        if not is_whole(archive, md5):
            if not allowed:
                raise UserError(
                    f"{title} is not in {root} ({archive.name} is missing or damaged): "
                    f"allow its download, or put its four .gz files in {archive.parent}."
                )
            mirrors = [mirror + archive.name for mirror in _source(which).mirrors]
            instead = f"put its four .gz files in {archive.parent}"
            download(mirrors, archive, md5, f"{title}: {archive.name}", progress, instead=instead)
        _unpack(archive, raw)


def _split(root: Path, which: str, train: bool) -> Split:
    data = _source(which)(root, train=train, download=False)
    if len(data.data) != len(data.targets):
        raise ValueError("images and labels differ in number")
    return Split(data.data.unsqueeze(1), data.targets)


def read(root: Path, allowed: bool, progress: Progress = silent, which: str = "MNIST") -> tuple[Split, Split]:
    """Return training and test split, images uint8 (N, 1, 28, 28). Download to `root` if `allowed` and needed.

    That is 11 MB of MNIST, 31 MB of Fashion-MNIST. The four archives in ROOT/MNIST/raw or ROOT/FashionMNIST/raw are
    enough. Raises UserError where the data are missing or damaged.
    """
    title = TITLES[which]
    if not all(_is_unpacked(archive, raw) for archive, _, raw in _files(root, which)):
        with exclusive(root, which.lower(), title, progress):
            _fetch(root, which, allowed, progress)
    try:
        return _split(root, which, train=True), _split(root, which, train=False)
    except (AssertionError, ValueError, LookupError, RuntimeError, OSError) as error:
        raise UserError(
            f"A file of {title} in {root / which / 'raw'} is damaged: remove that folder and load {title} again."
        ) from error
