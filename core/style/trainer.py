"""Training a pastiche net for several styles at once (sections 5.4.1, 5.4.3 and 5.5.1): every sample of a batch draws
its own photograph, crop and style. What the training leaves behind is a run folder.

Several processes may train one net, each on its part of every batch: all of them draw the same numbers, so that they
learn what one would. No layer normalises over the batch, so nothing depends on how it is shared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.runs.folder import Run
from core.runs.writer import Writer
from core.style import checkpoint, losses, sources
from core.style.clock import Clock
from core.style.network import PasticheNet, one_hot
from core.style.photographs import Crop, Easel, Photographs
from core.style.sources import Network
from core.trainers.parallel import Team

# The weights of all content layers and of all style layers add up to this, whichever the loss network: the terms are
# relative to their targets, so the lambdas below then mean about the same for each.
LAYER_SUMS = {"content": 2.0, "style": 6.0}
TRIED_CROP = 96  # side of the crop that a step is measured with, px


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
    def joined(self) -> nn.Module:
        """What a step calls: made at the first one, when the leading process's net is the one that all begin with."""
        return self.team.joined(self.net)

    def advance(self) -> tuple[Tensor, losses.Terms]:
        """One step of Adam. Returns the styles drawn for the whole batch, int64 (batch,), and their losses."""
        recipe, team = self.recipe, self.team
        labels = torch.multinomial(self.shares, recipe.batch, replacement=True, generator=self.generator)
        drawn = self.easel.draw(recipe.batch, self.generator)
        chosen = [self.easel.crop(seed) for seed in team.part(drawn).tolist()]
        own = team.part(labels).to(self.device)
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
        rows = self.team.whole(rows, self.recipe.batch)
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
        painted = self.joined(crops, one_hot(labels, len(recipe.styles)))
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

    def start_from(self, origin: "Origin") -> dict:
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
        tensors = checkpoint.tensors_of(self.net, self.optimiser, self.generator)
        return tensors | {"easel": self.easel.state()}, state

    def restore(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Take up a checkpoint. Raises UserError where it belongs to another net."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            checkpoint.restore(self.net, self.optimiser, self.generator, tensors, self.step)
            if "easel" in tensors:  # older checkpoints have none
                self.easel.restore(tensors["easel"])
        except (KeyError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this net and its styles; start a new run.") from error


@dataclass(frozen=True)
class Origin:
    """Weights that a training begins with. `what` says whose they are; `made` how: `steps` (those before it included),
    `training_seconds` (its own; None where nobody measured), `recipe`, and `before`, what it began with itself."""

    what: str
    path: Path
    names: tuple[str, ...]
    width: float
    made: dict

    def must_fit(self, recipe: Recipe) -> None:
        """Raises UserError where the net of the recipe has another width."""
        if self.width != recipe.width:
            raise UserError(
                f"{self.what} has no weights of a pastiche net of this width, {recipe.width:g}, but of {self.width:g}; "
                "start from another, or take that width."
            )


def origin(start: str) -> Origin:
    """The weights that `start` names: a shipped net, or a run by its name or path. Raises UserError for another."""
    if start in (shipped := weights.cards("pastiche")):
        card = shipped[start]
        names = tuple(style["name"] for style in card["styles"])
        path = weights.WEIGHTS / f"{start}.safetensors"
        made = {"steps": card.get("steps", 0), "training_seconds": card.get("training_seconds")}
        made |= {"recipe": card.get("recipe", {}), "before": card.get("before")}
        return Origin(f"The shipped net {start}", path, names, card["width"], made)
    run = Run.open(start)
    model, names, rows = run.model_path(), tuple(run.data.get("names", ())), run.metrics()
    if model is None or run.kind != "pastiche" or not rows or "width" not in run.data:
        raise UserError(f"The run {run.id} has saved no weights of a pastiche net yet; start from another.")
    made = {**work_of(run), "recipe": settings_of(recipe_of_run(run)), "before": run.data.get("before")}
    return Origin(f"The run {run.id}", model, names, run.data["width"], made)


def work_of(run: Run) -> dict:
    """How long a run with metrics has trained: steps, those of what it began with included, and seconds of its own."""
    before, last = run.data.get("before"), run.metrics()[-1]
    seconds = last.get("seconds")
    steps = last["step"] + (before["steps"] if before else 0)
    return {"steps": steps, "training_seconds": None if seconds is None else round(seconds)}


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
        before = team.first(lambda: training.start_from(origin(start)))  # the others take the net over as they join it
    if saved:
        training.restore(*saved)
    writer.facts(
        **(facts or {}),
        before=before,
        steps=recipe.steps,
        width=recipe.width,
        names=list(recipe.styles),
        precision=precision(recipe),
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


def card_of(run: Run, licence: str) -> dict:
    """The card of the latest weights of a pastiche training; `licence` says how its photographs may be used."""
    recipe = recipe_of_run(run)
    rows = run.metrics()
    if not rows or run.model_path() is None:
        raise UserError(f"The run {run.id} has saved no weights yet; train it first.")
    last = [row for row in rows if row["step"] > rows[-1]["step"] - 500]
    styles = [
        {**style, "losses": {kind: mean_of(last, f"{kind}/{style['name']}") for kind in ("content", "style")}}
        for style in run.data["styles"]
    ]
    return {
        "kind": "pastiche",
        "title": f"{len(styles)} paintings" if len(styles) > 1 else f"{styles[0]['title']} alone",
        "source": "Table 5.1 with all sixteen normalisations conditioned on the style (equation 5.13)",
        "width": recipe.width,
        "styles": styles,
        "data": f"{run.data['photographs']} photographs",
        "licence": licence,
        **work_of(run),
        "precision": precision(recipe),
        "hardware": run.data.get("device"),  # None of a run that was begun before runs told it
        "loss_networks": loss_networks(recipe),
        "losses": {kind: mean_of(last, kind) for kind in ("content", "style", "variation")},
        "losses_are": "means of the last 500 steps; content and style summed over their layers, each term divided by "
        "the variance (content) or the mean square (style) of its target",
        "recipe": settings_of(recipe),
        "before": run.data.get("before"),  # the training whose weights this one started from
    }


def mean_of(rows: Sequence[Mapping], key: str) -> float | None:
    """Mean of the rows that have `key`, to four digits; None where none has."""
    values = [row[key] for row in rows if row.get(key) is not None]
    return round(sum(values) / len(values), 4) if values else None


def loss_networks(recipe: Recipe) -> list[str]:
    """What compared the pictures, in words."""
    if recipe.network == "both":
        return ["VGG-19 as far as relu3_1", "SqueezeNet 1.1"]
    return [sources.source(recipe.network).title]


def precision(recipe: Recipe) -> str:
    return "bfloat16 autocast" if recipe.half else "float32"


def _loop(training: PasticheTraining, writer: Writer, previews: Sequence[Picture]) -> None:
    recipe, team = training.recipe, training.team
    tally = Tally(recipe.styles)
    while training.step < recipe.steps:
        stops = team.leads and writer.obey(lambda: _save(training, writer, previews)).command == "stop"
        if any(team.told(stops)):
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
