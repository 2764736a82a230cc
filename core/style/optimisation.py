"""Style transfer by optimisation (section 5.3): the picture itself is changed until its features are those of a
photograph and its Gram matrices those of a painting (equation 5.10)."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware, images
from core.errors import UserError
from core.images import Picture
from core.style import losses
from core.style.clock import Clock
from core.style.network import MEANS
from core.style.optimisation_recipe import MIN_SIDE, WEIGHTS, OptimisationRecipe
from core.style.picture_losses import luminance
from core.style.sources import Network
from core.trainers import checkpoint

NOISE = 0.1  # deviation of the noise about the mean colour, of pixels in [0, 1]: "small variance" (5.3.1)
HISTORY = 20  # steps that L-BFGS remembers; each costs two pictures of memory


def first_picture(content: Picture, recipe: OptimisationRecipe) -> Tensor:
    """Return the picture to start from, (1, 3, H, W): the photograph, or noise about ImageNet's mean colour."""
    x = images.to_tensor(content)
    if recipe.start == "content":
        return x
    generator = torch.Generator().manual_seed(recipe.seed)
    mean = torch.tensor(MEANS).view(1, 3, 1, 1) / 255
    return (mean + NOISE * torch.randn(x.shape, generator=generator)).clamp(0, 1)


def matched(style: Tensor, content: Tensor) -> Tensor:
    """Return the luminance of a painting, (1, 1, H, W), with the mean and deviation of a photograph's."""
    deviation = style.std().clamp_min(1e-6)
    return ((style - style.mean()) / deviation * content.std() + content.mean()).clamp(0, 1)


class ImageOptimisation:
    """The picture, its targets and its optimiser: all that a checkpoint restores."""

    def __init__(self, recipe: OptimisationRecipe, content: Picture, style: Picture, network: Network) -> None:
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
        """Begin `scale` with the picture x, resized to it, and a new optimiser."""
        shrink = self.recipe.shrink(scale)
        self.scale = scale
        self.content, style = shrunk(self._content, shrink), shrunk(self._style, shrink)
        if self.recipe.keep_colours:
            grey = luminance(self.content)
            inputs = grey.expand(-1, 3, -1, -1), matched(luminance(style), grey).expand(-1, 3, -1, -1)
        else:
            inputs = self.content, style
        layers, convention = self.recipe.layers, self.recipe.convention
        with torch.no_grad():
            self.targets = self._features(inputs[0], layers.content)
            painted = self._features(inputs[1], layers.style)
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
        """Return the losses of the picture, each (): content/LAYER, style/LAYER and variation, before the lambdas."""
        recipe = self.recipe
        features = self._features(self.x.expand(-1, 3, -1, -1), self.content_weights | self.style_weights)
        content = losses.content_terms(features, self.targets, self.content_weights, relative=False)
        style = losses.style_terms(
            features, self.grams, self.style_weights, convention=recipe.convention, relative=False
        )
        terms = {f"content/{layer}": term for layer, term in content.items()}
        terms |= {f"style/{layer}": term for layer, term in style.items()}
        variation = losses.total_variation(self.x, recipe.exponent)
        if not recipe.relative:
            variation = variation * self.x.numel()  # the sum of equation 5.9
        return {name: term[0] for name, term in (terms | {"variation": variation}).items()}

    def advance(self) -> dict[str, float]:
        """Take one step of the optimiser; return the losses of the picture before it: each term, sums and the whole."""
        scale = self.recipe.scale(self.step)
        if scale > self.scale:  # never back to a coarser one, also where the recipe has got more steps
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
                self.x.clamp_(0, 1)  # under L-BFGS this would break its line search
        self.step += 1
        return figures[0]

    def _whole(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the loss of equation 5.10."""
        return torch.stack([self.weights[name.partition("/")[0]] * term for name, term in terms.items()]).sum()

    def set_weights(self, values: Mapping[str, Any]) -> str:
        """Use the loss weights among `values` from the next step on; return a sentence about one that is refused."""
        refused = ""
        weights = dict(self.weights)
        for name in WEIGHTS:
            if name not in values:
                continue
            try:
                losses.check_weights({name: values[name]}, "loss")
                weights[name] = float(values[name])
            except UserError as error:
                refused = f"{error} The former weight stays."
        if weights != self.weights:
            self.weights = weights
            if self.recipe.optimizer == "lbfgs":
                self.optimizer = self._optimizer()  # its history is of another loss
        return refused

    def picture(self) -> Picture:
        """Return the picture as it is, uint8 (H, W, 3), with the photograph's colours where those are kept."""
        x = self.x.detach()
        if self.recipe.keep_colours:
            x = self.content + (x - luminance(self.content))  # the same shift of R, G and B leaves I and Q alone
        return images.from_tensor(x)

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Return tensors and JSON-able state from which `restore` goes on bit for bit."""
        tensors, numbers = checkpoint.picture_state(self.optimizer, self.x)
        state = {"step": self.step, "seconds": self.clock.seconds, "scale": self.scale, "weights": self.weights}
        tensors = {"x": self.x, **tensors}
        return {name: tensor.detach().clone() for name, tensor in tensors.items()}, state | {"optimizer": numbers}

    def restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Load a checkpoint. Raises UserError where it belongs to another transfer."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            self.weights = {name: float(state["weights"][name]) for name in WEIGHTS}
            self._enter(int(state["scale"]), tensors["x"].to(self.device))
            checkpoint.restore_picture(self.optimizer, self.x, tensors, state["optimizer"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this transfer; start a new one.") from error


def halved(network: Network) -> Network:
    """Return a copy with convolutions in bfloat16, to which autocast would convert their weights at each step."""
    half = copy.deepcopy(network)
    for module in half.modules():
        if isinstance(module, nn.Conv2d):
            module.to(torch.bfloat16)
    return half


def shrunk(x: Tensor, times: int) -> Tensor:
    """Return pictures (N, 3, H, W) made `times` times smaller, no side below MIN_SIDE."""
    if times == 1:
        return x
    size = [max(MIN_SIDE, round(side / times)) for side in x.shape[-2:]]
    return F.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)


def summed(terms: Mapping[str, float]) -> dict[str, float]:
    """Return the terms by layer, and before them their sums by kind."""
    kinds = {kind: sum(value for name, value in terms.items() if name.partition("/")[0] == kind) for kind in WEIGHTS}
    return {**kinds, **terms}
