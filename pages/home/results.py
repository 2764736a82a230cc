"""What nets answer on the first page: a digit with its class activation map, and a blend of two styles."""

from dataclasses import dataclass
from functools import lru_cache

from core import images
from core.explain import drawing, strokes, view
from core.explain.strokes import Stroke
from core.images import Picture
from core.style import painter
from core.trainers import trained
from core.trainers.trained import TrainedClassifier

NET = "nin_mnist"
SAMPLE = "temple"
WIDTH, HEIGHT = 560, 400  # px of the painting
STYLES = ("hokusai_great_wave", "munch_scream")
TOP = 3


@dataclass(frozen=True)
class Answer:
    """What a net says of a drawing: its map as a JPEG, and the most probable classes with their probabilities."""

    map: bytes
    top: tuple[tuple[str, float], ...]


@lru_cache
def net() -> TrainedClassifier:
    """Return the net that reads digits."""
    return trained.open_shipped(NET)


def answer(drawn: tuple[Stroke, ...]) -> Answer:
    """Return what the net says of a drawing of at least one stroke."""
    return _answer(strokes.to_text(drawn))


@lru_cache(maxsize=256)
def _answer(text: str) -> Answer:
    result = view.of_image(net(), drawing.as_digit(strokes.from_text(text), net().dataset))
    top = tuple((net().classes[index], float(result.probabilities[index])) for index in result.top(TOP))
    return Answer(images.encode(result.heat()), top)


@lru_cache(maxsize=64)
def painting(percent: int) -> bytes:
    """Return the sample as a JPEG, painted with `percent` of the second style and the rest of the first."""
    first, second = STYLES
    return images.encode(painter.stylise(_photograph(), {first: 100 - percent, second: percent}))


@lru_cache
def _photograph() -> Picture:
    name = SAMPLE if SAMPLE in images.sample_names() else images.sample_names()[0]
    picture = images.sample(name)
    height, width = picture.shape[:2]
    wide = min(width, round(height * WIDTH / HEIGHT))
    left = (width - wide) // 2
    return images.resize(picture[: round(wide * HEIGHT / WIDTH), left : left + wide], WIDTH, HEIGHT)


def titles() -> tuple[str, str]:
    """Return the titles of the two paintings."""
    rows = {row["name"]: row["title"] for row in painter.styles()}
    return rows.get(STYLES[0], STYLES[0]), rows.get(STYLES[1], STYLES[1])


def warm_up() -> None:
    """Compute what every visitor sees first, so that the first one does not wait for it."""
    answer(strokes.read(strokes.EXAMPLE))
    painting(50)
