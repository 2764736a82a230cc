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

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.style import losses, picture_losses
from core.style.clock import Clock
from core.style.crop_pool import Crop, CropPool
from core.style.network import MIN_SIDE, PasticheNet, one_hot
from core.style.origin import Origin
from core.style.painting_targets import painting_targets
from core.style.pastiche_recipe import PasticheRecipe
from core.style.photographs import Photographs
from core.style.rows import PHOTOGRAPH, SOFT
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
        self.layers = recipe.layers
        self.device = hardware.device()
        self.network = data.network.to(self.device)
        paintings = [data.paintings[name] for name in recipe.styles]
        self.targets = painting_targets(self.network, paintings, recipe, data.grams)
        self.step = 0
        self.clock = Clock()
        self.gradient_norm = 0.0  # of the latest step, before it was clipped
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.crops = CropPool(data.photographs, recipe, self._content)
        self.net = hardware.channels_last(initial_net(recipe, paintings), self.device)
        norms = [tensor for name, tensor in self.net.named_parameters() if ".norm." in name]
        filters = [tensor for name, tensor in self.net.named_parameters() if ".norm." not in name]
        self.optimiser = torch.optim.Adam(
            [{"params": filters, "factor": 1.0}, {"params": norms, "factor": recipe.norm_rate}]
        )
        self.average: dict[str, Tensor] = {}  # of the parameters, from the first step on
        self.shares = torch.tensor(recipe.shares)
        self.style_weights = recipe.style * torch.tensor(recipe.factors, device=self.device)
        self.content_weights = self._row_weights(recipe.content, recipe.content_factors)
        self.variation_weights = self._row_weights(recipe.variation, recipe.variation_factors)
        self.paints = torch.tensor([name != PHOTOGRAPH for name in recipe.rows], device=self.device)
        self.paintings = torch.tensor(painting_of_rows(recipe), device=self.device)

    def _row_weights(self, weight: float, factors: Mapping[str, float]) -> Tensor:
        """Return the weight of a loss in each row: (rows,), or a scalar where all have the same."""
        each = self.recipe.factors_of(factors) if factors else 1.0
        return weight * torch.tensor(each, device=self.device)

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
            loss = self._loss(terms, own)
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

    def _loss(self, terms: losses.Terms, rows: Tensor) -> Tensor:
        """Return the weighted sum of the terms of samples in `rows`: (N,)."""
        recipe = self.recipe
        style = self.style_weights[rows] * recipe.style_part(self.step)
        content, variation = (
            weights[rows] if weights.dim() else weights for weights in (self.content_weights, self.variation_weights)
        )
        loss = losses.total_loss(terms, content, style, variation)
        for name, term in terms.added.items():
            loss = loss + getattr(recipe, name) * term
        return loss

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
        painted, added = self._paint(x, one_hot(rows, len(self.recipe.rows)), draw)
        added |= self._compare(painted, x, rows)
        visible = torch.cat([crop.visible(picture[None]) for crop, picture in zip(crops, painted, strict=True)])
        features = self.network(visible, self.layers.content | self.layers.style)
        content = {layer: torch.cat([crop.content[layer] for crop in crops]) for layer in self.layers.content}
        return losses.Terms(
            losses.content_loss(features, content, self.layers.content, relative=self.recipe.relative),
            self._style(visible, features, rows),
            losses.total_variation(visible),
            added,
        )

    def _paint(self, x: Tensor, blend: Tensor, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the painted crops and, where the recipe has that term, how they change with a moved photograph."""
        if draw.draft:
            x = (x + self._draft(x, blend)) / 2
        if draw.move is None:
            return self.wrapped(x, blend), {}
        down, right = draw.move
        both = torch.cat((x, picture_losses.move(x, down, right))).contiguous(memory_format=torch.channels_last)
        painted, moved = self.wrapped(both, torch.cat((blend, blend))).chunk(2)
        return painted, {"shift": picture_losses.shift_loss(painted, picture_losses.move(moved, -down, -right))}

    @torch.no_grad()
    def _draft(self, x: Tensor, blend: Tensor) -> Tensor:
        """Return the net's painting of (N, 3, H, W) at half size, enlarged; no gradient goes through it."""
        half = [max(MIN_SIDE, side // 2) for side in x.shape[2:]]
        small = F.interpolate(x, half, mode="bilinear", antialias=True, align_corners=False)
        painted = self.net(small.contiguous(memory_format=torch.channels_last), blend).float().clamp(0, 1)
        return F.interpolate(painted, x.shape[2:], mode="bilinear", align_corners=False)

    def _compare(self, painted: Tensor, photographs: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """Return the terms of the recipe that compare pictures; a row has those of a painting or of the photograph."""
        recipe, paintings, paints = self.recipe, self.paintings[rows], self.paints[rows]
        terms: dict[str, Tensor] = {}
        if recipe.tone:
            terms["tone"] = paints * picture_losses.tone_loss(painted, photographs, self.targets.tones[paintings])
        if recipe.colour:
            palettes = zip(picture_losses.COLOUR_MEANS, self.targets.palettes_of(paintings), strict=True)
            each = [
                picture_losses.colour_loss(picture_losses.palette_of(painted, side), palette)
                for side, palette in palettes
            ]
            terms["colour"] = paints * torch.stack(each).mean(0)
        if recipe.photograph:
            terms["photograph"] = ~paints * picture_losses.pixel_loss(painted, photographs)
        return terms

    def _style(self, painted: Tensor, features: losses.Features, rows: Tensor) -> Tensor:
        """Return the style loss (N,), the mean over the recipe's sizes; that of the photograph's row is 0."""
        paintings, terms = self.paintings[rows], []
        for scale, grams in enumerate(self.targets.grams):
            if scale:
                painted = F.avg_pool2d(painted, 2)
                features = self.network(painted, self.layers.style)
            targets = {layer: matrices[paintings] for layer, matrices in grams.items()}
            terms.append(
                losses.style_loss(
                    features,
                    targets,
                    self.layers.style,
                    convention=self.recipe.convention,
                    relative=self.recipe.relative,
                )
            )
        style = torch.stack(terms).mean(0) if len(terms) > 1 else terms[0]
        return style if self.paints.all() else style * self.paints[rows]

    @torch.no_grad()
    def _content(self, picture: Tensor) -> Mapping[str, Tensor]:
        """Return the content features of a photograph (1, 3, H, W), which its painting is to keep."""
        picture = picture.to(self.device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.half):
            return self.network(picture, self.layers.content)

    def start_from(self, origin: Origin) -> dict:
        """Load the weights of another net of the same width; return its styles and how it was made.

        A style of the other net is copied whole. A new one starts from the mean of the other's styles, but for the
        last normalisation, which stays at the painting's colours: the filters, which serve every style, are learnt.
        """
        origin.must_fit(self.recipe)
        names = origin.names
        other = PasticheNet(len(names), self.recipe.width)
        weights.fill(other, weights.read(origin.path), origin.what)
        places: dict[str, int] = {}
        for row in self.recipe.rows:
            # A soft row that the other net lacks starts from its painting's.
            known = [name for name in (row, row.removesuffix(SOFT)) if name in names]
            places |= {row: names.index(known[0])} if known else {}
        weights_of_other = dict(other.named_parameters())
        with torch.no_grad():
            for name, parameter in self.net.named_parameters():
                if ".norm." not in name:
                    parameter.copy_(weights_of_other[name])
                    continue
                if not name.startswith("leave."):
                    parameter.copy_(weights_of_other[name].mean(0))
                for index, row in enumerate(self.recipe.rows):
                    if row in places:
                        parameter[index] = weights_of_other[name][places[row]]
        return {"styles": names, **origin.made}

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


def initial_net(recipe: PasticheRecipe, paintings: Sequence[Picture]) -> PasticheNet:
    """Return an untrained net, drawn by the recipe's seed, that paints each style with its painting's colours."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        net = PasticheNet(len(recipe.rows), recipe.width)
        if recipe.scale_deviation:
            spread_scales(net, recipe.scale_deviation)
    for row, painting in enumerate(painting_of_rows(recipe)):
        colours = images.to_tensor(paintings[painting])[0].flatten(1)
        net.start_from_colours(row, colours.mean(1), colours.std(1))
    return net


@torch.no_grad()
def spread_scales(net: PasticheNet, deviation: float) -> None:
    """Draw the scales of a new net's rows about 1, so that its styles differ from the first step on."""
    for name, parameter in net.named_parameters():
        if name.endswith("norm.scale"):
            parameter.normal_(1.0, deviation)


def painting_of_rows(recipe: PasticheRecipe) -> list[int]:
    """Return the index of the painting of each row; that of the photograph's row means nothing and is 0."""
    names = [row.removesuffix(SOFT) for row in recipe.rows]
    return [recipe.styles.index(name) if name in recipe.styles else 0 for name in names]


def seconds_a_step(recipe: PasticheRecipe, network: Network) -> float:
    """Return the seconds of a step of such a training here: measured on noise, with one small crop, and scaled."""
    noise = np.random.default_rng(0).integers(0, 256, (TIMED_CROP, TIMED_CROP, 3), np.uint8)
    small = replace(
        recipe,
        styles=("noise",),
        style_factors={},
        style_shares={},
        content_factors={},
        variation_factors={},
        style_sides={},
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
