"""Scores of pictures in the style of a painting: the losses of section 5.2 under VGG-19 and SqueezeNet.

The style loss is equation 5.8 over six layers, each term divided by the mean square of the painting's Gram matrix; the
content loss is equation 5.5 over two layers, each term divided by the variance of the photograph's features. The
photographs are the ten that trainings leave out (see core.style.held_out).
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from core import hardware, images
from core.images import Picture
from core.style import held_out, losses
from core.style.loss_networks import CONTENT_LAYERS, STYLE_LAYERS, LossNetworks
from core.style.losses import Features

SIDE = 384  # long side of photographs and paintings, px

Paint = Callable[[Picture], Picture]


class Scorer:
    """Scores pictures of `photographs` in the style of one painting, which has a long side of `side` px here."""

    def __init__(
        self, networks: LossNetworks, painting: Picture, photographs: Sequence[Picture], side: int = SIDE
    ) -> None:
        self.networks = networks.to(hardware.device())
        self.photographs = photographs
        self.originals = [self.features(photograph) for photograph in photographs]
        painted = self.features(images.fit(painting, side))
        self.grams = {layer: losses.gram(painted[layer]) for layer in STYLE_LAYERS}

    def features(self, picture: Picture) -> Features:
        """Return the features of a picture (H, W, 3) at all layers of both losses."""
        with torch.inference_mode():
            x = images.to_tensor(picture).to(hardware.device(), memory_format=torch.channels_last)
            features: Features = self.networks(x, CONTENT_LAYERS | STYLE_LAYERS)
            return features

    def style_terms(self, features: Features) -> dict[str, float]:
        """Return the style losses by layer, each relative to the painting's Gram matrix."""
        return numbers(losses.style_terms(features, self.grams, STYLE_LAYERS))

    def content_terms(self, features: Features, photograph: int) -> dict[str, float]:
        """Return the content losses by layer, each relative to the features of the photograph of that number."""
        return numbers(losses.content_terms(features, self.originals[photograph], CONTENT_LAYERS))

    def style(self, features: Features) -> float:
        """Return the mean of the style losses over the layers."""
        return statistics.fmean(self.style_terms(features).values())

    def score(self, paint: Paint) -> tuple[float, float]:
        """Return the mean style and content loss of the photographs as `paint` paints them."""
        painted = [self.features(paint(photograph)) for photograph in self.photographs]
        content = [statistics.fmean(self.content_terms(features, i).values()) for i, features in enumerate(painted)]
        return round(statistics.fmean(map(self.style, painted)), 3), round(statistics.fmean(content), 3)

    def unpainted(self) -> float:
        """Return the mean style loss of the photographs themselves."""
        return round(statistics.fmean(map(self.style, self.originals)), 3)


def numbers(terms: dict[str, Tensor]) -> dict[str, float]:
    """Return the terms of one picture, each (1,), as plain numbers."""
    return {layer: term.item() for layer, term in terms.items()}


def held_out_photographs(folder: Path, side: int = SIDE, names: Iterable[str] = held_out.PHOTOGRAPHS) -> list[Picture]:
    """Return the held-out photographs of those file stems, with a long side of at most `side` px."""
    return [images.fit(images.decode(folder / f"{name}.jpg"), side) for name in names]
