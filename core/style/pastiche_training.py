"""The training of a style network for several styles at once (sections 5.4.1, 5.4.3 and 5.5.1): for every sample of a
batch its own photograph, crop and style are drawn; core/style/pastiche_run.py carries it out in a run folder.

Several processes may train one net, each on its part of every batch: all of them draw the same numbers, so that they
learn what one would. No layer normalises over the batch, so nothing depends on how it is shared.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware
from core.errors import UserError
from core.images import Picture
from core.style import losses, picture_losses
from core.style.clock import Clock
from core.style.crop_losses import CropLosses
from core.style.crop_pool import Crop, CropPool
from core.style.initial_weights import copy_weights, initial_net
from core.style.network import MIN_SIDE, one_hot
from core.style.origin import Origin
from core.style.pastiche_recipe import BY_STYLE, PasticheRecipe
from core.style.photographs import Photographs
from core.style.sources import Network
from core.trainers import checkpoint
from core.trainers.parallel import Team

CROPS = "easel"  # the crop pool in a checkpoint; run folders hold it by this name
TIMED_CROP = 96  # side of the crop that a step is timed with, px


@dataclass(frozen=True)
class PasticheData:
    """The pictures that a style network learns from, and the loss network that compares them.

    `grams` is a file that the paintings' Gram matrices are read from or, where it is not there, written to.
    """

    photographs: Photographs
    paintings: Mapping[str, Picture]  # by style, uint8 (H, W, 3)
    network: Network
    grams: Path | None = None


@dataclass(frozen=True)
class Draw:
    """What a step draws besides its samples: the pixels, down and right, that the photographs are moved by, and whether
    they are mixed with a draft."""

    move: tuple[int, int] | None = None
    draft: bool = False


class PasticheTraining:
    """A net, its optimiser and its random numbers: all that a checkpoint restores."""

    def __init__(self, recipe: PasticheRecipe, data: PasticheData, team: Team | None = None) -> None:
        self.recipe = recipe
        self.team = team or Team()
        self.device = hardware.device()
        paintings = [data.paintings[name] for name in recipe.styles]
        self.losses = CropLosses(recipe, data.network.to(self.device), paintings, data.grams)
        self.step = 0
        self.clock = Clock()
        self.gradient_norm = 0.0  # of the latest step, before it was clipped
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.crops = CropPool(data.photographs, recipe, self.losses.content)
        self.net = hardware.channels_last(initial_net(recipe, paintings), self.device)
        norms = [tensor for name, tensor in self.net.named_parameters() if ".norm." in name]
        filters = [tensor for name, tensor in self.net.named_parameters() if ".norm." not in name]
        groups = [{"params": filters, "factor": 1.0}, {"params": norms, "factor": recipe.norm_rate}]
        if recipe.rows_only:
            for tensor in filters:
                tensor.requires_grad_(False)
            groups = groups[1:]
        self.optimiser = torch.optim.Adam(groups)
        self.average: dict[str, Tensor] = {}  # of the parameters, from the first step on
        self.shares = torch.tensor(recipe.shares)

    @cached_property
    def wrapped(self) -> nn.Module:
        """Return what a step calls; made at the first step, when every process takes the net of the leading one."""
        return self.team.wrap(self.net)

    def advance(self) -> tuple[Tensor, losses.Terms]:
        """Take one step of Adam; return the rows drawn for the whole batch, int64 (batch,), and their losses."""
        recipe, team = self.recipe, self.team
        labels = torch.multinomial(self.shares, recipe.batch, replacement=True, generator=self.generator)
        seeds = self.crops.draw(recipe.batch, self.generator)
        draw = self._draw()
        crops = [self.crops.crop(seed) for seed in team.shard(seeds).tolist()]
        own = team.shard(labels).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.half):
            terms = self._terms(crops, own, draw)
            loss = self.losses.total(terms, own, self.step)
        whole = self._whole(terms, loss)
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate(self.step) * group["factor"]
        self.optimiser.zero_grad()
        # This process's part of the mean over the whole batch, as many times as the gradients are divided by.
        (loss.sum() * team.size / recipe.batch).backward()
        self.gradient_norm = float(torch.nn.utils.clip_grad_norm_(self.net.parameters(), recipe.clip or math.inf))
        self._update()
        self.step += 1
        return labels, whole

    def _draw(self) -> Draw:
        """Draw the rest of a step; nothing for what the recipe leaves out, so that older runs draw as they did."""
        move, draft = None, False
        if self.recipe.shift:
            down, right = torch.randint(picture_losses.LARGEST_MOVE + 1, (2,), generator=self.generator).tolist()
            move = (down, right)
        if self.recipe.draft:
            draft = float(torch.rand((), generator=self.generator)) < self.recipe.draft
        return Draw(move, draft)

    def _update(self) -> None:
        recipe = self.recipe
        if recipe.average and not self.average:
            self.average = {name: tensor.detach().clone() for name, tensor in self.net.named_parameters()}
        self.optimiser.step()
        with torch.no_grad():
            for name, tensor in self.net.named_parameters() if recipe.average else ():
                self.average[name].lerp_(tensor, 1 - recipe.average)

    def weights(self) -> dict[str, Tensor]:
        """Return the weights to paint with: the moving average where the recipe has one, else the latest."""
        latest = {name: tensor.detach() for name, tensor in self.net.state_dict().items()}
        return latest | self.average

    def _whole(self, terms: losses.Terms, loss: Tensor) -> losses.Terms:
        """Return the terms of the whole batch, on the CPU. Raises UserError, on all processes, if not finite."""
        each = (terms.content, terms.style, terms.variation, *terms.added.values(), loss)
        rows = self.team.gather(torch.stack(each, 1).detach().float().cpu(), self.recipe.batch)
        if not torch.isfinite(rows).all():
            raise UserError(
                f"The loss of step {self.step + 1} is no longer a number; start with a lower learning rate."
            )
        content, style, variation, *added, _ = rows.unbind(1)
        return losses.Terms(content, style, variation, dict(zip(terms.added, added, strict=True)))

    def _terms(self, crops: Sequence[Crop], rows: Tensor, draw: Draw) -> losses.Terms:
        x = torch.cat([crop.picture for crop in crops]).to(self.device)
        x = x.contiguous(memory_format=torch.channels_last)
        painted, shift = self._paint(x, one_hot(rows, len(self.recipe.rows)), draw)
        terms = self.losses.terms(painted, crops, rows)
        return terms if shift is None else replace(terms, added={"shift": shift, **terms.added})

    def _paint(self, x: Tensor, blend: Tensor, draw: Draw) -> tuple[Tensor, Tensor | None]:
        """Return the painted crops and, where the photographs are moved, the loss (N,) of how they change by it."""
        if draw.draft:
            x = (x + self._draft(x, blend)) / 2
        if draw.move is None:
            return self.wrapped(x, blend), None
        down, right = draw.move
        both = torch.cat((x, picture_losses.move(x, down, right))).contiguous(memory_format=torch.channels_last)
        painted, moved = self.wrapped(both, torch.cat((blend, blend))).chunk(2)
        return painted, picture_losses.shift_loss(painted, picture_losses.move(moved, -down, -right))

    @torch.no_grad()
    def _draft(self, x: Tensor, blend: Tensor) -> Tensor:
        """Return the net's painting of (N, 3, H, W) at half size, enlarged; no gradient goes through it."""
        half = [max(MIN_SIDE, side // 2) for side in x.shape[2:]]
        small = F.interpolate(x, half, mode="bilinear", antialias=True, align_corners=False)
        painted = self.net(small.contiguous(memory_format=torch.channels_last), blend).float().clamp(0, 1)
        return F.interpolate(painted, x.shape[2:], mode="bilinear", align_corners=False)

    def start_from(self, origin: Origin) -> dict:
        """Load the weights of another net of the same width; return its rows and how it was made."""
        return copy_weights(self.net, self.recipe, origin)

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Return tensors and JSON-able state from which `restore` goes on bit for bit."""
        state = {"step": self.step, "seconds": self.clock.seconds}
        tensors = checkpoint.network_state(self.net, self.optimiser, self.generator)
        average = {f"average.{name}": tensor for name, tensor in self.average.items()}
        return tensors | checkpoint.copied(average) | {CROPS: self.crops.state()}, state

    def restore(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Load a checkpoint. Raises UserError where it belongs to another net."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            checkpoint.restore_network(self.net, self.optimiser, self.generator, tensors, self.step)
            if CROPS in tensors:  # older checkpoints have none
                self.crops.restore(tensors[CROPS])
            self.average = {
                name: tensor.clone().to(self.device) for name, tensor in checkpoint.part(tensors, "average.").items()
            }
        except (KeyError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this net and its styles; start a new run.") from error


def seconds_a_step(recipe: PasticheRecipe, network: Network) -> float:
    """Return the seconds of a step of such a training here: measured on noise, with one small crop, and scaled."""
    noise = np.random.default_rng(0).integers(0, 256, (TIMED_CROP, TIMED_CROP, 3), np.uint8)
    of_no_style: dict[str, Any] = {name: {} for name in BY_STYLE}
    small = replace(
        recipe,
        styles=("noise",),
        **of_no_style,
        batch=1,
        crop=TIMED_CROP,
        style_side=TIMED_CROP,
        style_scales=min(recipe.style_scales, 2),
    )
    data = PasticheData(Photographs([torch.from_numpy(noise)]), {"noise": noise}, network)
    training = PasticheTraining(small, data)
    training.advance()  # the first step also chooses algorithms
    with training.clock.step():
        training.advance()
    return (training.clock.left(1) or 0.0) * recipe.batch * (recipe.crop / TIMED_CROP) ** 2
