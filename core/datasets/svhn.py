"""SVHN, the Street View House Numbers (section 4.1), with the validation split of section 4.3.1.

The site's three .mat files are downloaded with progress and checked; train and extra together are the training split,
without 400 images a class of train and 200 of extra, which are the validation split.
"""

from pathlib import Path

import numpy as np
import torch
from scipy.io import loadmat
from torch import Tensor

from core.datasets.download import download, exclusive, is_whole, silent
from core.datasets.split import Progress, Split, Splits
from core.errors import UserError
from core.vision import torchvision

TITLE = "SVHN"
WITHHELD = {"train": 400, "extra": 200}  # images a class for validation, section 4.3.1
SEED = 0  # the thesis does not say which images it withheld
CLASSES = 10
_PIECE = 10_000  # images turned at once


def _file(root: Path, part: str) -> tuple[str, Path, str]:
    """Return address, place and MD5 checksum of "train", "extra" or "test", as in torchvision."""
    url, name, md5 = torchvision.datasets.SVHN.split_list[part]
    return url, root / "SVHN" / name, md5


def _fetch(root: Path, allowed: bool, progress: Progress) -> None:
    """Download every file that is missing or damaged."""
    for part in ("train", "extra", "test"):
        url, path, md5 = _file(root, part)
        if is_whole(path, md5):
            continue
        instead = f"put {path.name} in {path.parent}"
        if not allowed:
            raise UserError(
                f"{TITLE} is not in {root} ({path.name} is missing or damaged): allow its download (1.6 GB), "
                f"or {instead}."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        download([url], path, md5, f"{TITLE}: {path.name}", progress, instead=instead)


def _open(path: Path) -> tuple[np.ndarray, Tensor]:
    """Return images uint8 (height, width, 3, N) as in the file, and labels int64 (N,) of 0 to 9."""
    contents = loadmat(path)
    labels = torch.from_numpy(contents["y"].astype(np.int64).reshape(-1))
    if contents["X"].shape != (32, 32, 3, len(labels)):
        raise ValueError("images and labels do not belong together")
    return contents["X"], labels % CLASSES  # the site writes the digit 0 as 10


def _take(images: np.ndarray, chosen: Tensor, into: Tensor) -> None:
    """Copy the `chosen` images (32, 32, 3, N) into a tensor (M, 3, 32, 32), without a second whole copy."""
    for piece, place in zip(chosen.split(_PIECE), into.split(_PIECE), strict=True):
        place.copy_(torch.from_numpy(images[..., piece.numpy()]).permute(3, 2, 0, 1))


def withhold(labels: Tensor, a_class: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return indices for training and, `a_class` of every class drawn at random, for validation, both ascending."""
    order = torch.randperm(len(labels), generator=generator)
    withheld = torch.cat([order[labels[order] == label][:a_class] for label in range(CLASSES)]).sort().values
    is_training = torch.ones(len(labels), dtype=torch.bool)
    is_training[withheld] = False
    return is_training.nonzero().squeeze(1), withheld


def _training_and_validation(root: Path) -> tuple[Split, Split]:
    """Return training and validation split. Each file is opened alone: together they would double the memory."""
    generator = torch.Generator().manual_seed(SEED)
    parts: tuple[list[tuple[Tensor, Tensor]], list[tuple[Tensor, Tensor]]] = ([], [])
    for part, a_class in WITHHELD.items():
        images, labels = _open(_file(root, part)[1])
        for place, chosen in zip(parts, withhold(labels, a_class, generator), strict=True):
            copied = torch.empty((len(chosen), 3, 32, 32), dtype=torch.uint8)
            _take(images, chosen, copied)
            place.append((copied, labels[chosen]))
        del images
    train, validation = (
        Split(torch.cat([images for images, _ in part]), torch.cat([labels for _, labels in part])) for part in parts
    )
    return train, validation


def _test(root: Path) -> Split:
    images, labels = _open(_file(root, "test")[1])
    turned = torch.empty((len(labels), 3, 32, 32), dtype=torch.uint8)
    _take(images, torch.arange(len(labels)), turned)
    return Split(turned, labels)


def read(root: Path, allowed: bool, progress: Progress = silent) -> Splits:
    """Return training, test and validation split, images uint8 (N, 3, 32, 32). Reading needs 4 GB of memory.

    Download 1.6 GB to ROOT/SVHN if `allowed` and needed; the three .mat files there are enough, their MD5 is checked
    at every reading. Raises UserError where the data are missing or damaged.
    """
    if not all(is_whole(_file(root, part)[1], _file(root, part)[2]) for part in ("train", "extra", "test")):
        with exclusive(root, "svhn", TITLE, progress):
            _fetch(root, allowed, progress)
    try:
        train, validation = _training_and_validation(root)
        return Splits(train, _test(root), validation)
    except (ValueError, LookupError, TypeError, NotImplementedError, OSError) as error:
        raise UserError(
            f"A file of {TITLE} in {root / 'SVHN'} is damaged: remove that folder and load {TITLE} again."
        ) from error
