"""The paintings that come with every copy: twenty in the public domain, 512 px on the long side, with their credits."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core import images
from core.images import ImageError, Picture
from core.style.training_pictures import LISTED

FOLDER = Path(__file__).resolve().parents[2] / "weights" / "paintings"
PREFIX = "painting"  # before the name of a painting where a file could stand
SWATCH_SIDE = 160  # px


@dataclass(frozen=True)
class Painting:
    """A painting by the name of its file; `attributed` where its title was recognised by eye, not read."""

    name: str
    title: str
    artist: str
    year: str
    attributed: bool

    @property
    def credit(self) -> str:
        """Return title, artist and year in a line."""
        title = f"{self.title} (title attributed)" if self.attributed else self.title
        return f"{title}, {self.artist}, {self.year}"


@functools.cache
def shipped() -> Mapping[str, Painting]:
    """Return the paintings by name."""
    rows = json.loads((FOLDER / LISTED).read_text("utf-8"))
    paintings = (
        Painting(Path(row["file"]).stem, row["title"], row["artist"], row["year"], row["attributed"]) for row in rows
    )
    return {painting.name: painting for painting in paintings}


def picture(name: str) -> Picture:
    """Return a painting, uint8 (H, W, 3). Raises ImageError, which lists all, where none has that name."""
    if name not in shipped():
        raise ImageError(f"There is no painting “{name}”: choose one of {', '.join(shipped())}.")
    return images.decode(FOLDER / f"{name}.jpg")


def named(name: str | Path) -> Picture:
    """Return the painting of `painting:NAME`, else the picture of a file or `sample:NAME`. Raises ImageError."""
    kind, _, rest = str(name).partition(":")
    return picture(rest) if kind == PREFIX else images.named(name)


@functools.cache
def swatch(name: str) -> bytes | None:
    """Return the middle of a painting as a small square JPEG; None where none has that name."""
    if name not in shipped():
        return None
    whole = picture(name)
    side = min(whole.shape[:2])
    top, left = ((length - side) // 2 for length in whole.shape[:2])
    return images.encode(images.fit(whole[top : top + side, left : left + side], SWATCH_SIDE))
