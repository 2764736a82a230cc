"""The training loop for classifiers: data to run folder, pausable, stoppable and resumable at any step.

Every random choice is a function of a seed and the step, or of torch's generator whose state is in the checkpoint, so a
resumed training takes exactly the steps that an uninterrupted one would have taken.
"""

import time
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import datasets, hardware, weights
from core.datasets import Dataset
from core.datasets.augmentation import crop_and_mirror, normalise
from core.errors import UserError
from core.models import catalogue
from core.runs.folder import Run, Writer
from core.trainers import evaluation
from core.trainers.muon import Muon
from core.trainers.recipe import Recipe, Settings
from core.trainers.schedule import learning_rate

ROWS_PER_EPOCH = 10
CHECKPOINT_SECONDS = 30.0
PADDING = 4  # the thesis' augmentation, section 4.3.1


def train(run: Run) -> None:
    """Train as `run.settings` say, from the run's last checkpoint where it has one.

    Writes the whole of the run folder. Raises UserError where the data cannot be had, the settings cannot work or the
    loss diverges; the folder then says so too.
    """
    with run.write() as writer:
        settings = Settings.from_json(run.settings)
        data = datasets.load(settings.dataset, progress=_download_progress(writer))
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        _Training(run, writer, settings, data).go()


def _download_progress(writer: Writer) -> datasets.Progress:
    def report(what: str, done: int, total: int) -> None:
        writer.progress(downloading=what, bytes=done, bytes_total=total)

    return report


@dataclass
class _Tally:
    """Sums over the training batches since the last row of the metrics."""

    loss: float = 0.0
    errors: int = 0
    images: int = 0


