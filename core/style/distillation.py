"""Training `compact` to reproduce the features of its teachers (knowledge distillation by hints, after Romero et al.,
2015); core/style/distillation_run.py carries it out in a run folder.

Two things make an hour on one core go a long way. At first every block learns from its teacher's own input, so that
all depths are learnt at once; later the net runs on its own features. And some of each batch are pictures from
transfers driven by the net as it is: there its errors are sought out, so there they have to be mended. Targets are not
cached: a crop is never seen twice, and in bfloat16 the teachers take a third of a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core import hardware
from core.errors import UserError
from core.style import compact, losses
from core.style.clock import Clock
from core.style.compact import SOURCES, STYLE, Compact, relative_error
from core.style.distillation_recipe import DistillationRecipe
from core.style.loss_networks import STYLE_LAYERS, LossNetworks
from core.style.photographs import Photographs
from core.style.transfer_pool import TransferPool
from core.trainers import checkpoint

HINTS = ("squeezenet.fire2",)  # learnt for the sake of the layers behind it
GRAM_LAYERS = tuple(dict.fromkeys((*STYLE, *STYLE_LAYERS)))  # those of compact's own transfers and of its teachers'


@dataclass(frozen=True)
class DistillationData:
    """The pictures that `compact` learns from, and its teachers."""

    photographs: Photographs
    paintings: Photographs
    teachers: LossNetworks


class Distillation:
    """A student, its optimiser, its moving average, its transfers and its random numbers."""

    def __init__(self, recipe: DistillationRecipe, data: DistillationData) -> None:
        self.recipe = recipe
        self.data = data
        self.step = 0
        self.clock = Clock()
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.net = hardware.channels_last(compact.fresh(recipe.seed))
        self.average = hardware.channels_last(compact.fresh(recipe.seed)).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.net.parameters())
        self.transfers = TransferPool.idle(recipe, self.net)

    def advance(self) -> dict[str, float]:
        """Take one step of Adam; return the relative error of each layer on its batch, and the whole loss."""
        recipe = self.recipe
        x = self._batch()
        forced = recipe.forces_teachers(self.step)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            with torch.no_grad():
                targets = self.data.teachers(x, SOURCES)
            features = self.net(x, SOURCES, targets if forced else None)
            errors = {layer: relative_error(features[layer], targets[layer]) for layer in SOURCES}
            grams = {layer: gram_error(features[layer], targets[layer]) for layer in GRAM_LAYERS}
        weights = {layer: recipe.hints if layer in HINTS else 1.0 for layer in SOURCES}
        loss = torch.stack([weights[layer] * error for layer, error in errors.items()]).sum()
        loss = loss + recipe.gram * torch.stack(list(grams.values())).sum()
        if not torch.isfinite(loss):
            raise UserError(
                f"The loss of step {self.step + 1} is no longer a number; start with a lower learning rate."
            )
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate(self.step)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)  # one odd picture must not fill Adam's memory
        self.optimiser.step()
        self.step += 1
        self._update_average()
        return {"loss": loss.item()} | {f"train/{layer}": error.item() for layer, error in errors.items()}

    def _batch(self) -> Tensor:
        """Return photographs, paintings and pictures of transfers, (batch, 3, crop, crop)."""
        recipe, generator = self.recipe, self.generator
        cut = recipe.batch - recipe.transfers
        painted = int((torch.rand(cut, generator=generator) < recipe.painting_share).sum())
        parts = [self._crops(self.data.photographs, cut - painted)] if painted < cut else []
        if painted:
            parts.append(self._crops(self.data.paintings, painted))
        if recipe.transfers:
            places = (torch.arange(recipe.transfers) + self.step * recipe.transfers) % recipe.pool
            for place in places.tolist():
                if self.transfers.ages[place] >= recipe.transfer_steps:
                    pair = self._crops(self.data.photographs, 1), self._crops(self.data.paintings, 1)
                    self.transfers.begin(place, self.net, *pair, generator)
            parts.append(self.transfers.advance(places, self.net, recipe.half))
        return torch.cat(parts).contiguous(memory_format=torch.channels_last)

    def _crops(self, pictures: Photographs, count: int) -> Tensor:
        return pictures.crops(count, self.recipe.crop, self.recipe.min_crop_scale, self.generator)

    @torch.no_grad()
    def _update_average(self) -> None:
        # In the first steps a long average would hold little but the initial weights.
        decay = min(self.recipe.average, self.step / (self.step + 9))
        for mean, parameter in zip(self.average.parameters(), self.net.parameters(), strict=True):
            mean.lerp_(parameter, 1 - decay)

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Return tensors and JSON-able state from which `restore` goes on bit for bit."""
        tensors = checkpoint.network_state(self.net, self.optimiser, self.generator)
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        tensors |= {f"transfers.{name}": tensor for name, tensor in self.transfers.tensors().items()}
        return tensors, {"step": self.step, "seconds": self.clock.seconds}

    def restore(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Load a checkpoint. Raises UserError where it belongs to another net or recipe."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            checkpoint.restore_network(self.net, self.optimiser, self.generator, tensors, self.step)
            checkpoint.load_weights(self.average, tensors, "average")
            for name, tensor in self.transfers.tensors().items():
                tensor.copy_(tensors[f"transfers.{name}"])
        except (KeyError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this net and recipe; start a new run.") from error


def gram_error(features: Tensor, target: Tensor) -> Tensor:
    """Return the batch mean of the relative style loss of feature maps (N, C, H, W) to their teacher's: a scalar."""
    return losses.style_loss({"": features}, {"": losses.gram(target)}, {"": 1.0}).mean()


@torch.no_grad()
def evaluate(net: Compact, teachers: LossNetworks, pictures: Sequence[Tensor]) -> dict[str, float]:
    """Return the relative error of each layer (`error/LAYER`) and of its Gram matrices (`gram/LAYER`), in float32.

    `pictures` are batches (N, 3, H, W), of photographs, of paintings, ...; the figures are their means.
    """
    rows = []
    for x in pictures:
        targets, features = teachers(x, SOURCES), net(x, SOURCES)
        row = {f"error/{layer}": float(relative_error(features[layer], targets[layer])) for layer in SOURCES}
        rows.append(
            row | {f"gram/{layer}": float(gram_error(features[layer], targets[layer])) for layer in GRAM_LAYERS}
        )
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
