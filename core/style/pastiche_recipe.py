"""The recipe of a style network: all that decides the outcome of its training (sections 5.4.3 and 5.5.1)."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from core.errors import UserError
from core.runs.run import Run
from core.style import losses, sources
from core.style.rows import PHOTOGRAPH, SOFT

# The weights of all content layers and of all style layers add up to this, whichever the loss network: the terms are
# relative to their targets, so the lambdas below then mean about the same for each.
LAYER_SUMS = {"content": 2.0, "style": 6.0}
WEIGHTS = ("content", "style", "variation", "shift", "tone", "colour", "photograph")  # fields that weigh a loss
FACTORS = ("content_factors", "style_factors", "variation_factors", "shift_factors")
# Fields of values by style, and what one of them is called.
BY_STYLE = {**dict.fromkeys(FACTORS, "factor"), "style_shares": "share", "style_sides": "size"}
MAX_SCALES = 3
MIN_SIDE = 32  # of training pictures and paintings, px
# Fields that have another name in run.json and on cards: run folders and options keep theirs.
KEYS = {"uses_per_crop": "repeats", "min_crop_scale": "closest", "style_warmup_steps": "gentle"}


@dataclass(frozen=True)
class PasticheRecipe:
    """Everything that decides the outcome of a training."""

    styles: tuple[str, ...]
    steps: int = 12_000
    batch: int = 2
    crop: int = 192  # side of the training pictures, px
    jitter: int = 3  # largest random shift, px, between the net's grid and the loss networks'; see `CropPool`
    uses_per_crop: int = 4  # how often a crop is painted, in styles drawn anew, before another takes its place
    min_crop_scale: float = 0.5  # the smallest crop, as a part of the photograph's short side
    style_side: int = 512  # long side of the paintings: larger means larger strokes (section 5.3.2)
    width: float = 1.0
    learning_rate: float = 1e-3  # section 5.4.3
    norm_rate: float = 5.0  # factor on it for scales and shifts, which see only the samples of their own style
    clip: float = 10.0  # largest norm of a gradient: one bad crop must not fill Adam's long memory; 0: any
    decay: float = 0.3  # the last part of the steps, in which the rate falls linearly to a hundredth
    content: float = 1.0  # lambda_c of equation 5.10
    style: float = 3.0  # lambda_s
    style_warmup_steps: int = 1_500  # first steps, in which lambda_s counts half: content comes before strokes
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
    shift: float = 0.0  # weight of `picture_losses.shift_loss`
    tone: float = 0.0  # weight of `picture_losses.tone_loss`
    own_tone: bool = False  # a photograph's light is measured by its own mean and deviation, not by usual ones
    colour: float = 0.0  # weight of `picture_losses.colour_loss`
    style_scales: int = 1  # the style loss is the mean over so many sizes of crop and painting, each half of the former
    draft: float = 0.0  # the part of the steps whose photograph is mixed with its own painting at half size
    soft: float = 0.0  # each painting is learnt in a second row, with this part of its style weight; 0: no such rows
    soft_share: float = 0.5  # how often a soft row is drawn, relative to its painting's own
    photograph: float = 0.0  # weight of the squared difference to the photograph in a row that learns it; 0: no row
    photograph_share: float = 1.5
    rate_warmup_steps: int = 0  # first steps, in which the learning rate rises linearly: Adam's memory is empty then
    average: float = 0.0  # the saved weights are a moving average that decays by this factor a step; 0: the latest
    export_minutes: float = 30.0  # of training, between two exports of the weights; 0: none
    relative: bool = True  # losses relative to their targets; without it they are the thesis' own equations
    convention: str = "HW"  # of the Gram matrices, see `losses.CONVENTIONS`; it matters where losses are not relative
    content_factors: dict[str, float] = field(default_factory=dict)  # lambda_c of a style is content * its factor
    variation_factors: dict[str, float] = field(default_factory=dict)
    shift_factors: dict[str, float] = field(default_factory=dict)  # more for a style with little fine structure
    style_sides: dict[str, int] = field(default_factory=dict)  # long side of a painting, px, where not style_side
    scale_deviation: float = 0.0  # of a new net's scales about 1, but for the last layer's
    rows_only: bool = False  # only scales and shifts are learnt; the convolutions stay those of the net it starts from

    def __post_init__(self) -> None:
        if not self.styles:
            raise UserError("There are no styles to train; name at least one painting.")
        self._check_styles()
        self._check_weights()
        self._check_numbers()
        self._check_sizes()

    def _check_styles(self) -> None:
        if reserved := [name for name in self.styles if name == PHOTOGRAPH or name.endswith(SOFT)]:
            raise UserError(f"The name {reserved[0]} stands for a row of the net's own; rename the painting's file.")
        for name, what in BY_STYLE.items():
            if unknown := set(getattr(self, name)) - set(self.styles):
                raise UserError(f"A {what} is given for {sorted(unknown)[0]!r}, which is not among the trained styles.")

    def _check_weights(self) -> None:
        losses.check_weights({name: getattr(self, name) for name in WEIGHTS}, "loss")
        for name in FACTORS:
            losses.check_weights(getattr(self, name), name.removesuffix("_factors"))
        shares = {"soft rows": self.soft_share, "the photograph": self.photograph_share}
        losses.check_weights({**self.style_shares, **shares}, "drawing")
        if not sum(self.shares):
            raise UserError("Every style has a share of 0, so that none would be drawn; give one of them more.")
        layers = sources.source(self.network).layers
        losses.check_weights(self.content_layers, "content", layers)
        losses.check_weights(self.style_layers, "style", layers)
        if self.convention not in losses.CONVENTIONS:
            raise UserError(
                f"There is no Gram convention {self.convention!r}; choose {' or '.join(losses.CONVENTIONS)}."
            )

    def _check_numbers(self) -> None:
        for name in ("steps", "batch", "uses_per_crop", "log_every", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("rate_warmup_steps", "export_minutes", "clip", "norm_rate", "scale_deviation"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it must be a number of zero or more.")
        if not 0 <= self.jitter <= 8:
            raise UserError(f"The jitter is {self.jitter} px; give a number from 0 to 8.")
        if not 0 < self.min_crop_scale <= 1 or not 0 <= self.decay <= 1:
            raise UserError("The smallest crop and the decay are parts of a whole; give numbers from 0 to 1.")
        if not 0 <= self.soft <= 1:
            raise UserError(f"The soft part of the style weight is {self.soft}; give a number from 0 to 1.")
        if not (0 <= self.draft <= 1 and 0 <= self.average < 1):
            raise UserError("The part of drafts is from 0 to 1 and the average's decay below 1; give such numbers.")

    def _check_sizes(self) -> None:
        sides = (self.crop, self.style_side, *self.style_sides.values())
        if min(sides) < MIN_SIDE:
            raise UserError("Training pictures and paintings need at least 32 px a side; raise crop or style side.")
        if not 1 <= self.style_scales <= MAX_SCALES or min(sides) >> (self.style_scales - 1) < MIN_SIDE:
            raise UserError(
                f"The style is compared at {self.style_scales} sizes; choose 1 to {MAX_SCALES}, the smallest of them "
                "with at least 32 px a side."
            )

    @property
    def layers(self) -> sources.Layers:
        """Return the layers that are compared, with their weights."""
        usual = sources.source(self.network).usual
        content, style = (
            {layer: weight * LAYER_SUMS[kind] for layer, weight in layers.items()}
            for kind, layers in (("content", usual.content), ("style", usual.style))
        )
        return sources.Layers(self.content_layers or content, self.style_layers or style)

    @property
    def shares(self) -> list[float]:
        """Return how often each row is drawn, relative to the others."""
        full = [self.style_shares.get(name, 1.0) for name in self.styles]
        soft = [self.soft_share * share for share in full] if self.soft else []
        return full + soft + ([self.photograph_share] if self.photograph else [])

    @property
    def rows(self) -> tuple[str, ...]:
        """Return the names of the net's rows: the paintings, the same softly, and the photograph."""
        soft = tuple(name + SOFT for name in self.styles) if self.soft else ()
        return self.styles + soft + ((PHOTOGRAPH,) if self.photograph else ())

    @property
    def factors(self) -> list[float]:
        """Return the factor on lambda_s of each row, that of the photograph being 0."""
        full = [self.style_factors.get(name, 1.0) for name in self.styles]
        soft = [self.soft * factor for factor in full] if self.soft else []
        return full + soft + ([0.0] if self.photograph else [])

    def factors_of(self, factors: Mapping[str, float]) -> list[float]:
        """Return `factors`, by style, of each row: the same for both of a painting, and 1 where none is given."""
        return [factors.get(row.removesuffix(SOFT), 1.0) for row in self.rows]

    def style_side_of(self, name: str) -> int:
        """Return the long side of a painting, px."""
        return self.style_sides.get(name, self.style_side)

    def style_part(self, step: int) -> float:
        """Return the part of lambda_s that counts in the 0-based `step`."""
        return 0.5 if step < self.style_warmup_steps else 1.0

    def rate(self, step: int) -> float:
        """Return the learning rate of 0-based `step`: up in the warm-up, constant, then linear down to a hundredth."""
        falling = self.decay * self.steps
        left = (self.steps - step) / falling if falling else 1.0
        risen = min(1.0, (step + 1) / self.rate_warmup_steps) if self.rate_warmup_steps else 1.0
        return self.learning_rate * risen * max(0.01, min(1.0, left))


def recipe_of(settings: Mapping) -> PasticheRecipe:
    """Return the recipe in a run's settings. Raises UserError where they name no styles or hold impossible values."""
    names = {KEYS.get(entry.name, entry.name): entry.name for entry in fields(PasticheRecipe)}
    values = {names[key]: value for key, value in settings.items() if key in names}
    if "styles" not in values:
        raise UserError("The run's settings name no styles; it was not made by the training of a style network.")
    return PasticheRecipe(**{**values, "styles": tuple(values["styles"])})


def recipe_of_run(run: Run) -> PasticheRecipe:
    """Return the recipe of a run, with the number of steps of its latest process."""
    steps = run.style_network.steps
    return recipe_of(run.settings if steps is None else {**run.settings, "steps": steps})


def settings_of(recipe: PasticheRecipe, **more: str) -> dict:
    """Return a recipe as JSON-able settings, and `more` beside it."""
    settings = {KEYS.get(name, name): value for name, value in asdict(recipe).items()}
    return {**settings, "styles": list(recipe.styles), **more}
