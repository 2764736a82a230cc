"""The data sets by name: what is known of each before it is loaded, and the loading."""

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from core.datasets import classes, folder, forms, toybox
from core.datasets.download import silent
from core.datasets.name import Name, parse, whole_numbers
from core.datasets.split import Dataset, Progress, Splits, channel_statistics
from core.errors import UserError

FEWEST = 100  # images of a data set's part to learn from
FEWEST_HELD_OUT = 1000  # and to be judged by: fewer would measure the error too coarsely
_IN_MEMORY = 4  # data sets kept; SVHN alone is 2 GB


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set without loading it.

    `embedded` ones need no download, `download_mb` is what a first load of another fetches. The sizes of a folder of
    pictures are those before any unreadable picture is left out.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    channels: int
    side: int
    train_size: int
    test_size: int
    validation_size: int = 0
    embedded: bool = False
    download_mb: int = 0

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def held_out(self) -> str:
        """The split whose errors are shown: "validation" where there is one, else "test"."""
        return "validation" if self.validation_size else "test"


_INFOS = (
    DatasetInfo("digits", "Digits (scikit-learn)", classes.DIGITS, 1, 28, 1437, 360, embedded=True),
    DatasetInfo("mnist", "MNIST", classes.DIGITS, 1, 28, 60_000, 10_000, download_mb=11),
    DatasetInfo("fashion_mnist", "Fashion-MNIST", classes.FASHION, 1, 28, 60_000, 10_000, download_mb=31),
    DatasetInfo("svhn", "SVHN", classes.DIGITS, 3, 32, 598_388, 26_032, 6_000, download_mb=1_576),
    DatasetInfo("cifar10", "CIFAR-10", classes.CIFAR10, 3, 32, 50_000, 10_000, download_mb=170),
    DatasetInfo("cifar100", "CIFAR-100", classes.CIFAR100, 3, 32, 50_000, 10_000, download_mb=169),
)
_CACHE: dict[tuple[str, Path, Hashable], Dataset] = {}
_FORMED: dict[str, tuple[Dataset, Dataset]] = {}  # by name: the whole, and a form of it


def names() -> tuple[str, ...]:
    """The data sets that `load` knows by one word, those that need no download first. `folder:PATH` is one more."""
    digits, *others = (known.name for known in _INFOS)
    return (digits, "toybox", *others)


def info(name: str) -> DatasetInfo:
    """What is known of the data set `name`, which may carry options (see core.datasets.name and core.datasets.forms).

    Raises `UserError` for an unknown name, listing the known ones, for an option that does not fit, and for a folder
    that cannot be used.
    """
    parts, form = forms.parted(parse(name))
    return _in_form(_info(parts, name), form)


def _info(parts: Name, name: str) -> DatasetInfo:
    """What is known of a data set in its usual form; `name` is what it was asked for by."""
    if parts.kind == "toybox" and not parts.path:
        return _toybox_info(toybox.Scenes.named(parts))
    if parts.kind == "folder":
        return _folder_info(folder.Pictures.named(parts))
    for known in _INFOS:
        if known.name == parts.kind and not parts.path:
            return _part_info(known, parts)
    raise UserError(f'There is no data set "{name}": choose one of {", ".join(names())}, or folder:PATH.')


def _in_form(known: DatasetInfo, form: forms.Form) -> DatasetInfo:
    """What is known of a data set in a form of it; how many images of a class there are is first known in memory."""
    if not form.options:
        return known
    train, validation = known.train_size, known.validation_size
    if form.each:
        train = form.each * known.classes
        if train > known.train_size:
            raise UserError(
                f"{known.title} has {known.train_size:,} training images of {known.classes} classes: {form.each:,} of "
                "each cannot be drawn, choose fewer."
            )
        validation = min(validation or known.train_size - train, forms.MOST_HELD_BACK)
    whole = parse(known.name)
    return replace(
        known,
        name=str(replace(whole, options=(*whole.options, *form.options))),
        title=form.title(known.title),
        channels=form.channels or known.channels,
        train_size=train,
        validation_size=validation,
    )


