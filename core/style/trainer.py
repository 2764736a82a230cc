"""Training a pastiche net for several styles at once (sections 5.4.1, 5.4.3 and 5.5.1): every sample of a batch draws
its own photograph, crop and style. What the training leaves behind is a run folder.

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
from core.runs.writer import Writer
from core.style import losses
from core.style.clock import Clock
from core.style.network import PasticheNet, one_hot
from core.style.origin import Origin, origin_of
from core.style.pastiche_recipe import Recipe, recipe_of
from core.style.photographs import Crop, Easel, Photographs
from core.style.sources import Network
from core.trainers import checkpoint
from core.trainers.parallel import Team

TRIED_CROP = 96  # side of the crop that a step is measured with, px


def style_targets(networks: Network, paintings: Sequence[Picture], recipe: Recipe) -> dict[str, Tensor]:
    """Gram matrices (styles, C, C) of every style layer, of the paintings brought to the recipe's size."""
    grams: dict[str, list[Tensor]] = {layer: [] for layer in recipe.layers.style}
    device = next(networks.parameters()).device
    for name, painting in zip(recipe.styles, paintings, strict=True):
        losses.check_style(painting, f"The painting {name}")
        x = images.to_tensor(images.fit(painting, recipe.style_side)).to(device)
        with torch.no_grad():
            found = networks(x.contiguous(memory_format=torch.channels_last), recipe.layers.style)
        for layer, features in found.items():
            grams[layer].append(losses.gram(features))
    return {layer: torch.cat(matrices) for layer, matrices in grams.items()}


