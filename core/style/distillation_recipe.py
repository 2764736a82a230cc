"""The recipe by which `compact` is distilled from its teachers: all that decides the outcome."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from core.errors import UserError
from core.style import losses

# Fields that have another name in run.json and on cards: run folders and options keep theirs.
KEYS = {
    "painting_share": "paintings",
    "min_crop_scale": "closest",
    "teacher_forcing": "taught",
    "transfer_steps": "life",
}


@dataclass(frozen=True)
class DistillationRecipe:
    """Everything that decides the outcome of a training."""

    steps: int = 16_000
    crop: int = 128  # side of the training pictures, px
    batch: int = 6  # pictures a step, transfers included
    transfers: int = 2  # how many of them occur during a transfer
    painting_share: float = 0.3  # part of the others that are cut from paintings
    min_crop_scale: float = 0.5  # the smallest crop, as a part of the short side
    learning_rate: float = 2e-3
    decay: float = 0.5  # last part of the steps, in which the rate falls linearly to a hundredth
    teacher_forcing: float = 0.25  # first part of the steps, in which every block sees its teacher's features
    gram: float = 0.3  # weight of the agreement of Gram matrices beside that of the features
    hints: float = 0.3  # weight of layers that no transfer compares
    transfer_steps: int = 40  # of a transfer, before another takes its place
    pool: int = 8  # transfers under way
    average: float = 0.999  # decay of the moving average of the weights, which is what is saved
    seed: int = 0
    half: bool = False  # bfloat16 autocast
    log_every: int = 25
    save_every: int = 250

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "pool", "transfer_steps", "log_every", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(
                    f"The setting {name.replace('_', ' ')} is {getattr(self, name)}; it must be at least 1."
                )
        if self.crop < 64:
            raise UserError(f"Crops of {self.crop} px leave the deepest layers nothing to see; give at least 64.")
        if not 0 <= self.transfers < self.batch or self.transfers > self.pool:
            raise UserError(
                f"Of {self.batch} pictures a step {self.transfers} cannot come from {self.pool} transfers; "
                "lower `transfers`."
            )
        for name in ("painting_share", "min_crop_scale", "decay", "teacher_forcing", "average"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it is a part of a whole, from 0 to 1.")
        losses.check_weights({"gram": self.gram, "hints": self.hints}, "loss")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise UserError(f"The learning rate is {self.learning_rate}; it must be a number above zero.")

    def rate(self, step: int) -> float:
        """Return the learning rate of 0-based `step`: a short rise, constant, then linear down to a hundredth."""
        falling = self.decay * self.steps
        left = (self.steps - step) / falling if falling else 1.0
        return self.learning_rate * max(0.01, min(1.0, left, (step + 1) / 100))

    def forces_teachers(self, step: int) -> bool:
        """Return whether blocks learn from their teachers' features, not the net's own, at 0-based `step`."""
        return step < self.teacher_forcing * self.steps


def recipe_of(settings: Mapping) -> DistillationRecipe:
    """Return the recipe in a run's settings. Raises UserError for values out of their range."""
    names = {KEYS.get(entry.name, entry.name): entry.name for entry in fields(DistillationRecipe)}
    return DistillationRecipe(**{names[key]: value for key, value in settings.items() if key in names})


def settings_of(recipe: DistillationRecipe, **more: str) -> dict:
    """Return a recipe as JSON-able settings, and `more` beside it."""
    return {KEYS.get(name, name): value for name, value in asdict(recipe).items()} | more
