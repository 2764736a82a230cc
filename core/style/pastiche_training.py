"""The training of a style network for several styles at once (sections 5.4.1, 5.4.3 and 5.5.1): for every sample of a
batch its own photograph, crop and style are drawn; core/style/pastiche_run.py carries it out in a run folder.

Several processes may train one net, each on its part of every batch: all of them draw the same numbers, so that they
learn what one would. No layer normalises over the batch, so nothing depends on how it is shared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.style import losses
from core.style.clock import Clock
from core.style.crop_pool import Crop, CropPool
from core.style.network import PasticheNet, one_hot
from core.style.origin import Origin
from core.style.pastiche_recipe import PasticheRecipe
from core.style.photographs import Photographs
from core.style.sources import Network
from core.trainers import checkpoint
from core.trainers.parallel import Team

CROPS = "easel"  # the crop pool in a checkpoint; run folders hold it by this name
TIMED_CROP = 96  # side of the crop that a step is timed with, px


@dataclass(frozen=True)
class PasticheData:
    """The pictures that a style network learns from, and the loss network that compares them."""

    photographs: Photographs
    paintings: Mapping[str, Picture]  # by style, uint8 (H, W, 3)
    network: Network


def style_targets(network: Network, paintings: Sequence[Picture], recipe: PasticheRecipe) -> dict[str, Tensor]:
    """Return by style layer the Gram matrices (styles, C, C) of the paintings at the recipe's size."""
    grams: dict[str, list[Tensor]] = {layer: [] for layer in recipe.layers.style}
    device = next(network.parameters()).device
    for name, painting in zip(recipe.styles, paintings, strict=True):
        losses.check_style(painting, f"The painting {name}")
        x = images.to_tensor(images.fit(painting, recipe.style_side)).to(device)
        with torch.no_grad():
            features_by_layer = network(x.contiguous(memory_format=torch.channels_last), recipe.layers.style)
        for layer, features in features_by_layer.items():
            grams[layer].append(losses.gram(features))
    return {layer: torch.cat(matrices) for layer, matrices in grams.items()}


