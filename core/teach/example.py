"""An example of a taught set, of drawn toys: what the page shows before there is any set of the visitor's own.

Its pictures and their features by EfficientNet-Lite0 are files in `example_files/`, so that a first visit need not
wait for them. `python -m core.teach.example` makes them anew.
"""

from __future__ import annotations

import functools
from pathlib import Path

from core import images, weights
from core.images import Picture
from core.teach import drawn, features, store
from core.teach.store import Encoded
from core.teach.taught import TaughtSet
from core.trainers import trained

CLASSES = ("boat", "duck", "rocket")
EACH = 6  # pictures of a class
SOURCE = "efficientnet_lite0"
ASKED = ("boat", 7)  # class and number of the drawn toy that it answers, which it has not learned from
FOLDER = Path(__file__).with_name("example_files")
FEATURES, ASKED_FILE = FOLDER / "features.safetensors", FOLDER / "asked.jpg"


@functools.cache
def example() -> tuple[TaughtSet, tuple[Encoded, ...]]:
    """Return the set and its pictures as they are kept."""
    content, pictures = TaughtSet(CLASSES), []
    for label in CLASSES:
        paths = [FOLDER / f"{label}-{number}.jpg" for number in range(EACH)]
        own = [store.unchanged(path.read_bytes(), path.name) for path in paths]
        content, _ = content.with_samples(label, [picture.sample(label) for picture in own])
        pictures += own
    return content, tuple(pictures)


def remember_features() -> None:
    """Let the features of the example's pictures count as computed."""
    content, _ = example()
    computed = weights.read(FEATURES)["features"].float()
    features.remember(SOURCE, [sample.digest for sample in content.samples], computed)


def toys(label: str, count: int, first: int = 0) -> list[Encoded]:
    """Return drawn toys of a class as they are kept, `count` of them from number `first` on."""
    return [store.encoded(drawn.picture(label, first + number), f"{label} {first + number}") for number in range(count)]


def asked(label: str, number: int) -> Picture:
    """Return a drawn toy that no set learns from, uint8 (SIDE, SIDE, 3)."""
    return images.decode(ASKED_FILE) if (label, number) == ASKED else drawn.picture(label, number, "test")


def main() -> None:
    """Draw the pictures of the example and compute their features."""
    FOLDER.mkdir(exist_ok=True)
    for label in CLASSES:
        for number in range(EACH):
            images.save(drawn.picture(label, number), FOLDER / f"{label}-{number}.jpg")
    images.save(drawn.picture(*ASKED, "test"), ASKED_FILE)
    content, pictures = example()
    digests = [f"new {sample.digest}" for sample in content.samples]  # not those remembered
    found = features.of(trained.open_named(SOURCE), digests, lambda place: images.decode(pictures[place].data))
    weights.write(FEATURES, {"features": found.half()})
    print(f"{FOLDER}: {sum(path.stat().st_size for path in FOLDER.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
