"""The ten photographs that no style training sees, so that nets can be evaluated on them: sky, faces, text, night, an
animal, a crowd."""

from collections.abc import Iterable
from pathlib import Path

PHOTOGRAPHS = (  # file stems
    "imagenet_n02119022_red_fox",
    "imagenet_n02782093_balloon",
    "imagenet_n02930766_cab",
    "imagenet_n03124170_cowboy_hat",
    "imagenet_n03877845_palace",
    "imagenet_n04418357_theater_curtain",
    "imagenet_n06794110_street_sign",
    "imagenet_n07920052_espresso",
    "imagenet_n09428293_seashore",
    "imagenet_n10148035_groom",
)


def learnable(paths: Iterable[Path]) -> list[Path]:
    """Return those of the picture files that a training may use."""
    return [path for path in paths if path.stem not in PHOTOGRAPHS]