class PasticheTraining:
    """A net, its optimiser and its random numbers: all that a checkpoint restores."""

    def __init__(self, recipe: PasticheRecipe, data: PasticheData, team: Team | None = None) -> None:
        self.recipe = recipe
        self.team = team or Team()
        self.layers = recipe.layers
        self.device = hardware.device()
        self.network = data.network.to(self.device)
        paintings = [data.paintings[name] for name in recipe.styles]
        self.targets = style_targets(self.network, paintings, recipe)
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
        self.shares = torch.tensor(recipe.shares)
        factors = [recipe.style_factors.get(name, 1.0) for name in recipe.styles]
        self.style_weights = recipe.style * torch.tensor(factors, device=self.device)

    @cached_property
    def wrapped(self) -> nn.Module:
        """Return what a step calls; made at the first step, when every process takes the net of the leading one."""
        return self.team.wrap(self.net)

    def advance(self) -> tuple[Tensor, losses.Terms]:
        """Take one step of Adam; return the styles drawn for the whole batch, int64 (batch,), and their losses."""
        recipe, team = self.recipe, self.team
        labels = torch.multinomial(self.shares, recipe.batch, replacement=True, generator=self.generator)
        seeds = self.crops.draw(recipe.batch, self.generator)
        crops = [self.crops.crop(seed) for seed in team.shard(seeds).tolist()]
        own = team.shard(labels).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.half):
            terms = self._terms(crops, own)
            style = self.style_weights[own] * recipe.style_part(self.step)
            loss = losses.total_loss(terms, recipe.content, style, recipe.variation)
        whole = self._whole(terms, loss)
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate(self.step) * group["factor"]
        self.optimiser.zero_grad()
        # This process's part of the mean over the whole batch, as many times as the gradients are divided by.
        (loss.sum() * team.size / recipe.batch).backward()
        self.gradient_norm = float(torch.nn.utils.clip_grad_norm_(self.net.parameters(), recipe.clip))
        self.optimiser.step()
        self.step += 1
        return labels, whole

    def _whole(self, terms: losses.Terms, loss: Tensor) -> losses.Terms:
        """Return the terms of the whole batch, on the CPU. Raises UserError, on all processes, if not finite."""
        rows = torch.stack((terms.content, terms.style, terms.variation, loss), 1).detach().float().cpu()
        rows = self.team.gather(rows, self.recipe.batch)
        if not torch.isfinite(rows).all():
            raise UserError(
                f"The loss of step {self.step + 1} is no longer a number; start with a lower learning rate."
            )
        content, style, variation, _ = rows.unbind(1)
        return losses.Terms(content, style, variation)

    def _terms(self, crops: Sequence[Crop], labels: Tensor) -> losses.Terms:
        x = torch.cat([crop.picture for crop in crops]).to(self.device)
        x = x.contiguous(memory_format=torch.channels_last)
        painted = self.wrapped(x, one_hot(labels, len(self.recipe.styles)))
        painted = torch.cat([crop.visible(picture[None]) for crop, picture in zip(crops, painted, strict=True)])
        features = self.network(painted, self.layers.content | self.layers.style)
        content = {layer: torch.cat([crop.content[layer] for crop in crops]) for layer in self.layers.content}
        targets = {layer: grams[labels] for layer, grams in self.targets.items()}
        return losses.Terms(
            losses.content_loss(features, content, self.layers.content),
            losses.style_loss(features, targets, self.layers.style),
            losses.total_variation(painted),
        )

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
        places = {name: names.index(name) for name in self.recipe.styles if name in names}
        weights_of_other = dict(other.named_parameters())
        with torch.no_grad():
            for name, parameter in self.net.named_parameters():
                if ".norm." not in name:
                    parameter.copy_(weights_of_other[name])
                    continue
                if not name.startswith("leave."):
                    parameter.copy_(weights_of_other[name].mean(0))
                for row, style in enumerate(self.recipe.styles):
                    if style in places:
                        parameter[row] = weights_of_other[name][places[style]]
        return {"styles": names, **origin.made}

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Return tensors and JSON-able state from which `restore` goes on bit for bit."""
        state = {"step": self.step, "seconds": self.clock.seconds}
        tensors = checkpoint.network_state(self.net, self.optimiser, self.generator)
        return tensors | {CROPS: self.crops.state()}, state

    def restore(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Load a checkpoint. Raises UserError where it belongs to another net."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            checkpoint.restore_network(self.net, self.optimiser, self.generator, tensors, self.step)
            if CROPS in tensors:  # older checkpoints have none
                self.crops.restore(tensors[CROPS])
        except (KeyError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this net and its styles; start a new run.") from error


def initial_net(recipe: PasticheRecipe, paintings: Sequence[Picture]) -> PasticheNet:
    """Return an untrained net, drawn by the recipe's seed, that paints each style with its painting's colours."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        net = PasticheNet(len(recipe.styles), recipe.width)
    for index, painting in enumerate(paintings):
        colours = images.to_tensor(painting)[0].flatten(1)
        net.start_from_colours(index, colours.mean(1), colours.std(1))
    return net


def seconds_a_step(recipe: PasticheRecipe, network: Network) -> float:
    """Return the seconds of a step of such a training here: measured on noise, with one small crop, and scaled."""
    noise = np.random.default_rng(0).integers(0, 256, (TIMED_CROP, TIMED_CROP, 3), np.uint8)
    small = replace(recipe, styles=("noise",), style_factors={}, batch=1, crop=TIMED_CROP, style_side=TIMED_CROP)
    data = PasticheData(Photographs([torch.from_numpy(noise)]), {"noise": noise}, network)
    training = PasticheTraining(small, data)
    training.advance()  # the first step also chooses algorithms
    with training.clock.step():
        training.advance()
    return (training.clock.left(1) or 0.0) * recipe.batch * (recipe.crop / TIMED_CROP) ** 2
