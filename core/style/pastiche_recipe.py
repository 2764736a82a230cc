"""The recipe of a pastiche net: all that decides the outcome of its training (sections 5.4.3 and 5.5.1)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from core.errors import UserError
from core.runs.run import Run
from core.style import losses, sources

# The weights of all content layers and of all style layers add up to this, whichever the loss network: the terms are
# relative to their targets, so the lambdas below then mean about the same for each.
LAYER_SUMS = {"content": 2.0, "style": 6.0}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a training, as run.json keeps it."""

    styles: tuple[str, ...]
    steps: int = 12_000
    batch: int = 2
    crop: int = 192  # side of the training pictures, px
    jitter: int = 3  # largest random shift, px, between the net's grid and the loss networks'; see `Easel`
    repeats: int = 4  # how often a crop is painted, in styles drawn anew, before another takes its place
    closest: float = 0.5  # the smallest crop taken, as a part of the photograph's short side
    style_side: int = 512  # long side of the paintings: larger means larger strokes (section 5.3.2)
    width: float = 1.0
    learning_rate: float = 1e-3  # section 5.4.3
    norm_rate: float = 5.0  # factor on it for scales and shifts, which see only the samples of their own style
    clip: float = 10.0  # largest norm of a gradient: one bad crop must not fill Adam's long memory
    decay: float = 0.3  # the last part of the steps, in which the rate falls linearly to a hundredth
    content: float = 1.0  # lambda_c of equation 5.10
    style: float = 3.0  # lambda_s
    gentle: int = 1_500  # first steps, in which lambda_s counts half: the photograph is learnt before the strokes
    variation: float = 2.0  # lambda_tv, on pixels in [0, 1]
    style_factors: dict[str, float] = field(default_factory=dict)  # lambda_s of a style is style * its factor
    style_shares: dict[str, float] = field(default_factory=dict)  # how often a style is drawn; 1 where none is given
    network: str = "both"  # what compares the pictures, one of `sources.KNOWN`
    content_layers: dict[str, float] = field(default_factory=dict)  # none: the network's usual ones
    style_layers: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    half: bool = False  # bfloat16 autocast
    log_every: int = 50
    save_every: int = 250

    def __post_init__(self) -> None:
        if not self.styles:
            raise UserError("There are no styles to train; name at least one painting.")
        for what, given in (("factor", self.style_factors), ("share", self.style_shares)):
            if unknown := set(given) - set(self.styles):
                raise UserError(f"A {what} is given for {sorted(unknown)[0]!r}, which is not among the trained styles.")
        for name in ("steps", "batch", "repeats", "log_every", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it must be at least 1.")
        losses.check_weights({name: getattr(self, name) for name in ("content", "style", "variation")}, "loss")
        losses.check_weights(self.style_factors, "style")
        losses.check_weights(self.style_shares, "drawing")
        if not sum(self.shares):
            raise UserError("Every style has a share of 0, so that none would be drawn; give one of them more.")
        known = sources.source(self.network)
        losses.check_weights(self.content_layers, "content", known.layers)
        losses.check_weights(self.style_layers, "style", known.layers)
        if not 0 <= self.jitter <= 8:
            raise UserError(f"The jitter is {self.jitter} px; give a number from 0 to 8.")
        if self.crop < 32 or self.style_side < 32:
            raise UserError("Training pictures and paintings need at least 32 px a side; raise crop or style side.")
        if not 0 < self.closest <= 1 or not 0 <= self.decay <= 1:
            raise UserError("The smallest crop and the decay are parts of a whole; give numbers from 0 to 1.")

    @property
    def layers(self) -> sources.Layers:
        """The layers that are compared, with their weights."""
        usual = sources.source(self.network).usual
        content, style = (
            {layer: weight * LAYER_SUMS[kind] for layer, weight in layers.items()}
            for kind, layers in (("content", usual.content), ("style", usual.style))
        )
        return sources.Layers(self.content_layers or content, self.style_layers or style)

    @property
    def shares(self) -> list[float]:
        """How often each style is drawn, relative to the others."""
        return [self.style_shares.get(name, 1.0) for name in self.styles]

    def style_part(self, step: int) -> float:
        """Part of lambda_s that counts in the 0-based `step`."""
        return 0.5 if step < self.gentle else 1.0

    def rate(self, step: int) -> float:
        """Learning rate of 0-based `step`: constant, then linear down to a hundredth."""
        falling = self.decay * self.steps
        left = (self.steps - step) / falling if falling else 1.0
        return self.learning_rate * max(0.01, min(1.0, left))


def recipe_of(settings: Mapping) -> Recipe:
    """The recipe in a run's settings. Raises UserError for settings of another version."""
    known = {entry.name for entry in fields(Recipe)}
    values = {name: value for name, value in settings.items() if name in known}
    if "styles" not in values:
        raise UserError("The run's settings name no styles; it was not made by a pastiche training.")
    return Recipe(**{**values, "styles": tuple(values["styles"])})


def recipe_of_run(run: Run) -> Recipe:
    """The recipe of a run, with the number of steps that it was last asked for."""
    return recipe_of({**run.settings, **({"steps": run.data["steps"]} if "steps" in run.data else {})})


def settings_of(recipe: Recipe, **more: str) -> dict:
    """A recipe as JSON-able settings, with whatever else the run is to remember."""
    return {**asdict(recipe), "styles": list(recipe.styles), **more}
