"""The data sets by name: what is known of each before it is loaded, and the loading."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.datasets.download import silent
from core.datasets.split import Dataset, Progress, Split, channel_statistics
from core.errors import UserError

_DIGIT_NAMES = tuple("0123456789")
_CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set without loading it. `download_mb` is what a first load fetches, 0 if embedded."""

    name: str
    title: str
    class_names: tuple[str, ...]
    channels: int
    side: int
    train_size: int
    test_size: int
    embedded: bool
    download_mb: int

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)


_INFOS = (
    DatasetInfo("digits", "Digits (scikit-learn)", _DIGIT_NAMES, 1, 28, 1437, 360, embedded=True, download_mb=0),
    DatasetInfo("mnist", "MNIST", _DIGIT_NAMES, 1, 28, 60_000, 10_000, embedded=False, download_mb=11),
    DatasetInfo("cifar10", "CIFAR-10", _CIFAR10_NAMES, 3, 32, 50_000, 10_000, embedded=False, download_mb=170),
)
_CACHE: dict[tuple[str, Path], Dataset] = {}


def names() -> tuple[str, ...]:
    """The data sets that `load` knows; the first is the embedded one."""
    return tuple(known.name for known in _INFOS)


def info(name: str) -> DatasetInfo:
    """What is known of the data set `name`. Raises `UserError`, listing the known ones, for any other name."""
    for known in _INFOS:
        if known.name == name:
            return known
    raise UserError(f'There is no data set "{name}": choose one of {", ".join(names())}.')


def data_root() -> Path:
    """Where downloaded data sets are kept: the folder ATELIER_DATA names, else ~/.cache/atelier."""
    chosen = os.environ.get("ATELIER_DATA")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "atelier"


def _read_digits(root: Path, download: bool, progress: Progress) -> tuple[Split, Split]:
    from core.datasets import digits  # scikit-learn takes a second to import

    return digits.read()


def _read_mnist(root: Path, download: bool, progress: Progress) -> tuple[Split, Split]:
    from core.datasets import mnist  # torchvision does, too

    return mnist.read(root, download, progress)


def _read_cifar10(root: Path, download: bool, progress: Progress) -> tuple[Split, Split]:
    from core.datasets import cifar

    return cifar.read(root, download, progress)


_READERS: dict[str, Callable[[Path, bool, Progress], tuple[Split, Split]]] = {
    "digits": _read_digits,
    "mnist": _read_mnist,
    "cifar10": _read_cifar10,
}


def load(name: str, root: Path | None = None, *, download: bool = True, progress: Progress | None = None) -> Dataset:
    """The data set `name`, from memory if this process has loaded it before.

    `root` is the folder downloaded data is kept in (default `data_root()`), `progress` hears of every piece that
    arrives. Several processes may load at once. Raises `UserError` for an unknown name, and when the data is not there
    and cannot, or with `download=False` must not, be fetched; nothing half-fetched is left behind then.
    """
    known = info(name)
    folder = (root or data_root()).resolve()
    key = (name, folder)
    if key not in _CACHE:
        train, test = _READERS[name](folder, download, progress or silent)
        mean, std = channel_statistics(train.images)
        _CACHE[key] = Dataset(name, known.title, train, test, None, known.class_names, mean, std)
    return _CACHE[key]
