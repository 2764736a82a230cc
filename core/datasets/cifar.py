"""CIFAR-10 by torchvision (section 4.1): fetched with progress, checked, unpacked once, read as tensors."""

import os
import tarfile
import tempfile
from pathlib import Path

import torch

from core.datasets.download import DownloadFailed, download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split
from core.errors import UserError
from core.vision import torchvision

TITLE = "CIFAR-10"


def _batches(root: Path) -> list[tuple[Path, str]]:
    """The files of the data set and their MD5 checksums."""
    source = torchvision.datasets.CIFAR10
    listed = [*source.train_list, *source.test_list, (source.meta["filename"], source.meta["md5"])]
    return [(root / source.base_folder / name, md5) for name, md5 in listed]


def _unpack(archive: Path, batches: list[tuple[Path, str]]) -> None:
    """Move the archive's batches into place one by one, each once it is whole."""
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".unpacking-") as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        for path, _ in batches:
            path.parent.mkdir(exist_ok=True)
            os.replace(Path(folder) / path.parent.name / path.name, path)


def _fetch(root: Path, allowed: bool, progress: Progress) -> None:
    batches = _batches(root)
    if all(path.is_file() for path, _ in batches):
        return  # another process was here while this one waited
    source = torchvision.datasets.CIFAR10
    archive = root / source.filename
    if is_whole(archive, source.tgz_md5):
        _unpack(archive, batches)
        return
    if not allowed:
        raise UserError(
            f"{TITLE} is not in {root}: allow its download (170 MB), or put {source.filename} in that folder."
        )
    download([source.url], archive, source.tgz_md5, f"{TITLE}: {source.filename}", progress)
    _unpack(archive, batches)
    archive.unlink()  # 170 MB that nobody needs again


def _split(root: Path, train: bool) -> Split:
    data = torchvision.datasets.CIFAR10(root, train=train, download=False)
    images = torch.from_numpy(data.data).permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.tensor(data.targets))


def read(root: Path, allowed: bool, progress: Progress = silent) -> tuple[Split, Split]:
    """Training and test split: images uint8 (N, 3, 32, 32). Downloads 170 MB into `root` where `allowed` and needed.

    The batches in ROOT/cifar-10-batches-py, or the archive in ROOT, are enough; torchvision checks their MD5 at every
    reading. Raises `UserError` when the data cannot be had.
    """
    if not all(path.is_file() for path, _ in _batches(root)):
        with exclusive(root, "cifar10", TITLE, progress):
            try:
                _fetch(root, allowed, progress)
            except DownloadFailed as error:
                raise UserError(
                    f"{TITLE} could not be downloaded ({error}): connect to the internet and try again, "
                    f"or put {torchvision.datasets.CIFAR10.filename} in {root}."
                ) from error
    try:
        return _split(root, train=True), _split(root, train=False)
    except RuntimeError as error:
        folder = root / torchvision.datasets.CIFAR10.base_folder
        raise UserError(
            f"A file of {TITLE} in {folder} is damaged: remove that folder and load {TITLE} again."
        ) from error