def _part_info(known: DatasetInfo, parts: Name) -> DatasetInfo:
    """The whole of a data set, or with "?images=5000" so many training images and as large a share of the others."""
    whole = known.train_size
    images = whole_numbers(parts, {"images": whole}, {"images": (FEWEST, whole)})["images"]
    if images == whole:
        return known

    def share(size: int) -> int:
        return min(size, max(FEWEST_HELD_OUT, size * images // whole))

    return replace(
        known,
        name=str(replace(parts, options=(("images", str(images)),))),
        title=f"{known.title}, {images:,} images",
        train_size=images,
        test_size=share(known.test_size),
        validation_size=share(known.validation_size),
    )


def _toybox_info(scenes: toybox.Scenes) -> DatasetInfo:
    title = "Toybox" if scenes.side == toybox.Scenes().side else f"Toybox, {scenes.side} px"
    return _own(scenes.name, title, toybox.CLASSES, scenes.side, toybox.SIZES)


def _folder_info(pictures: folder.Pictures) -> DatasetInfo:
    listed = folder.look(pictures)
    return _own(pictures.name, pictures.title, listed.classes, pictures.side, listed.sizes)


def _own(name: str, title: str, classes: tuple[str, ...], side: int, sizes: dict[str, int]) -> DatasetInfo:
    """One of colour pictures that is not downloaded."""
    train, validation, test = (sizes[split] for split in ("train", "validation", "test"))
    return DatasetInfo(name, title, classes, 3, side, train, test, validation, embedded=True)


def data_root() -> Path:
    """Where downloaded data sets are kept: the folder ATELIER_DATA names, else ~/.cache/atelier."""
    chosen = os.environ.get("ATELIER_DATA")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "atelier"


def _read_digits(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    from core.datasets import digits  # scikit-learn takes a second to import

    return Splits(*digits.read())


def _read_mnist(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    from core.datasets import mnist  # torchvision does, too

    return Splits(*mnist.read(root, download, progress))


def _read_fashion_mnist(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    from core.datasets import mnist

    return Splits(*mnist.read(root, download, progress, "FashionMNIST"))


def _read_svhn(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    from core.datasets import svhn

    return svhn.read(root, download, progress)


def _read_cifar10(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    from core.datasets import cifar

    return Splits(*cifar.read(root, download, progress))


def _read_cifar100(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    from core.datasets import cifar

    return Splits(*cifar.read(root, download, progress, "CIFAR100"))


def _read_toybox(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    return toybox.read(toybox.Scenes.named(parts), root, progress)


def _read_folder(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    return folder.read(folder.Pictures.named(parts), progress)


_READERS: dict[str, Callable[[Name, Path, bool, Progress], Splits]] = {
    "digits": _read_digits,
    "mnist": _read_mnist,
    "fashion_mnist": _read_fashion_mnist,
    "svhn": _read_svhn,
    "cifar10": _read_cifar10,
    "cifar100": _read_cifar100,
    "toybox": _read_toybox,
    "folder": _read_folder,
}


def load(name: str, root: Path | None = None, *, download: bool = True, progress: Progress | None = None) -> Dataset:
    """The data set `name`, from memory if this process has loaded it lately.

    `name` may carry options (see core.datasets.name): "toybox?side=64", "folder:/home/me/pictures?side=64&seed=0",
    and for the others "cifar10?images=5000": so many training images, evenly spread, and as large a share of the other
    splits, of which at least 1,000 are kept. Each can be had in the forms of core.datasets.forms. `root` is the folder
    downloaded and generated data is kept in (default `data_root()`), `progress` hears of every piece that arrives.
    Several processes may load at once. Raises `UserError` for an unknown name, and when the data is not there and
    cannot, or with `download=False` must not, be fetched; nothing half-fetched is left behind then.
    """
    parts, form = forms.parted(parse(name))
    known = _info(parts, name)
    whole = _load(known, root, download, progress)
    if not form.options:
        return whole
    asked = _in_form(known, form).name
    kept = _FORMED.pop(asked, None)
    _FORMED[asked] = kept if kept and kept[0] is whole else (whole, form.of(whole, asked))
    while len(_FORMED) > _IN_MEMORY:
        _FORMED.pop(next(iter(_FORMED)), None)
    return _FORMED[asked][1]


def _load(known: DatasetInfo, root: Path | None, download: bool, progress: Progress | None) -> Dataset:
    """A data set in its usual form."""
    parts = parse(known.name)
    where = (root or data_root()).resolve()
    state = folder.look(folder.Pictures.named(parts)).state if parts.kind == "folder" else None
    key = (known.name, where, state)
    dataset = _CACHE.pop(key, None)
    if dataset is None:
        read = _READERS[parts.kind]
        train, test, validation, remarks = read(parts, where, download, progress or silent)
        if parts.options and known.name.partition("?")[0] in (fixed.name for fixed in _INFOS):
            train, test = forms.part(train, known.train_size), forms.part(test, known.test_size)
            validation = validation and forms.part(validation, known.validation_size)
        mean, std = channel_statistics(train.images)
        labels = known.class_names
        dataset = Dataset(known.name, known.title, train, test, validation, labels, mean, std, remarks)
    _CACHE[key] = dataset  # at the end again: the one used longest ago is the first to go
    while len(_CACHE) > _IN_MEMORY:
        _CACHE.pop(next(iter(_CACHE)), None)
    return dataset
