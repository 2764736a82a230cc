"""Scores of pictures in the style of a painting: the losses of section 5.2 under VGG-19 and SqueezeNet, and texture.

The style loss is equation 5.8 over six layers, each term divided by the mean square of the painting's Gram matrix; the
content loss is equation 5.5 over two layers, each term divided by the variance of the photograph's features; both are
means over the layers. The photographs are the ten that trainings leave out (see core.style.held_out).
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks import texture
from core import hardware, images
from core.images import Picture
from core.style import held_out, losses
from core.style.loss_networks import CONTENT_LAYERS, STYLE_LAYERS, LossNetworks

SIDES = (512, 256, 128)  # long sides of photographs, paintings and what is painted, px; painted at the first
UNLEARNT_LAYERS = ("squeezenet.fire7", "squeezenet.fire8")  # no training compares these
DIGITS = 4

Paint = Callable[[Picture], Picture]


@dataclass(frozen=True)
class View:
    """What both loss networks make of a picture: Gram matrices (1, C, C) and the content layers' maps (1, C, H, W)."""

    grams: Mapping[str, Tensor]
    content: Mapping[str, Tensor]


@dataclass(frozen=True)
class Figures:
    """The figures of one net's pictures in one style, means over the photographs.

    Losses, lower is better, are by long side (see SIDES): `style`, `content`, and `unlearnt`, the style loss at
    UNLEARNT_LAYERS. `lattice` is of 255, `shift` and `tone` are correlations (see benchmarks.texture).
    """

    style: tuple[float, ...]
    content: tuple[float, ...]
    unlearnt: tuple[float, ...]
    lattice: float
    shift: float
    tone: float


def view(networks: LossNetworks, picture: Picture) -> View:
    """Return the view of a picture (H, W, 3) at its own size; the networks are those of `on_device`."""
    with torch.inference_mode():
        x = images.to_tensor(picture).to(hardware.device(), memory_format=torch.channels_last)
        maps = networks(x, {*CONTENT_LAYERS, *STYLE_LAYERS, *UNLEARNT_LAYERS})
        grams = {layer: losses.gram(maps[layer]) for layer in (*STYLE_LAYERS, *UNLEARNT_LAYERS)}
        return View(grams, {layer: maps[layer] for layer in CONTENT_LAYERS})


def on_device(networks: LossNetworks) -> LossNetworks:
    """Return the networks on the device that computes."""
    return networks.to(hardware.device())


def style_terms(seen: View, painting: View, layers: Iterable[str] = tuple(STYLE_LAYERS)) -> dict[str, float]:
    """Return the style losses by layer, each relative to the painting's Gram matrix."""
    terms = {}
    for layer in layers:
        target = painting.grams[layer]
        size = losses.unless_zero(target.square().mean((1, 2)))
        terms[layer] = (losses.layer_style_loss(seen.grams[layer], target) / size).item()
    return terms


def content_terms(seen: View, photograph: View) -> dict[str, float]:
    """Return the content losses by layer, each relative to the photograph's features."""
    terms = losses.content_terms(seen.content, photograph.content, CONTENT_LAYERS)
    return {layer: term.item() for layer, term in terms.items()}


class Judge:
    """Judges what nets paint from the same photographs, which are scaled to a long side of `sides[0]` px."""

    def __init__(self, networks: LossNetworks, photographs: Sequence[Picture], sides: Sequence[int] = SIDES) -> None:
        self.networks = on_device(networks)
        self.sides = tuple(sides)
        self.photographs = [scaled(photograph, self.sides[0]) for photograph in photographs]
        self.originals = [self.views(photograph) for photograph in self.photographs]

    def views(self, picture: Picture) -> list[View]:
        """Return the views of a picture, scaled to each of the sizes."""
        return [view(self.networks, scaled(picture, side)) for side in self.sides]

    def judge(self, painting: Sequence[View], paint: Paint) -> list[Figures]:
        """Return the figures of each photograph as `paint` paints it, in the style of a painting's views."""
        every = []
        for number, photograph in enumerate(self.photographs):
            painted = paint(photograph)
            every.append(self._figures(painting, number, self.views(painted), (painted, paint(moved(photograph)))))
        return every

    def unpainted(self, painting: Sequence[View]) -> Figures:
        """Return the mean figures of the photographs themselves."""
        pairs = [(photograph, moved(photograph)) for photograph in self.photographs]
        return mean([self._figures(painting, i, self.originals[i], pair) for i, pair in enumerate(pairs)])

    def _figures(
        self, painting: Sequence[View], number: int, views: Sequence[View], pictures: tuple[Picture, Picture]
    ) -> Figures:
        """Return the figures of one photograph's painting, of its views and of the same painted further on."""
        style, unlearnt = (
            tuple(
                statistics.fmean(style_terms(seen, target, layers).values())
                for seen, target in zip(views, painting, strict=True)
            )
            for layers in (STYLE_LAYERS, UNLEARNT_LAYERS)
        )
        content = tuple(
            statistics.fmean(content_terms(seen, target).values())
            for seen, target in zip(views, self.originals[number], strict=True)
        )
        painted = pictures[0]
        tone = texture.tone(painted, self.photographs[number])
        return Figures(style, content, unlearnt, texture.lattice(painted), texture.shift(*pictures), tone)


def moved(photograph: Picture) -> Picture:
    """Return a photograph without its first rows and columns, as `texture.shift` wants it painted."""
    return np.ascontiguousarray(photograph[texture.SHIFT :, texture.SHIFT :])


def mean(figures: Sequence[Figures]) -> Figures:
    """Return the mean of each figure."""
    values = {field.name: [getattr(one, field.name) for one in figures] for field in fields(Figures)}
    return Figures(**{name: _mean(each) for name, each in values.items()})


def _mean(values: Sequence[float] | Sequence[tuple[float, ...]]) -> float | tuple[float, ...]:
    """Return the mean of numbers, or of tuples place by place, to DIGITS digits."""
    if isinstance(values[0], tuple):
        return tuple(round(statistics.fmean(each), DIGITS) for each in zip(*values, strict=True))
    return round(statistics.fmean(values), DIGITS)


def scaled(picture: Picture, side: int) -> Picture:
    """Return the picture, made larger or smaller in proportion to a long side of `side` px."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return picture if size == (width, height) else images.resize(picture, *size)


def held_out_photographs(folder: Path, names: Iterable[str] = held_out.PHOTOGRAPHS) -> list[Picture]:
    """Return the held-out photographs of those file stems at their own size."""
    return [images.decode(folder / f"{name}.jpg") for name in names]
