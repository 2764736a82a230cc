"""The samples that a saved probe has learned from, in its run folder: `samples:RUN`.

    samples/CLASS/NUMBER.jpg or .png   the pictures, a folder a class
    answers.safetensors                `places` (M,), the samples that were tested, and `logits` (M, classes)

All of them are the training split. The test split has those that cross-validation has tested: the same pictures, but
answered by probes that had not learned from them, which `tested_logits` returns.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import images, weights
from core.datasets.name import Name, parse, whole_numbers
from core.datasets.split import Progress, Split, Splits
from core.errors import UserError

KIND, FOLDER, ANSWERS = "samples", "samples", "answers"
SIDE = 224  # px of the central squares, where the name has no other
REMARK = (
    "These are the samples that were taught, each answered by a probe that had not learned from it (cross-validation). "
    "Probabilities and maps of an opened picture are those of the net that learned from all of them."
)
LIMITS = {"side": (8, 512)}
SUFFIXES = (".jpg", ".png")


@dataclass(frozen=True)
class Samples:
    """The samples in the run folder `run`, their central squares `side` px a side. As text: `samples:RUN?side=SIDE`."""

    run: Path
    side: int = SIDE

    @property
    def name(self) -> str:
        """Return the name for settings and addresses; `named` parses it."""
        return str(Name(KIND, str(self.run), (("side", str(self.side)),)))

    @classmethod
    def named(cls, name: Name) -> "Samples":
        """Return the samples of a parsed name. Raises UserError where it has no path or a wrong option."""
        if not name.path:
            raise UserError("Which samples? Give the folder of a run: samples:/home/me/runs/my-classes.")
        return cls(Path(name.path), **whole_numbers(name, {"side": cls.side}, LIMITS))


@dataclass(frozen=True)
class Listing:
    """The classes of a run and its pictures with their classes, in the order in which it has learned from them."""

    title: str
    classes: tuple[str, ...]
    files: tuple[tuple[Path, int], ...]
    tested: tuple[int, ...]


def look(samples: Samples) -> Listing:
    """List the samples of a run. Raises UserError where it was saved without its pictures, or is damaged."""
    try:
        record: Any = json.loads((samples.run / "run.json").read_text("utf-8"))
        title, classes = str(record["name"]), tuple(map(str, record["data"]["classes"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"There is no run with samples in {samples.run.name}: it was deleted or is damaged.") from error
    files = []
    for label, name in enumerate(classes):
        folder = samples.run / FOLDER / name
        # A name that was tampered with must not lead out of the run.
        if folder.parent != samples.run / FOLDER or name in ("", ".", ".."):
            raise UserError(f"The classes of the run {title} are damaged; teach it anew.")
        own = sorted(folder.iterdir()) if folder.is_dir() else []
        files += [(path, label) for path in own if path.suffix in SUFFIXES]
    if not files:
        raise UserError(f"The run {title} was saved without its pictures: there are none to show; teach it anew.")
    return Listing(title, classes, tuple(files), _tested(samples, len(files), len(classes))[0])


def read(samples: Samples, progress: Progress) -> Splits:
    """Return the training and the test split, images uint8 (N, 3, side, side). Raises UserError as `look` does."""
    listing = look(samples)
    squares = np.empty((len(listing.files), samples.side, samples.side, 3), dtype=np.uint8)
    for place, (path, _) in enumerate(listing.files):
        progress(f"{listing.title}: reading samples", place, len(listing.files))
        squares[place] = images.for_net(images.photograph(path), samples.side)
    train = Split(
        torch.from_numpy(squares).permute(0, 3, 1, 2).contiguous(),
        torch.tensor([label for _, label in listing.files]),
    )
    places = torch.tensor(listing.tested, dtype=torch.long)
    return Splits(train, Split(train.images[places], train.labels[places]))


def tested_logits(samples: Samples) -> Tensor:
    """Return the logits (M, classes) of the test split by probes that had not learned from its pictures.

    Raises UserError as `look` does.
    """
    listing = look(samples)
    return _tested(samples, len(listing.files), len(listing.classes))[1]


def are_tested(dataset: str, split: str) -> bool:
    """Return whether a split of a data set of that name is that of samples which cross-validation has tested."""
    return split == "test" and parse(dataset).kind == KIND


def _tested(samples: Samples, count: int, classes: int) -> tuple[tuple[int, ...], Tensor]:
    """Return the places of the samples that were tested, of `count`, and their logits (M, classes)."""
    path = samples.run / f"{ANSWERS}.safetensors"
    if not path.exists():
        return (), torch.zeros(0, classes)
    tensors = weights.read(path)
    places, logits = tensors.get("places"), tensors.get("logits")
    if (
        places is None
        or logits is None
        or places.dtype != torch.int64
        or tuple(logits.shape) != (*places.shape, classes)
        or any(not 0 <= place < count for place in places.tolist())
    ):
        raise UserError(f"The answers in the run {samples.run.name} are damaged; teach it anew.")
    return tuple(places.tolist()), logits.float()
