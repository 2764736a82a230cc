"""Training `compact` to reproduce the features of its teachers (knowledge distillation by hints, after Romero et al.,
2015). What the training leaves behind is a run folder.

Two things make an hour on one core go a long way. At first every block learns from its teacher's own input, so that
all depths are learnt at once; later the net runs on its own features. And some of each batch are pictures from
transfers driven by the net as it is: there its errors are sought out, so there they have to be mended. Targets are not
cached: a crop is never seen twice, and in bfloat16 the teachers take a third of a step.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

import torch
from torch import Tensor

from core import hardware
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import Writer, writing
from core.style import compact, losses
from core.style.clock import Clock
from core.style.compact import CONTENT, SOURCES, STYLE, Compact, relative_error
from core.style.loss_networks import STYLE_LAYERS, LossNetworks
from core.style.photographs import Photographs
from core.trainers import checkpoint

HINTS = ("squeezenet.fire2",)  # learnt for the sake of the layers behind it
TRANSFER_LAYERS = tuple(CONTENT | STYLE)
GRAM_LAYERS = tuple(dict.fromkeys((*STYLE, *STYLE_LAYERS)))  # those of compact's own transfers and of its teachers'


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a training, as run.json keeps it."""

    steps: int = 16_000
    crop: int = 128  # side of the training pictures, px
    batch: int = 6  # pictures a step, transfers included
    transfers: int = 2  # how many of them occur during a transfer
    paintings: float = 0.3  # part of the others that are cut from paintings
    closest: float = 0.5  # the smallest crop taken, as a part of the short side
    learning_rate: float = 2e-3
    decay: float = 0.5  # last part of the steps, in which the rate falls linearly to a hundredth
    taught: float = 0.25  # first part of the steps, in which every block sees its teacher's features
    gram: float = 0.3  # weight of the agreement of Gram matrices beside that of the features
    hints: float = 0.3  # weight of layers that nobody is going to ask for
    life: int = 40  # steps of a transfer before another takes its place
    pool: int = 8  # transfers under way
    average: float = 0.999  # decay of the moving average of the weights, which is what is kept
    seed: int = 0
    half: bool = False  # bfloat16 autocast
    log_every: int = 25
    save_every: int = 250

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "pool", "life", "log_every", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it must be at least 1.")
        if self.crop < 64:
            raise UserError(f"Crops of {self.crop} px leave the deepest layers nothing to see; give at least 64.")
        if not 0 <= self.transfers < self.batch or self.transfers > self.pool:
            raise UserError(
                f"Of {self.batch} pictures a step {self.transfers} cannot come from {self.pool} transfers; "
                "lower `transfers`."
            )
        for name in ("paintings", "closest", "decay", "taught", "average"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"The setting {name} is {getattr(self, name)}; it is a part of a whole, from 0 to 1.")
        losses.check_weights({"gram": self.gram, "hints": self.hints}, "loss")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise UserError(f"The learning rate is {self.learning_rate}; it must be a number above zero.")

    def rate(self, step: int) -> float:
        """Learning rate of 0-based `step`: a short rise, constant, then linear down to a hundredth."""
        falling = self.decay * self.steps
        left = (self.steps - step) / falling if falling else 1.0
        return self.learning_rate * max(0.01, min(1.0, left, (step + 1) / 100))

    def is_taught(self, step: int) -> bool:
        return step < self.taught * self.steps


def recipe_of(settings: Mapping) -> Recipe:
    """The recipe in a run's settings."""
    known = {entry.name for entry in fields(Recipe)}
    return Recipe(**{name: value for name, value in settings.items() if name in known})


def settings_of(recipe: Recipe, **more: str) -> dict:
    """A recipe as JSON-able settings, with whatever else the run is to remember."""
    return {**asdict(recipe), **more}


