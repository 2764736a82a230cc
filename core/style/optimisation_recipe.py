"""The recipe of a style transfer by optimisation: all that decides its outcome (section 5.3)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import torch

from core.errors import UserError
from core.style import losses, sources

OPTIMIZERS = ("adam", "lbfgs")
STARTS = ("content", "noise")
MIN_SIDE = 32  # below that the deepest layers see nothing but the border
MAX_SIDE = 2048
WEIGHTS = ("content", "style", "variation")  # of the loss terms; they can be changed while a transfer runs


@dataclass(frozen=True)
class OptimisationRecipe:
    """Everything that decides the outcome of a transfer, under the keys of run.json.

    The losses are relative to their targets (see `losses.style_terms`), so that one style weight serves every
    painting; with `relative` off they are the thesis' own equations, in the Gram `convention` that is named.
    """

    network: str = "compact"
    content_layers: dict[str, float] = field(default_factory=dict)  # none: the network's usual ones
    style_layers: dict[str, float] = field(default_factory=dict)
    content: float = 1.0  # lambda_c of equation 5.10
    style: float = 8.0  # lambda_s
    variation: float = 30.0  # lambda_tv
    exponent: float = 2.0  # beta of equation 5.9
    convention: str = "HW"
    relative: bool = True
    size: int = 384  # long side of the picture, px
    style_size: int = 384  # long side of the painting: larger means larger patterns (section 5.3.2)
    start: str = "content"
    keep_colours: bool = False  # only the luminance is painted
    optimizer: str = "adam"
    learning_rate: float = 0.03  # of pixels in [0, 1]; L-BFGS takes steps of its own
    steps: int = 200
    scales: int = 1  # from coarse to fine: each doubles the size of the one before
    seed: int = 0
    half: bool = False  # bfloat16 autocast
    save_every: int = 25

    def __post_init__(self) -> None:
        layers = sources.source(self.network).layers
        losses.check_weights({name: getattr(self, name) for name in WEIGHTS}, "loss")
        losses.check_weights(self.content_layers, "content", layers)
        losses.check_weights(self.style_layers, "style", layers)
        losses.total_variation(torch.zeros(1, 1, 2, 2), self.exponent)
        losses.gram(torch.zeros(1, 1, 2, 2), self.convention)
        for name, options in (("optimizer", OPTIMIZERS), ("start", STARTS)):
            if getattr(self, name) not in options:
                raise UserError(f"There is no {name} {getattr(self, name)!r}; choose {' or '.join(options)}.")
        for name in ("size", "style_size"):
            if not MIN_SIDE <= getattr(self, name) <= MAX_SIDE:
                raise UserError(
                    f"The {name.replace('_', ' ')} is {getattr(self, name)} px; give {MIN_SIDE} to {MAX_SIDE}."
                )
        for name in ("steps", "scales", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it must be at least 1.")
        if self.steps < self.scales or self.size >> (self.scales - 1) < MIN_SIDE:
            raise UserError(f"{self.scales} scales are too many for {self.steps} steps at {self.size} px; take fewer.")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise UserError(f"The learning rate is {self.learning_rate}; it must be a number above zero.")

    @property
    def layers(self) -> sources.Layers:
        """Return the layers that are compared, with their weights."""
        usual = sources.source(self.network).usual
        return sources.Layers(self.content_layers or usual.content, self.style_layers or usual.style)

    def scale(self, step: int) -> int:
        """Return the scale of the 0-based `step`, 0 the coarsest; every scale has an equal part of the steps."""
        return min(self.scales - 1, step * self.scales // self.steps)

    def shrink(self, scale: int) -> int:
        """Return how many times smaller both pictures are at `scale`."""
        return int(2 ** (self.scales - 1 - scale))


def recipe_of(settings: Mapping) -> OptimisationRecipe:
    """Return the recipe in a run's settings. Raises UserError for values out of their range."""
    names = {entry.name for entry in fields(OptimisationRecipe)}
    return OptimisationRecipe(**{name: value for name, value in settings.items() if name in names})
