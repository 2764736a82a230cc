"""Iterative style transfer (section 5.3): the picture itself is optimised until its features are those of a photograph
and its Gram matrices those of a painting (equation 5.10). A transfer is a run folder, like a training."""

import copy
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware, images
from core.datasets.download import silent
from core.datasets.split import Progress
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.runs.writer import Writer, writing
from core.style import losses, sources
from core.style.clock import Clock
from core.style.network import MEANS
from core.style.sources import Network
from core.trainers import checkpoint

OPTIMIZERS = ("adam", "lbfgs")
STARTS = ("content", "noise")
MIN_SIDE = 32  # below that the deepest layers see nothing but the border
MAX_SIDE = 2048
NOISE = 0.1  # deviation of the noise about the mean colour, of pixels in [0, 1]: "small variance" (5.3.1)
WEIGHTS = ("content", "style", "variation")  # what can be steered while a transfer runs
PICTURES = ("content", "style")  # files in the run folder
PREVIEW = "picture"
PREVIEW_SECONDS = 0.4
HISTORY = 20  # steps that L-BFGS remembers; each costs two pictures of memory


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a transfer, as run.json keeps it.

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
        known = sources.source(self.network)
        losses.check_weights({name: getattr(self, name) for name in WEIGHTS}, "loss")
        losses.check_weights(self.content_layers, "content", known.layers)
        losses.check_weights(self.style_layers, "style", known.layers)
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
        """The layers that are compared, with their weights."""
        usual = sources.source(self.network).usual
        return sources.Layers(self.content_layers or usual.content, self.style_layers or usual.style)

    def scale(self, step: int) -> int:
        """Which scale the 0-based `step` belongs to, 0 the coarsest; every scale has its equal part of the steps."""
        return min(self.scales - 1, step * self.scales // self.steps)

    def shrink(self, scale: int) -> int:
        """How many times smaller both pictures are at `scale`."""
        return int(2 ** (self.scales - 1 - scale))


def recipe_of(settings: Mapping) -> Recipe:
    """The recipe in a run's settings. Raises UserError for values that mean nothing."""
    known = {entry.name for entry in fields(Recipe)}
    return Recipe(**{name: value for name, value in settings.items() if name in known})


def create(
    content: Picture,
    style: Picture,
    recipe: Recipe,
    *,
    name: str | None = None,
    path: Path | None = None,
    files: Path | None = None,
    **more: Any,
) -> Run:
    """A run folder with both pictures (uint8, (H, W, 3)) in it, ready for `transfer`; its first preview is there too.

    `files` is the folder of the loss network "both"; `more` is remembered among the settings.
    Raises UserError for pictures or settings that mean nothing, before anything is written.
    """
    pictures = {"content": prepared(content, recipe.size, "photograph")}
    pictures["style"] = prepared(style, recipe.style_size, "style picture")
    losses.check_style(pictures["style"])
    if not sources.at_hand(recipe.network, files) and not sources.can_be_fetched(recipe.network):
        sources.load(recipe.network, files)  # says what is missing
    settings = {**asdict(recipe), "files": str(files) if files else None, **more}
    run = Run.create("iterative", settings, name=name or "Transfer", path=path)
    for key, picture in pictures.items():
        images.save(picture, run.path / f"{key}.png")
    (run.path / "previews").mkdir()
    first = images.from_tensor(first_picture(pictures["content"], recipe))
    (run.path / "previews" / f"{PREVIEW}.jpg").write_bytes(images.encode(first, "JPEG", 90))
    return run


def again(run: Run) -> Run:
    """A new run like `run`, from its start; not started yet. Raises UserError where its folder is damaged."""
    content, style = (images.decode(run.path / f"{name}.png") for name in PICTURES)
    known = {entry.name for entry in fields(Recipe)}
    more = {name: value for name, value in run.settings.items() if name not in known | {"files"}}
    files = run.settings.get("files")
    folder = Path(files) if files else None
    return create(content, style, recipe_of(run.settings), name=run.name, files=folder, **more)


def prepared(picture: Picture, size: int, what: str) -> Picture:
    """The picture with a long side of at most `size` px. Raises UserError where the short one gets too short."""
    height, width = picture.shape[:2]
    small = images.fit(picture, size)
    if min(small.shape[:2]) < MIN_SIDE:
        raise UserError(
            f"The {what} is {width} x {height} px, at this size {small.shape[1]} x {small.shape[0]} px; each side "
            f"needs at least {MIN_SIDE}, so take a larger size or a picture that is less long and narrow."
        )
    return small


def first_picture(content: Picture, recipe: Recipe) -> Tensor:
    """Where the transfer begins, (1, 3, H, W): the photograph, or Gaussian noise about ImageNet's mean colour."""
    x = images.to_tensor(content)
    if recipe.start == "content":
        return x
    generator = torch.Generator().manual_seed(recipe.seed)
    mean = torch.tensor(MEANS).view(1, 3, 1, 1) / 255
    return (mean + NOISE * torch.randn(x.shape, generator=generator)).clamp(0, 1)


def luminance(x: Tensor) -> Tensor:
    """Return the Y of YIQ (Gatys et al., 2016, "Preserving color"), (N, 1, H, W), of RGB (N, 3, H, W)."""
    return (x * torch.tensor(images.LUMINANCE, device=x.device).view(1, 3, 1, 1)).sum(1, keepdim=True)


def matched(style: Tensor, content: Tensor) -> Tensor:
    """The luminance of a painting with the mean and deviation of a photograph's, so that neither is too dark."""
    deviation = style.std().clamp_min(1e-6)
    return ((style - style.mean()) / deviation * content.std() + content.mean()).clamp(0, 1)


class Transfer:
    """The picture, its targets and its optimiser: all that a checkpoint has to bring back."""

    def __init__(self, recipe: Recipe, content: Picture, style: Picture, network: Network) -> None:
        hardware.keep_freed_memory()
        self.recipe = recipe
        self.device = hardware.device()
        self.network = (halved(network) if recipe.half else network).to(self.device)
        self.weights = {name: float(getattr(recipe, name)) for name in WEIGHTS}
        self.step = 0
        self.clock = Clock()
        self._content = images.to_tensor(content).to(self.device)
        self._style = images.to_tensor(style).to(self.device)
        first = first_picture(content, recipe).to(self.device)
        self._enter(0, luminance(first) if recipe.keep_colours else first)

    def _enter(self, scale: int, x: Tensor) -> None:
        """Begin `scale` with the picture x, resized to it, and a fresh optimiser."""
        shrink = self.recipe.shrink(scale)
        self.scale = scale
        self.content, style = shrunk(self._content, shrink), shrunk(self._style, shrink)
        if self.recipe.keep_colours:
            grey = luminance(self.content)
            seen = grey.expand(-1, 3, -1, -1), matched(luminance(style), grey).expand(-1, 3, -1, -1)
        else:
            seen = self.content, style
        layers, convention = self.recipe.layers, self.recipe.convention
        with torch.no_grad():
            self.targets = self._features(seen[0], layers.content)
            painted = self._features(seen[1], layers.style)
        self.grams = {layer: losses.wide(losses.gram(features, convention)) for layer, features in painted.items()}
        self.content_weights, self.style_weights = dict(layers.content), dict(layers.style)
        if self.recipe.relative:  # the targets stay, so what they are divided by is worked out but once
            for layer, target in self.targets.items():
                variance = losses.wide(target).var((1, 2, 3), correction=0)
                self.content_weights[layer] /= float(losses.unless_zero(variance))
            for layer, target in self.grams.items():
                self.style_weights[layer] /= float(losses.unless_zero(target.square().mean((1, 2))))
        if x.shape[-2:] != self.content.shape[-2:]:
            size = self.content.shape[-2:]
            x = F.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)
        self.x = x.detach().clone(memory_format=torch.contiguous_format).requires_grad_()  # as L-BFGS wants it
        self.optimizer = self._optimizer()

    def _optimizer(self) -> torch.optim.Optimizer:
        if self.recipe.optimizer == "adam":
            return torch.optim.Adam([self.x], lr=self.recipe.learning_rate)
        # One iteration a step, with a line search: without one the first steps blow the picture up.
        return torch.optim.LBFGS(
            [self.x],
            lr=1.0,
            max_iter=1,
            max_eval=25,
            history_size=HISTORY,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

    def _features(self, x: Tensor, wanted: Mapping[str, float]) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.half):
            return self.network(x.contiguous(memory_format=torch.channels_last), list(wanted))

    def terms(self) -> dict[str, Tensor]:
        """The losses of the picture as it is, each (): content/LAYER, style/LAYER and variation, before the lambdas."""
        recipe = self.recipe
        found = self._features(self.x.expand(-1, 3, -1, -1), self.content_weights | self.style_weights)
        content = losses.content_terms(found, self.targets, self.content_weights, relative=False)
        style = losses.style_terms(found, self.grams, self.style_weights, convention=recipe.convention, relative=False)
        named = {f"content/{layer}": term for layer, term in content.items()}
        named |= {f"style/{layer}": term for layer, term in style.items()}
        variation = losses.total_variation(self.x, recipe.exponent)
        if not recipe.relative:
            variation = variation * self.x.numel()  # the sum of equation 5.9
        return {name: term[0] for name, term in (named | {"variation": variation}).items()}

    def advance(self) -> dict[str, float]:
        """One step of the optimiser. Returns the losses of the picture before it: each term, sums and the whole."""
        scale = self.recipe.scale(self.step)
        if scale > self.scale:  # a recipe with more steps than before does not go back
            self._enter(scale, self.x.detach())
        figures: list[dict[str, float]] = []

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            terms = self.terms()
            loss = self._whole(terms)
            if not torch.isfinite(loss):
                raise UserError(
                    f"The loss of step {self.step + 1} is no longer a number; resume with a lower learning rate or "
                    "smaller weights."
                )
            loss.backward()
            if not figures:
                figures.append({"loss": loss.item(), **summed({name: term.item() for name, term in terms.items()})})
            return loss

        self.optimizer.step(closure)  # type: ignore[arg-type]
        if self.recipe.optimizer == "adam":
            with torch.no_grad():
                self.x.clamp_(0, 1)  # L-BFGS may not be disturbed so
        self.step += 1
        return figures[0]

    def _whole(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Equation 5.10."""
        return torch.stack([self.weights[name.partition("/")[0]] * term for name, term in terms.items()]).sum()

    def steer(self, values: Mapping[str, Any]) -> str:
        """Take the loss weights among `values` from the next step on; returns a sentence about one that is none."""
        wrong = ""
        fresh = dict(self.weights)
        for name in WEIGHTS:
            if name not in values:
                continue
            try:
                losses.check_weights({name: values[name]}, "loss")
                fresh[name] = float(values[name])
            except UserError as error:
                wrong = f"{error} The former weight stays."
        if fresh != self.weights:
            self.weights = fresh
            if self.recipe.optimizer == "lbfgs":
                self.optimizer = self._optimizer()  # what it remembers is the shape of another loss
        return wrong

    def picture(self) -> Picture:
        """The picture as it is, uint8 (H, W, 3), with the photograph's colours where those are kept."""
        x = self.x.detach()
        if self.recipe.keep_colours:
            x = self.content + (x - luminance(self.content))  # the same shift of R, G and B leaves I and Q alone
        return images.from_tensor(x)

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Tensors and JSON-able state from which `restore` goes on as if nothing had happened."""
        tensors, numbers = checkpoint.picture_state(self.optimizer, self.x)
        state = {"step": self.step, "seconds": self.clock.seconds, "scale": self.scale, "weights": self.weights}
        tensors = {"x": self.x, **tensors}
        return {name: tensor.detach().clone() for name, tensor in tensors.items()}, state | {"optimizer": numbers}

    def restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Take up a checkpoint. Raises UserError where it belongs to another transfer."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            self.weights = {name: float(state["weights"][name]) for name in WEIGHTS}
            self._enter(int(state["scale"]), tensors["x"].to(self.device))
            checkpoint.restore_picture(self.optimizer, self.x, tensors, state["optimizer"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this transfer; start a new one.") from error


def halved(network: Network) -> Network:
    """A copy with the weights of its convolutions in bfloat16, to which autocast would bring them anew in each step."""
    copied = copy.deepcopy(network)
    for module in copied.modules():
        if isinstance(module, nn.Conv2d):
            module.to(torch.bfloat16)
    return copied


def shrunk(x: Tensor, times: int) -> Tensor:
    """Pictures (N, 3, H, W) made `times` times smaller, no side below the least."""
    if times == 1:
        return x
    size = [max(MIN_SIDE, round(side / times)) for side in x.shape[-2:]]
    return F.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)


def summed(terms: Mapping[str, float]) -> dict[str, float]:
    """The terms by layer, and before them their sums by kind."""
    kinds = {kind: sum(value for name, value in terms.items() if name.partition("/")[0] == kind) for kind in WEIGHTS}
    return {**kinds, **terms}


def picture_of(run: Run) -> Picture | None:
    """The picture of the last checkpoint at full quality, uint8 (H, W, 3); None where there is none yet."""
    path = run.path / f"{PREVIEW}.png"
    return images.decode(path) if path.is_file() else None


def transfer(run: Run, progress: Progress = silent) -> None:
    """Carry out the transfer of `run` to the end of its recipe, from its checkpoint where it has one."""
    recipe = recipe_of(run.settings)
    files = run.settings.get("files")
    with writing(run) as writer:

        def hear(what: str, done: int, total: int) -> None:
            writer.progress(downloading=what, bytes=done, bytes_total=total)
            progress(what, done, total)

        network = sources.load(recipe.network, Path(files) if files else None, hear)
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        content, style = (images.decode(run.path / f"{name}.png") for name in PICTURES)
        work = Transfer(recipe, content, style, network)
        saved = run.checkpoint()
        if saved:
            work.restore(*saved)
        writer.facts(steps=recipe.steps, precision=hardware.precision(recipe.half))
        writer.drop_metrics_after("step", work.step)
        _loop(work, writer)


def _loop(work: Transfer, writer: Writer) -> None:
    recipe = work.recipe
    shown, told = 0.0, ""
    while work.step < recipe.steps:
        asked = writer.begin_step(lambda: _save(work, writer))
        if asked.command == "stop":
            break
        wrong = work.steer(asked.values)
        if wrong != told:
            told = wrong
            writer.message(told)
        with work.clock.step():
            figures = work.advance()
        writer.progress(
            step=work.step,
            steps=recipe.steps,
            milliseconds_a_step=1000 * (work.clock.left(1) or 0.0),
            seconds_left=work.clock.left(recipe.steps - work.step),
        )
        weights = {f"weight/{name}": value for name, value in work.weights.items()}
        writer.log({"step": work.step, **work.clock.row(), **figures, **weights})
        if time.monotonic() - shown > PREVIEW_SECONDS:
            writer.preview(PREVIEW, images.encode(work.picture(), "JPEG", 90))
            shown = time.monotonic()
        if work.step % recipe.save_every == 0 and work.step < recipe.steps:
            _save(work, writer)
    _save(work, writer)


def _save(work: Transfer, writer: Writer) -> None:
    writer.save(*work.checkpoint())
    picture = work.picture()
    writer.preview(PREVIEW, images.encode(picture, "JPEG", 90))
    part = writer.run.path / f".{PREVIEW}.part.png"
    images.save(picture, part)
    part.replace(writer.run.path / f"{PREVIEW}.png")
