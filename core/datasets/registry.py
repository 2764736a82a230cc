"""The data sets by name: facts about each before it is loaded, and the loading."""

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from core.datasets import classes, folder, forms, samples, toybox
from core.datasets.download import silent
from core.datasets.name import Name, parse, whole_numbers
from core.datasets.split import Dataset, Progress, Splits, channel_statistics
from core.errors import UserError

FEWEST = 100  # training images of a part of a data set
FEWEST_HELD_OUT = 1000  # validation and test images: fewer would measure the error too coarsely
_IN_MEMORY = 4  # cached data sets; SVHN alone is 2 GB


@dataclass(frozen=True)
class DatasetInfo:
    """Facts about a data set that is not loaded.

    `embedded` ones need no download, `download_mb` is the size of the download of another. The sizes of a folder of
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
        """Return the number of classes."""
        return len(self.class_names)

    @property
    def held_out(self) -> str:
        """Return the split to evaluate on during training: "validation" where there is one, else "test"."""
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
    """Return the names of the data sets but `folder:PATH`, first those that need no download."""
    digits, *others = (entry.name for entry in _INFOS)
    return (digits, "toybox", *others)


def info(name: str) -> DatasetInfo:
    """Return facts about the data set `name`, which may have options (see core.datasets.name and core.datasets.forms).

    Raises UserError for an unknown name, listing all, for a wrong option, and for a folder that cannot be used.
    """
    parts, form = forms.parted(parse(name))
    return _in_form(_info(parts, name), form)


def _info(parts: Name, name: str) -> DatasetInfo:
    """Return facts about a data set in its default form; `name` is for the error message."""
    if parts.kind == "toybox" and not parts.path:
        return _toybox_info(toybox.Scenes.named(parts))
    if parts.kind == "folder":
        return _folder_info(folder.Pictures.named(parts))
    if parts.kind == "imagenet":
        raise UserError("The photographs of ImageNet do not come with Atelier: give the net photographs of your own.")
    if parts.kind == samples.KIND:
        return _samples_info(samples.Samples.named(parts))
    for entry in _INFOS:
        if entry.name == parts.kind and not parts.path:
            return _part_info(entry, parts)
    raise UserError(f'There is no data set "{name}": choose one of {", ".join(names())}, or folder:PATH.')


def _in_form(facts: DatasetInfo, form: forms.Form) -> DatasetInfo:
    """Return facts about a data set in a form; the number of images of a class is checked only in memory."""
    if not form.options:
        return facts
    train, validation = facts.train_size, facts.validation_size
    if form.each:
        train = form.each * facts.classes
        if train > facts.train_size:
            raise UserError(
                f"{facts.title} has {facts.train_size:,} training images of {facts.classes} classes: {form.each:,} of "
                "each cannot be drawn, choose fewer."
            )
        validation = min(validation or facts.train_size - train, forms.MOST_VALIDATION)
    whole = parse(facts.name)
    return replace(
        facts,
        name=str(replace(whole, options=(*whole.options, *form.options))),
        title=form.title(facts.title),
        channels=form.channels or facts.channels,
        train_size=train,
        validation_size=validation,
    )


def _part_info(facts: DatasetInfo, parts: Name) -> DatasetInfo:
    """Return facts about a whole data set, or with "?images=5000" about a part of it, all splits in proportion."""
    whole = facts.train_size
    images = whole_numbers(parts, {"images": whole}, {"images": (FEWEST, whole)})["images"]
    if images == whole:
        return facts

    def share(size: int) -> int:
        return min(size, max(FEWEST_HELD_OUT, size * images // whole))

    return replace(
        facts,
        name=str(replace(parts, options=(("images", str(images)),))),
        title=f"{facts.title}, {images:,} images",
        train_size=images,
        test_size=share(facts.test_size),
        validation_size=share(facts.validation_size),
    )


def _toybox_info(scenes: toybox.Scenes) -> DatasetInfo:
    title = "Toybox" if scenes.side == toybox.Scenes().side else f"Toybox, {scenes.side} px"
    return _own(scenes.name, title, toybox.CLASSES, scenes.side, toybox.SIZES)


def _folder_info(pictures: folder.Pictures) -> DatasetInfo:
    listed = folder.look(pictures)
    return _own(pictures.name, pictures.title, listed.classes, pictures.side, listed.sizes)


def _samples_info(own: samples.Samples) -> DatasetInfo:
    listed = samples.look(own)
    sizes = {"train": len(listed.files), "validation": 0, "test": len(listed.tested)}
    return _own(own.name, f"Samples of {listed.title}", listed.classes, own.side, sizes)


def _own(name: str, title: str, classes: tuple[str, ...], side: int, sizes: dict[str, int]) -> DatasetInfo:
    """Return facts about a data set of colour pictures that is not downloaded."""
    train, validation, test = (sizes[split] for split in ("train", "validation", "test"))
    return DatasetInfo(name, title, classes, 3, side, train, test, validation, embedded=True)


def data_root() -> Path:
    """Return the folder for downloaded data sets: that of ATELIER_DATA, else ~/.cache/atelier."""
    folder = os.environ.get("ATELIER_DATA")
    return Path(folder).expanduser() if folder else Path.home() / ".cache" / "atelier"


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


def _read_samples(parts: Name, root: Path, download: bool, progress: Progress) -> Splits:
    return samples.read(samples.Samples.named(parts), progress)


_READERS: dict[str, Callable[[Name, Path, bool, Progress], Splits]] = {
    "digits": _read_digits,
    "mnist": _read_mnist,
    "fashion_mnist": _read_fashion_mnist,
    "svhn": _read_svhn,
    "cifar10": _read_cifar10,
    "cifar100": _read_cifar100,
    "toybox": _read_toybox,
    "folder": _read_folder,
    samples.KIND: _read_samples,
}


def load(name: str, root: Path | None = None, *, download: bool = True, progress: Progress | None = None) -> Dataset:
    """Return the data set `name`, from memory if this process has loaded it recently.

    `name` may have options (see core.datasets.name): "toybox?side=64", "folder:/home/me/pictures?side=64&seed=0", and
    for the others "cifar10?images=5000": that many training images, evenly spaced, and the same share of the other
    splits, of at least 1,000 images. Each has the forms of core.datasets.forms. `root` is the folder for downloaded and
    generated data (default `data_root()`); `progress` is called for every chunk. Several processes may load at once.
    Raises UserError for an unknown name, and where the data are missing and cannot, or with `download=False` must not,
    be downloaded; no partial download is left behind then.
    """
    parts, form = forms.parted(parse(name))
    facts = _info(parts, name)
    whole = _load(facts, root, download, progress)
    if not form.options:
        return whole
    full_name = _in_form(facts, form).name
    cached = _FORMED.pop(full_name, None)
    _FORMED[full_name] = cached if cached and cached[0] is whole else (whole, form.of(whole, full_name))
    while len(_FORMED) > _IN_MEMORY:
        _FORMED.pop(next(iter(_FORMED)), None)
    return _FORMED[full_name][1]


def _state(parts: Name) -> Hashable:
    """Return what changes with the pictures of a folder or of a run."""
    if parts.kind == samples.KIND:
        return samples.look(samples.Samples.named(parts))
    return folder.look(folder.Pictures.named(parts)).state if parts.kind == "folder" else None


def _load(facts: DatasetInfo, root: Path | None, download: bool, progress: Progress | None) -> Dataset:
    """Return a data set in its default form, from memory where it is cached."""
    parts = parse(facts.name)
    where = (root or data_root()).resolve()
    state = _state(parts)
    key = (facts.name, where, state)
    dataset = _CACHE.pop(key, None)
    if dataset is None:
        read = _READERS[parts.kind]
        train, test, validation, remarks = read(parts, where, download, progress or silent)
        if parts.options and facts.name.partition("?")[0] in (fixed.name for fixed in _INFOS):
            train, test = forms.part(train, facts.train_size), forms.part(test, facts.test_size)
            validation = validation and forms.part(validation, facts.validation_size)
        mean, std = channel_statistics(train.images)
        labels = facts.class_names
        dataset = Dataset(facts.name, facts.title, train, test, validation, labels, mean, std, remarks)
    _CACHE[key] = dataset  # at the end again: the least recently used one is evicted first
    while len(_CACHE) > _IN_MEMORY:
        _CACHE.pop(next(iter(_CACHE)), None)
    return dataset