class _Training:
    def __init__(self, run: Run, writer: Writer, settings: Settings, data: Dataset):
        self.writer, self.settings, self.recipe, self.data = writer, settings, settings.recipe, data
        hardware.keep_freed_memory()
        torch.set_num_threads(settings.threads or hardware.cores())
        self.device = hardware.device()
        wanted = {"float32": False, "bfloat16": True, "auto": self.recipe.bfloat16 and hardware.bf16_is_fast()}
        self.bf16 = wanted[settings.precision]
        torch.manual_seed(settings.seed_initialisation)
        self.net: nn.Module = catalogue.build(
            settings.model,
            classes=len(data.classes),
            channels=data.channels,
            side=data.side,
            dataset=settings.dataset,
        )
        _set_dropout(self.net, self.recipe.dropout)
        hardware.channels_last(self.net, self.device)
        self.optimizer = _optimizer(self.recipe, self.net)
        torch.manual_seed(settings.seed_noise)
        self.step = 0
        self.seconds = 0.0
        self.tally = _Tally()
        self.steps_per_epoch = max(1, len(data.train) // self.recipe.batch_size)
        self.steps = self.recipe.epochs * self.steps_per_epoch
        self.images = data.train.images.to(self.device)
        self.labels = data.train.labels.to(self.device)
        began_from = _start_from(settings.start_from, self.net) if settings.start_from else None
        self._resume(run)
        held_out = data.held_out
        self.held_out_name, self.held_out = held_out, getattr(data, held_out)
        writer.facts(
            model=settings.model,
            dataset=settings.dataset,
            classes=list(data.classes),
            channels=data.channels,
            side=data.side,
            mean=list(data.mean),
            std=list(data.std),
            held_out=held_out,
            precision="bfloat16" if self.bf16 else "float32",
            device=hardware.describe(self.bf16),
            steps=self.steps,
            steps_per_epoch=self.steps_per_epoch,
            parameters=sum(parameter.numel() for parameter in self.net.parameters()),
            began_from=began_from,
        )

    def go(self) -> None:
        row_every = max(1, self.steps_per_epoch // ROWS_PER_EPOCH)
        saved_at = time.monotonic()
        self._report(0.0)
        self.net.train()
        while self.step < self.steps:
            if self.writer.obey(self._save).command == "stop":
                break
            began = time.monotonic()
            self._take_step()
            self.step += 1
            self.seconds += time.monotonic() - began
            ends_epoch = self.step % self.steps_per_epoch == 0
            if ends_epoch or self.step % row_every == 0:
                self._log(ends_epoch)
            if ends_epoch or time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                self._save()
                saved_at = time.monotonic()
        self._save()

    def _take_step(self) -> None:
        rate = learning_rate(self.recipe, self.step, self.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get("rate_factor", 1.0)
        images, labels = self._batch()
        x = normalise(images, self.data.mean, self.data.std).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.net(x)
        logits = logits.float()
        loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        value = loss.item()
        if value != value or value == float("inf"):
            raise UserError(
                f"The loss is no longer a number at step {self.step} (learning rate {rate:g}): the training has "
                f"diverged. The last good checkpoint is kept; start again with a learning rate of "
                f"{self.recipe.learning_rate / 10:.2g} or less."
            )
        self.optimizer.step()
        self.tally.loss += value * len(labels)
        self.tally.errors += int((logits.detach().argmax(1) != labels).sum())
        self.tally.images += len(labels)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Images and labels of this step: a slice of the epoch's shuffled order, augmented as the recipe says."""
        epoch, place = divmod(self.step, self.steps_per_epoch)
        if place == 0 or not hasattr(self, "order"):
            shuffle = torch.Generator().manual_seed(_mix(self.settings.seed_order, epoch))
            self.order = torch.randperm(len(self.data.train), generator=shuffle).to(self.device)
        chosen = self.order[place * self.recipe.batch_size : (place + 1) * self.recipe.batch_size]
        images, labels = self.images[chosen], self.labels[chosen]
        if self.recipe.augment:
            draw = torch.Generator().manual_seed(_mix(self.settings.seed_noise, self.step))
            images = crop_and_mirror(images, PADDING, True, draw)
        return images, labels

    def _log(self, ends_epoch: bool) -> None:
        row: dict[str, Any] = {
            "step": self.step,
            "epoch": round(self.step / self.steps_per_epoch, 4),
            "train_loss": self.tally.loss / self.tally.images,
            "train_error": 100 * self.tally.errors / self.tally.images,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": round(self.seconds, 3),
        }
        speed = self.step * self.recipe.batch_size / self.seconds
        row["images_per_second"] = round(speed, 1)
        self.tally = _Tally()
        if ends_epoch:
            loss, error = evaluation.evaluate(self.net, self.held_out, self.data.mean, self.data.std, self.bf16)
            row |= {f"{self.held_out_name}_loss": loss, f"{self.held_out_name}_error": error}
        self.writer.log(row)
        self._report(speed)

    def _report(self, speed: float) -> None:
        left = (self.steps - self.step) * self.recipe.batch_size / speed if speed else None
        self.writer.progress(
            step=self.step,
            steps=self.steps,
            epoch=round(self.step / self.steps_per_epoch, 2),
            epochs=self.recipe.epochs,
            images_per_second=round(speed, 1),
            seconds_left=left and round(left, 1),
        )

    def _save(self) -> None:
        model = {name: tensor.detach().cpu() for name, tensor in self.net.state_dict().items()}
        tensors = {f"net.{name}": tensor for name, tensor in model.items()}
        saved = self.optimizer.state_dict()
        for index, entries in saved["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value.cpu() for key, value in entries.items()}
        tensors["rng"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["rng_cuda"] = torch.cuda.get_rng_state()
        state = {"step": self.step, "seconds": self.seconds, "tally": vars(self.tally)}
        self.writer.save(tensors, state)
        self.writer.save_model(model)

    def _resume(self, run: Run) -> None:
        found = run.checkpoint()
        if found is None:
            self.writer.drop_metrics_after("step", -1)
            return
        tensors, state = found
        net_tensors = {name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")}
        weights.fill(self.net, net_tensors, f"The checkpoint of {run.id}")
        saved = self.optimizer.state_dict()
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                saved["state"].setdefault(int(index), {})[key] = tensor
        self.optimizer.load_state_dict(saved)
        torch.set_rng_state(tensors["rng"])
        if "rng_cuda" in tensors and self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng_cuda"])
        self.step, self.seconds, self.tally = state["step"], state["seconds"], _Tally(**state["tally"])
        self.writer.drop_metrics_after("step", self.step)


def _start_from(name: str, net: nn.Module) -> dict[str, Any]:
    """Give `net` the weights of a run or a shipped net; returns how those came about.

    Raises UserError where there is no such run, or where its net is another.
    """
    if name in weights.cards("classifier"):
        card = weights.card(name)
        weights.fill(net, weights.read(weights.WEIGHTS / f"{name}.safetensors"), f"The weights of {name}")
        return {key: card[key] for key in ("settings", "epochs", "training_seconds")}
    run = Run.open(name)
    path = run.model_path()
    if path is None:
        raise UserError(f"The run {run.id} has saved no weights to start from; choose one that has.")
    weights.fill(net, weights.read(path), f"The weights of the run {run.id}")
    last = (run.metrics() or [{"epoch": 0.0, "seconds": 0.0}])[-1]
    return {"settings": run.settings, "epochs": last["epoch"], "training_seconds": last["seconds"]}


def _set_dropout(net: nn.Module, probability: float | None) -> None:
    """Give every dropout layer this drop probability; None leaves each its own."""
    for layer in net.modules():
        if isinstance(layer, nn.Dropout) and probability is not None:
            layer.p = probability


_ADAPTIVE: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
}


def _optimizer(recipe: Recipe, net: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of that name (section 3.2); what the recipe does not hold has torch's value."""
    if recipe.optimizer in _ADAPTIVE:
        adaptive: Any = _ADAPTIVE[recipe.optimizer]
        return adaptive(net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "muon":
        return Muon(net, recipe.learning_rate, recipe.momentum, recipe.weight_decay, recipe.bias_rate)
    momentum = 0.0 if recipe.optimizer == "sgd" else recipe.momentum
    return torch.optim.SGD(
        net.parameters(),
        recipe.learning_rate,
        momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.optimizer == "nesterov" and momentum > 0,
    )


def _mix(seed: int, number: int) -> int:
    """One seed out of two numbers, different for each pair."""
    return (seed * 1_000_003 + number) % 2**63
