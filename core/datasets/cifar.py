"""CIFAR-10 and CIFAR-100 by torchvision (section 4.1): fetched with progress, checked, unpacked once, read as tensors.

`which` is the name of torchvision's class. CIFAR-100 is read with its 100 fine labels.
"""

import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

import torch

from core.datasets.download import download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split
from core.errors import UserError
from core.vision import torchvision

TITLES = {"CIFAR10": "CIFAR-10", "CIFAR100": "CIFAR-100"}


def _source(which: str) -> Any:
    """Return the class of torchvision that has the address, the files and their checksums."""
    return getattr(torchvision.datasets, which)


def _batches(root: Path, which: str) -> list[Path]:
    """Return the files of the data set, where torchvision looks for them."""
    source = _source(which)
    listed = [name for name, _ in (*source.train_list, *source.test_list)]
    return [root / source.base_folder / name for name in (*listed, source.meta["filename"])]


def _unpack(archive: Path, batches: list[Path]) -> None:
    """Move the archive's batches into place one by one, each after it is complete."""
    folder = archive.parent / f".{batches[0].parent.name}-unpacking"
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed here
    names = {f"{path.parent.name}/{path.name}": path.name for path in batches}
    try:
        folder.mkdir()
        with tarfile.open(archive) as tar:
            for member in tar:  # `extractall(filter=)` is not there before Python 3.11.4
                if member.name in names and (packed := tar.extractfile(member)) is not None:
                    with packed, (folder / names[member.name]).open("wb") as file:
                        shutil.copyfileobj(packed, file)
        for path in batches:
            path.parent.mkdir(exist_ok=True)
            os.replace(folder / path.name, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(root: Path, which: str, allowed: bool, progress: Progress) -> None:
    """Unpack every batch from the archive, and download the archive where it is missing."""
    batches = _batches(root, which)
    if all(path.is_file() for path in batches):
        return  # another process fetched them while this one waited
    source, title = _source(which), TITLES[which]
    archive = root / source.filename
    if is_whole(archive, source.tgz_md5):
        _unpack(archive, batches)
        return
    instead = f"put {source.filename} in {root}"
    if not allowed:
        raise UserError(f"{title} is not in {root}: allow its download (170 MB), or {instead}.")
    download([source.url], archive, source.tgz_md5, f"{title}: {source.filename}", progress, instead=instead)
    _unpack(archive, batches)
    archive.unlink()  # fetched for its batches alone, and 170 MB large


def _split(root: Path, which: str, train: bool) -> Split:
    data = _source(which)(root, train=train, download=False)
    images = torch.from_numpy(data.data).permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.tensor(data.targets))


def read(root: Path, allowed: bool, progress: Progress = silent, which: str = "CIFAR10") -> tuple[Split, Split]:
    """Return training and test split, images uint8 (N, 3, 32, 32). Download 170 MB to `root` if `allowed` and needed.

    The batches in ROOT/cifar-10-batches-py or ROOT/cifar-100-python, or the archive in ROOT, are enough; torchvision
    checks the batches' MD5 at every reading. Raises UserError where the data are missing or damaged.
    """
    title = TITLES[which]
    if not all(path.is_file() for path in _batches(root, which)):
        with exclusive(root, which.lower(), title, progress):
            _fetch(root, which, allowed, progress)
    try:
        return _split(root, which, train=True), _split(root, which, train=False)
    except RuntimeError as error:
        folder = root / _source(which).base_folder
        raise UserError(
            f"A file of {title} in {folder} is damaged: remove that folder and load {title} again."
        ) from error
