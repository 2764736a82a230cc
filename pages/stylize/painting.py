"""Paintings by what they are made of: each is painted once, for every visitor who asks for the same."""

import time
from dataclasses import dataclass, replace
from functools import lru_cache

from core import images
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings
from core.style.prints import Progress
from pages.stylize.photograph import Photograph, scaled

KEPT = 64  # paintings in memory, about 0.1 MB each


@dataclass(frozen=True)
class Commission:
    """What to paint and how: a photograph, the net, the blend (style, weight), settings, and the longer side in px.

    Equal commissions are one painting.
    """

    photograph: Photograph
    net: str
    blend: tuple[tuple[str, float], ...]
    settings: PaintSettings
    side: int

    @property
    def record(self) -> PaintRecord:
        """What a saved painting says of itself."""
        return PaintRecord({name: weight for name, weight in self.blend if weight > 0}, self.settings, self.net)

    @property
    def file_stem(self) -> str:
        """The name of a file of this painting, without its suffix."""
        return f"{self.photograph.name}-{'-'.join(painter.shares(dict(self.blend)))}"

    def paint(self, picture: images.Picture, progress: Progress = painter.silent) -> images.Picture:
        """Return `picture`, the photograph at any size, painted; `progress` as in `Painter.paint`."""
        return painter.stylise(picture, dict(self.blend), net=self.net, settings=self.settings, progress=progress)

    def by_single(self, net: str) -> "Commission":
        """Return the same by a net of its one style."""
        return replace(self, net=net, blend=tuple((name, weight) for name, weight in self.blend if weight > 0))


@dataclass(frozen=True)
class Painting:
    """A painting as JPEG, its size in px and how long it took."""

    jpeg: bytes
    width: int
    height: int
    milliseconds: float


@lru_cache(maxsize=KEPT)
def painted(commission: Commission) -> Painting:
    """Return the painting of a commission. Raises UserError for a blend or a picture that cannot be painted."""
    small = scaled(commission.photograph, commission.side)
    started = time.perf_counter()
    picture = commission.paint(small)
    milliseconds = 1000 * (time.perf_counter() - started)
    return Painting(images.encode(picture), small.shape[1], small.shape[0], milliseconds)


def full_size(commission: Commission, format: str, progress: Progress = painter.silent) -> bytes:
    """Return the painting at the photograph's full size as a file of `format`; `progress` as in `Painter.paint`."""
    painted = commission.paint(commission.photograph.read(), progress)
    return images.encode(painted, format, quality=92, description=commission.record.as_text())