@dataclass
class Tally:
    """Sums of the losses of each style since the last line of the log."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        self.sums = torch.zeros(len(self.names), 4)

    def add(self, labels: Tensor, terms: losses.Terms) -> None:
        ones = torch.ones(len(labels))
        rows = torch.stack((terms.content, terms.style, terms.variation, ones), 1).detach().float()
        self.sums.index_add_(0, labels, rows)

    def row(self) -> dict[str, float]:
        """Means over all styles, and of content and style for each style that was drawn; starts anew."""
        total = self.sums.sum(0)
        row = dict(zip(("content", "style", "variation"), (total[:3] / total[3]).tolist(), strict=True))
        for name, sums in zip(self.names, self.sums, strict=True):
            if sums[3] > 0:
                row[f"content/{name}"], row[f"style/{name}"] = (sums[:2] / sums[3]).tolist()
        self.sums.zero_()
        return row


class PasticheTraining:
    """A net, its optimiser and its random numbers: all that a checkpoint has to bring back."""

    def __init__(
        self,
        recipe: Recipe,
        photographs: Photographs,
        paintings: Mapping[str, Picture],
        networks: Network,
        team: Team | None = None,
    ) -> None:
        self.recipe = recipe
        self.team = team or Team()
        self.layers = recipe.layers
        self.device = hardware.device()
        self.networks = networks.to(self.device)
        self.targets = style_targets(self.networks, [paintings[name] for name in recipe.styles], recipe)
        self.step = 0
        self.clock = Clock()
        self.gradient_norm = 0.0  # of the latest step, before it was clipped
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.easel = Easel(photographs, recipe.crop, recipe.closest, recipe.jitter, recipe.repeats, self._content)
        with torch.random.fork_rng():
            torch.manual_seed(recipe.seed)
            net = PasticheNet(len(recipe.styles), recipe.width)
        for index, name in enumerate(recipe.styles):
            colours = images.to_tensor(paintings[name])[0].flatten(1)
            net.start_from_colours(index, colours.mean(1), colours.std(1))
        self.net = hardware.channels_last(net, self.device)
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
        """What a step calls: made at the first one, when the leading process's net is the one that all begin with."""
        return self.team.wrap(self.net)

    def advance(self) -> tuple[Tensor, losses.Terms]:
        """One step of Adam. Returns the styles drawn for the whole batch, int64 (batch,), and their losses."""
        recipe, team = self.recipe, self.team
        labels = torch.multinomial(self.shares, recipe.batch, replacement=True, generator=self.generator)
        drawn = self.easel.draw(recipe.batch, self.generator)
        chosen = [self.easel.crop(seed) for seed in team.shard(drawn).tolist()]
        own = team.shard(labels).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.half):
            terms = self._terms(chosen, own)
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
        """The terms of the whole batch, on the CPU. Raises UserError, on every process, where a loss is no number."""
        rows = torch.stack((terms.content, terms.style, terms.variation, loss), 1).detach().float().cpu()
        rows = self.team.gather(rows, self.recipe.batch)
        if not torch.isfinite(rows).all():
            raise UserError(
                f"The loss of step {self.step + 1} is no longer a number; start with a lower learning rate."
            )
        content, style, variation, _ = rows.unbind(1)
        return losses.Terms(content, style, variation)

    def _terms(self, chosen: Sequence[Crop], labels: Tensor) -> losses.Terms:
        recipe = self.recipe
        crops = torch.cat([crop.picture for crop in chosen]).to(self.device)
        crops = crops.contiguous(memory_format=torch.channels_last)
        painted = self.wrapped(crops, one_hot(labels, len(recipe.styles)))
        painted = torch.cat([crop.seen(picture[None]) for crop, picture in zip(chosen, painted, strict=True)])
        found = self.networks(painted, self.layers.content | self.layers.style)
        content = {layer: torch.cat([crop.content[layer] for crop in chosen]) for layer in self.layers.content}
        targets = {layer: grams[labels] for layer, grams in self.targets.items()}
        return losses.Terms(
            losses.content_loss(found, content, self.layers.content),
            losses.style_loss(found, targets, self.layers.style),
            losses.total_variation(painted),
        )

    @torch.no_grad()
    def _content(self, picture: Tensor) -> Mapping[str, Tensor]:
        """What a painted (1, 3, H, W) is to keep of the photograph's."""
        picture = picture.to(self.device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.half):
            return self.networks(picture, self.layers.content)

    def start_from(self, origin: Origin) -> dict:
        """Take the weights of another net of the same width; returns its styles and how it was made.

        A style that the other run knows is taken over whole. One that it does not know takes the mean of those that
        it knows, but for the last normalisation, which stays at the painting's colours: the filters, which serve
        every style, are learnt already.
        """
        origin.must_fit(self.recipe)
        names = origin.names
        other = PasticheNet(len(names), self.recipe.width)
        weights.fill(other, weights.read(origin.path), origin.what)
        known = {name: names.index(name) for name in self.recipe.styles if name in names}
        found = dict(other.named_parameters())
        with torch.no_grad():
            for name, parameter in self.net.named_parameters():
                if ".norm." not in name:
                    parameter.copy_(found[name])
                    continue
                if not name.startswith("leave."):
                    parameter.copy_(found[name].mean(0))
                for row, style in enumerate(self.recipe.styles):
                    if style in known:
                        parameter[row] = found[name][known[style]]
        return {"styles": names, **origin.made}

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Tensors and JSON-able state from which `restore` goes on as if nothing had happened."""
        state = {"step": self.step, "seconds": self.clock.seconds}
        tensors = checkpoint.network_state(self.net, self.optimiser, self.generator)
        return tensors | {"easel": self.easel.state()}, state

    def restore(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Take up a checkpoint. Raises UserError where it belongs to another net."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            checkpoint.restore_network(self.net, self.optimiser, self.generator, tensors, self.step)
            if "easel" in tensors:  # older checkpoints have none
                self.easel.restore(tensors["easel"])
        except (KeyError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this net and its styles; start a new run.") from error


def strip(net: PasticheNet, style: int, photographs: Sequence[Picture]) -> Picture:
    """The photographs (each uint8, (H, W, 3)) in a row of one height, and below them how `net` paints them."""
    height = min(picture.shape[0] for picture in photographs)
    row = [images.resize(p, max(8, round(p.shape[1] * height / p.shape[0])), height) for p in photographs]
    device = net.means.device
    blend = one_hot(torch.tensor([style], device=device), net.styles)
    columns = []
    with torch.no_grad():
        for picture in row:
            painted = images.from_tensor(net(images.to_tensor(picture).to(device), blend))
            columns.append(torch.cat((torch.from_numpy(picture), torch.from_numpy(painted))))
    return torch.cat(columns, 1).numpy()


def carry_out(
    writer: Writer,
    photographs: Photographs,
    paintings: Mapping[str, Picture],
    networks: Network,
    previews: Sequence[Picture],
    facts: dict | None = None,
    team: Team | None = None,
) -> None:
    """Train the net of the writer's run to the end of its recipe, from its checkpoint where it has one, in this process
    or with a team; of a batch each process must have a part.

    `paintings` maps each style of the recipe to its picture; `previews` are the photographs of the strips.
    `facts` is what the run folder shall say besides about its styles and photographs.
    """
    run, team = writer.run, team or Team()
    recipe = recipe_of(run.settings)
    training = PasticheTraining(recipe, photographs, paintings, networks, team)
    saved = team.first(run.checkpoint)
    before = run.data.get("before")
    if (start := run.settings.get("start")) and not saved:
        # The others take the net over as they join it.
        before = team.first(lambda: training.start_from(origin_of(start)))
    if saved:
        training.restore(*saved)
    writer.facts(
        **(facts or {}),
        before=before,
        steps=recipe.steps,
        width=recipe.width,
        names=list(recipe.styles),
        precision=hardware.precision(recipe.half),
        device=hardware.describe(recipe.half),
        processes=team.size,
    )
    writer.drop_metrics_after("step", training.step)
    _loop(training, writer, previews if team.leads else ())


def seconds_a_step(recipe: Recipe, network: Network) -> float:
    """What a step of such a training takes on this machine: measured on noise, with one small crop, and scaled."""
    noise = np.random.default_rng(0).integers(0, 256, (TRIED_CROP, TRIED_CROP, 3), np.uint8)
    small = replace(recipe, styles=("noise",), style_factors={}, batch=1, crop=TRIED_CROP, style_side=TRIED_CROP)
    training = PasticheTraining(small, Photographs([torch.from_numpy(noise)]), {"noise": noise}, network)
    training.advance()  # the first one also finds out how to compute
    with training.clock.step():
        training.advance()
    return (training.clock.left(1) or 0.0) * recipe.batch * (recipe.crop / TRIED_CROP) ** 2


def _loop(training: PasticheTraining, writer: Writer, previews: Sequence[Picture]) -> None:
    recipe, team = training.recipe, training.team
    tally = Tally(recipe.styles)
    while training.step < recipe.steps:
        stops = team.leads and writer.begin_step(lambda: _save(training, writer, previews)).command == "stop"
        if any(team.broadcast(stops)):
            break
        with training.clock.step():
            tally.add(*training.advance())
        writer.progress(
            step=training.step,
            steps=recipe.steps,
            images_per_second=training.clock.speed * recipe.batch,
            seconds_left=training.clock.left(recipe.steps - training.step),
        )
        if training.step % recipe.log_every == 0 or training.step == recipe.steps:
            row = {"step": training.step, "learning_rate": recipe.rate(training.step - 1)}
            writer.log(row | training.clock.row() | {"gradient": training.gradient_norm} | tally.row())
        if training.step % recipe.save_every == 0:
            _save(training, writer, previews)
    _save(training, writer, previews)


def _save(training: PasticheTraining, writer: Writer, previews: Sequence[Picture]) -> None:
    writer.save(*training.checkpoint())
    writer.save_model({name: tensor.detach() for name, tensor in training.net.state_dict().items()})
    for index, name in enumerate(training.recipe.styles if previews else ()):
        writer.preview(name, images.encode(strip(training.net, index, previews), "JPEG", 90))
