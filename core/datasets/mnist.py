"""MNIST by torchvision (section 4.1): fetched with progress, checked, unpacked once, read as tensors."""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.datasets.download import DownloadFailed, download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split
from core.errors import UserError
from core.vision import torchvision

TITLE = "MNIST"


def _files(root: Path) -> Iterator[tuple[str, str, Path]]:
    """Name and MD5 of each archive, and where torchvision looks for what is in it."""
    for name, md5 in torchvision.datasets.MNIST.resources:
        yield name, md5, root / "MNIST" / "raw" / Path(name).stem


def _is_unpacked(raw: Path) -> bool:
    """Whether the unpacked file is there, as long as its archive says where that is still beside it."""
    archive = raw.with_name(raw.name + ".gz")
    if not raw.is_file():
        return False
    if not archive.is_file() or archive.stat().st_size < 4:
        return True
    with archive.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return raw.stat().st_size == int.from_bytes(file.read(4), "little")  # gzip ends in the length unpacked


def _fetch(root: Path, allowed: bool, progress: Progress) -> None:
    for name, md5, raw in _files(root):
        archive = raw.with_name(name)
        if _is_unpacked(raw):
            continue
        raw.parent.mkdir(parents=True, exist_ok=True)
        if not is_whole(archive, md5):
            if not allowed:
                raise UserError(
                    f"{TITLE} is not in {root} ({archive.name} is missing or damaged): "
                    f"allow its download, or put its four .gz files in {raw.parent}."
                )
            mirrors = [mirror + name for mirror in torchvision.datasets.MNIST.mirrors]
            download(mirrors, archive, md5, f"{TITLE}: {name}", progress)
        part = raw.with_name(raw.name + ".part")
        with gzip.open(archive) as packed, part.open("wb") as file:
            shutil.copyfileobj(packed, file)
        os.replace(part, raw)


def _split(root: Path, train: bool) -> Split:
    data = torchvision.datasets.MNIST(root, train=train, download=False)
    return Split(data.data.unsqueeze(1), data.targets)


def read(root: Path, allowed: bool, progress: Progress = silent) -> tuple[Split, Split]:
    """Training and test split: images uint8 (N, 1, 28, 28). Downloads 11 MB into `root` where `allowed` and needed.

    The four archives in ROOT/MNIST/raw are enough. Raises `UserError` when the data cannot be had.
    """
    if not all(_is_unpacked(raw) for _, _, raw in _files(root)):
        with exclusive(root, "mnist", TITLE, progress):
            try:
                _fetch(root, allowed, progress)
            except DownloadFailed as error:
                raise UserError(
                    f"{TITLE} could not be downloaded ({error}): connect to the internet and try again, "
                    f"or put its four .gz files in {root / 'MNIST' / 'raw'}."
                ) from error
    try:
        return _split(root, train=True), _split(root, train=False)
    except (AssertionError, ValueError, OSError) as error:
        raise UserError(
            f"A file of {TITLE} in {root / 'MNIST' / 'raw'} is damaged: remove that folder and load {TITLE} again."
        ) from error
