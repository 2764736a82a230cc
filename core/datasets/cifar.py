"""CIFAR-10 by torchvision (section 4.1): fetched with progress, checked, unpacked once, read as tensors."""

import os
import shutil
import tarfile
from pathlib import Path

import torch

from core.datasets.download import download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split
from core.errors import UserError
from core.vision import torchvision

TITLE = "CIFAR-10"


def _batches(root: Path) -> list[Path]:
    """The files of the data set, where torchvision looks for them."""
    source = torchvision.datasets.CIFAR10
    listed = [name for name, _ in (*source.train_list, *source.test_list)]
    return [root / source.base_folder / name for name in (*listed, source.meta["filename"])]


def _unpack(archive: Path, batches: list[Path]) -> None:
    """Move the archive's batches into place one by one, each once it is whole."""
    folder = archive.parent / ".cifar10-unpacking"
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed here
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        for path in batches:
            path.parent.mkdir(exist_ok=True)
            os.replace(folder / path.parent.name / path.name, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(root: Path, allowed: bool, progress: Progress) -> None:
    """Make every batch be there whole: from the archive, and the archive from its site."""
    batches = _batches(root)
    if all(path.is_file() for path in batches):
        return  # another process fetched them while this one waited
    source = torchvision.datasets.CIFAR10
    archive = root / source.filename
    if is_whole(archive, source.tgz_md5):
        _unpack(archive, batches)
        return
    instead = f"put {source.filename} in {root}"
    if not allowed:
        raise UserError(f"{TITLE} is not in {root}: allow its download (170 MB), or {instead}.")
    download([source.url], archive, source.tgz_md5, f"{TITLE}: {source.filename}", progress, instead=instead)
    _unpack(archive, batches)
    archive.unlink()  # fetched for its batches alone, and 170 MB large


def _split(root: Path, train: bool) -> Split:
    data = torchvision.datasets.CIFAR10(root, train=train, download=False)
    images = torch.from_numpy(data.data).permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.tensor(data.targets))


def read(root: Path, allowed: bool, progress: Progress = silent) -> tuple[Split, Split]:
    """Training and test split: images uint8 (N, 3, 32, 32). Downloads 170 MB into `root` where `allowed` and needed.

    The batches in ROOT/cifar-10-batches-py, or the archive in ROOT, are enough; torchvision checks the batches' MD5 at
    every reading. Raises `UserError` when the data cannot be had.
    """
    if not all(path.is_file() for path in _batches(root)):
        with exclusive(root, "cifar10", TITLE, progress):
            _fetch(root, allowed, progress)
    try:
        return _split(root, train=True), _split(root, train=False)
    except RuntimeError as error:
        folder = root / torchvision.datasets.CIFAR10.base_folder
        raise UserError(
            f"A file of {TITLE} in {folder} is damaged: remove that folder and load {TITLE} again."
        ) from error