@dataclass
class Transfers:
    """Iterative transfers under way (section 5.3), driven by the net that is being trained."""

    pictures: Tensor  # (pool, 3, side, side)
    ages: Tensor  # int64 (pool,); beyond a transfer's life another is begun
    strengths: Tensor  # (pool,) lambda_s of each
    content: dict[str, Tensor]  # targets by layer, (pool, C, H, W)
    grams: dict[str, Tensor]  # targets by layer, (pool, C, C)

    @classmethod
    def idle(cls, recipe: Recipe, net: Compact) -> "Transfers":
        """A pool in which every place is free."""
        blank = torch.zeros(recipe.pool, 3, recipe.crop, recipe.crop)
        with torch.no_grad():
            found = net(blank[:1], TRANSFER_LAYERS)
        places = recipe.pool
        return cls(
            blank,
            torch.full((places,), recipe.life),
            torch.ones(places),
            {layer: torch.zeros(places, *found[layer].shape[1:]) for layer in CONTENT},
            {layer: torch.zeros(places, found[layer].shape[1], found[layer].shape[1]) for layer in STYLE},
        )

    def begin(self, place: int, net: Compact, photograph: Tensor, painting: Tensor, generator: torch.Generator) -> None:
        """Start anew from a photograph or, one time in four, from noise; both (1, 3, side, side)."""
        chance, strength = torch.rand(2, generator=generator).tolist()
        noise = torch.rand(photograph.shape, generator=generator)
        self.pictures[place] = (noise if chance < 0.25 else photograph)[0]
        self.ages[place] = 0
        self.strengths[place] = 10**strength  # from 1, where the photograph rules, to 10, where the painting does
        with torch.no_grad():
            found = net(torch.cat((photograph, painting)), TRANSFER_LAYERS)
        for layer, target in self.content.items():
            target[place] = found[layer][0]
        for layer, target in self.grams.items():
            target[place] = losses.gram(found[layer][1:])[0]

    def advance(self, places: Tensor, net: Compact, half: bool) -> Tensor:
        """One step of each of `places` along its gradient; returns the pictures, (places, 3, side, side)."""
        x = self.pictures[places].contiguous(memory_format=torch.channels_last).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            found = net(x, TRANSFER_LAYERS)
            content = losses.content_loss(found, {k: v[places] for k, v in self.content.items()}, CONTENT)
            style = losses.style_loss(found, {k: v[places] for k, v in self.grams.items()}, STYLE)
            loss = (content + self.strengths[places] * style).sum()
        (slope,) = torch.autograd.grad(loss, x)
        size = slope.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        self.pictures[places] = (x.detach() - 0.03 * slope / size).clamp(0, 1)
        self.ages[places] += 1
        return self.pictures[places]

    def tensors(self) -> dict[str, Tensor]:
        """All of it under names for a checkpoint."""
        plain = {"pictures": self.pictures, "ages": self.ages, "strengths": self.strengths}
        content = {f"content.{layer}": tensor for layer, tensor in self.content.items()}
        return plain | content | {f"gram.{layer}": tensor for layer, tensor in self.grams.items()}


class Distillation:
    """A student, its optimiser, its moving average, its transfers and its random numbers."""

    def __init__(
        self, recipe: Recipe, photographs: Photographs, paintings: Photographs, teachers: LossNetworks
    ) -> None:
        self.recipe = recipe
        self.photographs, self.paintings = photographs, paintings
        self.teachers = teachers
        self.step = 0
        self.clock = Clock()
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.net = hardware.channels_last(compact.fresh(recipe.seed))
        self.average = hardware.channels_last(compact.fresh(recipe.seed)).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.net.parameters())
        self.transfers = Transfers.idle(recipe, self.net)

    def advance(self) -> dict[str, float]:
        """One step of Adam. Returns the relative error of each layer on its batch, and the whole loss."""
        recipe = self.recipe
        x = self._batch()
        taught = recipe.is_taught(self.step)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            with torch.no_grad():
                targets = self.teachers(x, SOURCES)
            found = self.net(x, SOURCES, targets if taught else None)
            errors = {layer: relative_error(found[layer], targets[layer]) for layer in SOURCES}
            grams = {layer: gram_error(found[layer], targets[layer]) for layer in GRAM_LAYERS}
        weigh = {layer: recipe.hints if layer in HINTS else 1.0 for layer in SOURCES}
        loss = torch.stack([weigh[layer] * error for layer, error in errors.items()]).sum()
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
        self._keep_average()
        return {"loss": loss.item()} | {f"train/{layer}": error.item() for layer, error in errors.items()}

    def _batch(self) -> Tensor:
        """Photographs, paintings and pictures of transfers, (batch, 3, crop, crop)."""
        recipe, generator = self.recipe, self.generator
        drawn = recipe.batch - recipe.transfers
        painted = int((torch.rand(drawn, generator=generator) < recipe.paintings).sum())
        parts = [self._crops(self.photographs, drawn - painted)] if painted < drawn else []
        if painted:
            parts.append(self._crops(self.paintings, painted))
        if recipe.transfers:
            places = (torch.arange(recipe.transfers) + self.step * recipe.transfers) % recipe.pool
            for place in places.tolist():
                if self.transfers.ages[place] >= recipe.life:
                    pair = self._crops(self.photographs, 1), self._crops(self.paintings, 1)
                    self.transfers.begin(place, self.net, *pair, generator)
            parts.append(self.transfers.advance(places, self.net, recipe.half))
        return torch.cat(parts).contiguous(memory_format=torch.channels_last)

    def _crops(self, pictures: Photographs, count: int) -> Tensor:
        return pictures.crops(count, self.recipe.crop, self.recipe.closest, self.generator)

    @torch.no_grad()
    def _keep_average(self) -> None:
        # Young averages would be full of the first weights, which know nothing.
        kept = min(self.recipe.average, self.step / (self.step + 9))
        for mean, parameter in zip(self.average.parameters(), self.net.parameters(), strict=True):
            mean.lerp_(parameter, 1 - kept)

    def checkpoint(self) -> tuple[dict[str, Tensor], dict]:
        """Tensors and JSON-able state from which `restore` goes on as if nothing had happened."""
        tensors = checkpoint.network_state(self.net, self.optimiser, self.generator)
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        tensors |= {f"transfers.{name}": tensor for name, tensor in self.transfers.tensors().items()}
        return tensors, {"step": self.step, "seconds": self.clock.seconds}

    def restore(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Take up a checkpoint. Raises UserError where it belongs to another net or recipe."""
        try:
            self.step = int(state["step"])
            self.clock.restore(state)
            checkpoint.restore_network(self.net, self.optimiser, self.generator, tensors, self.step)
            checkpoint.load_weights(self.average, tensors, "average")
            for name, tensor in self.transfers.tensors().items():
                tensor.copy_(tensors[f"transfers.{name}"])
        except (KeyError, RuntimeError) as error:
            raise UserError("The checkpoint does not belong to this net and recipe; start a new run.") from error


def gram_error(found: Tensor, target: Tensor) -> Tensor:
    """Batch mean of the relative style loss between feature maps (N, C, H, W) and their teacher's: a scalar."""
    return losses.style_loss({"": found}, {"": losses.gram(target)}, {"": 1.0}).mean()


@torch.no_grad()
def judge(net: Compact, teachers: LossNetworks, pictures: Sequence[Tensor]) -> dict[str, float]:
    """Held-out figures: relative error of each layer and of the Gram matrices, in float32.

    `pictures` are batches (N, 3, H, W), of photographs, of paintings, ...; the figures are their means.
    """
    rows = []
    for x in pictures:
        targets, found = teachers(x, SOURCES), net(x, SOURCES)
        row = {f"error/{layer}": float(relative_error(found[layer], targets[layer])) for layer in SOURCES}
        rows.append(row | {f"gram/{layer}": float(gram_error(found[layer], targets[layer])) for layer in GRAM_LAYERS})
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def train(
    run: Run,
    photographs: Photographs,
    paintings: Photographs,
    held_out: Sequence[Tensor],
    teachers: LossNetworks,
    facts: dict | None = None,
) -> None:
    """Train `compact` in `run` to the end of its recipe, from its checkpoint where it has one.

    `held_out` are batches (N, 3, H, W) of pictures that are never learnt from. `facts` goes into the run folder.
    """
    recipe = recipe_of(run.settings)
    training = Distillation(recipe, photographs, paintings, teachers)
    saved = run.checkpoint()
    if saved:
        training.restore(*saved)
    with writing(run) as writer:
        size = sum(parameter.numel() for parameter in training.net.parameters())
        precision = hardware.precision(recipe.half)
        writer.facts(**(facts or {}), steps=recipe.steps, parameters=size, precision=precision)
        writer.drop_metrics_after("step", training.step)
        _loop(training, writer, held_out)


def card_of(run: Run, licence: str) -> dict:
    """The card of the latest weights of such a training; `licence` says how its photographs may be used."""
    judged = [row for row in run.metrics() if "error/vgg19.relu1_1" in row]
    if not judged or run.model_path() is None:
        raise UserError(f"The run {run.id} has saved no weights yet; train it first.")
    last = judged[-1]
    recipe = replace(recipe_of(run.settings), steps=run.data["steps"])
    return {
        "kind": "loss_network",
        "title": "Compact loss network",
        "source": "distilled from VGG-19 as far as relu3_1 and SqueezeNet 1.1, by hints (Romero et al., 2015)",
        "parameters": run.data["parameters"],
        "data": f"{run.data['photographs']} photographs and {run.data['paintings']} paintings",
        "licence": licence,
        "steps": last["step"],
        "training_seconds": round(last["seconds"]) if "seconds" in last else None,
        "precision": run.data["precision"],
        "errors": {kind: {k.partition("/")[2]: round(v, 4) for k, v in last.items() if k.startswith(f"{kind}/")}
                   for kind in ("error", "gram")},
        "errors_are": "on held-out photographs and paintings: squared error of a layer in units of its variance, and "
        "of its Gram matrices in units of their mean square",
        "held_out_photographs": run.data["held_out_photographs"],
        "held_out_paintings": run.data["held_out_paintings"],
        "recipe": settings_of(recipe),
    }  # fmt: skip


def _loop(training: Distillation, writer: Writer, held_out: Sequence[Tensor]) -> None:
    recipe = training.recipe
    rows: list[dict[str, float]] = []
    while training.step < recipe.steps:
        if writer.begin_step(lambda: _save(training, writer)).command == "stop":
            break
        with training.clock.step():
            rows.append(training.advance())
        writer.progress(
            step=training.step,
            steps=recipe.steps,
            images_per_second=training.clock.speed * recipe.batch,
            seconds_left=training.clock.left(recipe.steps - training.step),
        )
        last = training.step == recipe.steps
        judged = last or training.step % recipe.save_every == 0
        if judged or training.step % recipe.log_every == 0:
            row = {"step": training.step, "learning_rate": recipe.rate(training.step - 1)}
            row |= training.clock.row() | {name: sum(each[name] for each in rows) / len(rows) for name in rows[0]}
            rows = []
            writer.log(row | (judge(training.average, training.teachers, held_out) if judged else {}))
        if judged:
            _save(training, writer)
    _save(training, writer)


def _save(training: Distillation, writer: Writer) -> None:
    writer.save(*training.checkpoint())
    writer.save_model({name: tensor.detach() for name, tensor in training.average.state_dict().items()})
