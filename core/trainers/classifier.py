"""The training loop for classifiers: data to run folder, pausable, steerable, stoppable and resumable at any step.

Every random choice is a function of a seed and the step, or of torch's generator whose state is in the checkpoint, so a
resumed training takes exactly the steps that an uninterrupted one would have taken.
"""

import copy
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import datasets, hardware, weights
from core.datasets import Dataset, Split
from core.datasets.augmentation import alternately_mirrored, crop_and_mirror, normalise
from core.errors import UserError
from core.models import catalogue
from core.runs.run import Run
from core.runs.values import is_number
from core.runs.writer import Writer
from core.trainers import beginning, checkpoint, evaluation, kept_epochs, optimizers
from core.trainers.average import WeightAverage
from core.trainers.divergence import Watch
from core.trainers.parallel import Team
from core.trainers.recipe import Settings
from core.trainers.schedule import learning_rate

ROWS_PER_EPOCH = 10
CHECKPOINT_SECONDS = 30.0
PREPARATION_IMAGES = 5_000  # that a net may see before its first step
RATE_FACTORS = (1e-4, 1e4)


def train(run: Run, team: Team | None = None) -> None:
    """Train as `run.settings` say, from the run's last checkpoint where it has one, in this process or with a team.

    Writes the whole of the run folder. Raises UserError where the data cannot be had, the settings cannot work, the
    loss diverges or a process of the team is gone; the folder then says so too.
    """
    team = team or Team()
    with team.writing(run) as writer:
        settings = Settings.from_json(run.settings)
        team.check_batch(settings.recipe.batch_size)
        data = datasets.load(settings.dataset, progress=_download_progress(writer))
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        _Training(run, writer, settings, data, team).go()


def _download_progress(writer: Writer) -> datasets.Progress:
    def report(what: str, done: int, total: int) -> None:
        writer.progress(downloading=what, bytes=done, bytes_total=total)

    return report


class _Stopped(Exception):
    """The watcher asked to stop."""


@dataclass
class _Tally:
    """Sums over the training batches since the last row of the metrics."""

    loss: float = 0.0
    errors: int = 0
    images: int = 0


@dataclass(frozen=True)
class _Best:
    """The weights of the epoch, counted from 1, that erred least on the validation split, in per cent."""

    epoch: int
    error: float
    model: dict[str, Tensor]


@dataclass(frozen=True)
class _Snapshot:
    """What a checkpoint holds, and of its tensors the weights that pages read."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]
    model: dict[str, Tensor]


class _Training:
    def __init__(self, run: Run, writer: Writer, settings: Settings, data: Dataset, team: Team):
        self.team = team
        self.writer, self.settings, self.recipe, self.data = writer, settings, settings.recipe, data
        hardware.keep_freed_memory()
        torch.set_num_threads(settings.threads or team.threads)
        self.device = hardware.device()
        wanted = {"float32": False, "bfloat16": True, "auto": self.recipe.bfloat16 and hardware.bf16_is_fast()}
        self.bf16 = wanted[settings.precision]
        self.step = 0
        self.seconds = 0.0
        self.tally = _Tally()
        self.best: _Best | None = None
        self.measured: tuple[float, float] | None = None
        self.finished = False
        self.unsaved: _Snapshot | None = None
        self.saved_at = time.monotonic()
        self.watch = Watch(len(data.classes))
        self.rate_factor = 1.0
        self.ignored = ""
        self.steps_per_epoch = max(1, len(data.train) // self.recipe.batch_size)
        self.steps = self.recipe.epochs * self.steps_per_epoch
        self.kept_epochs = kept_epochs.chosen(self.recipe.epochs, settings.keep_epochs)
        self.row_every = max(1, self.steps_per_epoch // ROWS_PER_EPOCH)
        self.images = data.train.images.to(self.device)
        self.labels = data.train.labels.to(self.device)
        self.held_out_name, self.held_out = data.held_out, getattr(data, data.held_out)
        found = team.first(run.checkpoint)
        began_from = self._build(fresh=found is None)
        self.wrapped = team.wrap(self.net)
        self.optimizer = optimizers.optimizer(self.recipe, self.net)
        self.average = WeightAverage(self.net, self.recipe.weight_average) if self.recipe.weight_average else None
        torch.manual_seed(settings.seed_noise)
        if found:
            self._resume(run, *found)
        writer.drop_metrics_after("step", self.step if found else -1)
        self.rate = learning_rate(self.recipe, max(0, self.step - 1), self.steps_per_epoch)
        writer.facts(
            model=settings.model,
            dataset=settings.dataset,
            classes=list(data.classes),
            channels=data.channels,
            side=data.side,
            mean=list(data.mean),
            std=list(data.std),
            held_out=self.held_out_name,
            selection="validation" if data.validation else "last epoch",
            precision="bfloat16" if self.bf16 else "float32",
            device=hardware.describe(self.bf16),
            processes=team.size,
            steps=self.steps,
            steps_per_epoch=self.steps_per_epoch,
            parameters=sum(parameter.numel() for parameter in self.net.parameters()),
            began_from=began_from if found is None else run.classifier.began_from,
        )

    def _build(self, *, fresh: bool) -> dict[str, Any] | None:
        """Make the net; a fresh one is prepared, or has the weights to start from: returns how those came about."""
        settings, data = self.settings, self.data
        torch.manual_seed(settings.seed_initialisation)
        self.net: nn.Module = catalogue.build(
            settings.model,
            classes=len(data.classes),
            channels=data.channels,
            side=data.side,
            dataset=settings.dataset,
        )
        beginning.set_dropout(self.net, self.recipe.dropout)
        hardware.channels_last(self.net, self.device)
        self.frozen = beginning.freeze(self.net) if settings.freeze_features else []
        if fresh and settings.start_from:
            return self.team.first(lambda: beginning.start_from(settings.start_from, self.net, settings.new_head))
        prepare: Any = getattr(self.net, "prepare", None)
        if fresh and prepare:
            draw = torch.Generator().manual_seed(settings.seed_initialisation)
            chosen = torch.randperm(len(data.train), generator=draw)[:PREPARATION_IMAGES].to(self.device)
            with torch.no_grad():
                prepare(normalise(self.images[chosen], data.mean, data.std))
        return None

    @property
    def judged(self) -> nn.Module:
        """The net that is evaluated and saved: the average where there is one."""
        return self.average.net if self.average else self.net

    def go(self) -> None:
        with suppress(_Stopped):
            self._train()
        self._save()

    def _train(self) -> None:
        self._report(0.0)
        if self.step == 0:
            self._keep_epoch()
        self.net.train()
        while True:
            if self.tally.images and self._row_is_due():
                self._log()
                if self._ends_epoch():
                    self._keep_epoch()  # before the checkpoint behind which nothing is done again
                self._save_soon(CHECKPOINT_SECONDS if not self._ends_epoch() else 0.0)
            if self.step == self.steps:
                return self._finish()
            self._obey()
            began = time.monotonic()
            self._take_step()
            self.step += 1
            if self.average:
                self.average.update(self.step)
            self.seconds += time.monotonic() - began
            self._save_soon(CHECKPOINT_SECONDS)

    def _ends_epoch(self) -> bool:
        return self.step % self.steps_per_epoch == 0

    def _row_is_due(self) -> bool:
        return self._ends_epoch() or self.step % self.row_every == 0

    def _obey(self, within_a_step: bool = False) -> None:
        """Wait where a pause is asked for, raise _Stopped where a stop is, take over the factor on the rate."""
        stops = False
        if self.team.leads:
            asked = (self.writer.wait_while_paused if within_a_step else self.writer.begin_step)(self._before_pause)
            stops = asked.command == "stop"
            if not stops:
                self._steer(asked.values.get("rate_factor", 1.0))
        stops_all, self.rate_factor = self.team.broadcast(stops, self.rate_factor)
        if stops_all:
            raise _Stopped

    def _before_pause(self) -> None:
        self._save()
        self._report(self._speed())  # a single step shows, although it ends no row

    def _obey_within_a_step(self) -> None:
        """Between two parts of an evaluation: a pause or a stop does not wait for its end, a single step passes it."""
        asked = self.team.leads and self.writer.run.control().command in ("pause", "stop")
        if any(self.team.broadcast(asked)):
            self._obey(within_a_step=True)

    def _steer(self, factor: Any) -> None:
        low, high = RATE_FACTORS
        if not is_number(factor) or not low <= factor <= high:
            if repr(factor) != self.ignored:  # said once
                self.ignored = repr(factor)
                self.writer.message(
                    f"The factor {factor!r} on the learning rate is ignored: choose a number between {low:g} and "
                    f"{high:g}."
                )
        elif factor != self.rate_factor:
            self.rate_factor, self.ignored = float(factor), ""
            self.writer.message("" if factor == 1 else f"The learning rate is {factor:g} times that of the recipe.")

    def _take_step(self) -> None:
        self.rate = learning_rate(self.recipe, self.step, self.steps_per_epoch) * self.rate_factor
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group.get("rate_factor", 1.0)
        images, labels, count = self._batch()
        if self.team.size > 1:  # each process's dropout is its own, and a function of the step alone
            torch.manual_seed(_mix(self.settings.seed_noise, self.step * self.team.size + self.team.rank))
        x = normalise(images, self.data.mean, self.data.std).contiguous(memory_format=torch.channels_last)
        for layer in self.frozen:
            layer.eval()  # an evaluation in between wakes them again
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.wrapped(x)
        logits = logits.float()
        # Each process's part of the mean over the whole batch, as many times as the gradients are divided by.
        share = len(labels) * self.team.size / count
        loss = share * F.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        # One transfer from the device for both figures.
        sums = torch.stack((loss.detach(), (logits.detach().argmax(1) != labels).sum()))
        total, errors = self.team.all_reduce(sums).tolist()
        value = total / self.team.size
        if fault := self.watch.see(value):
            raise self._diverged(fault)
        self._save_if_good()
        self.optimizer.step()
        self.team.sync_buffers(self.net)
        self.tally.loss += value * count
        self.tally.errors += int(errors)
        self.tally.images += count

    def _diverged(self, fault: str) -> UserError:
        # The schedule may not have reached its peak yet, and may be long past it.
        taken = range(0, self.step + 1, max(1, self.step // 100))
        highest = max(learning_rate(self.recipe, step, self.steps_per_epoch) for step in taken)
        lower = highest * self.rate_factor / 10
        return UserError(
            f"{fault} at step {self.step} (learning rate {self.rate:g}): the training has diverged. The last good "
            f"checkpoint is kept; start again with a learning rate of {lower:.2g} or less."
        )

    def _batch(self) -> tuple[Tensor, Tensor, int]:
        """Images and labels of this step, this process's part of them, and how many the whole batch has.

        The batch is a slice of the epoch's shuffled order, augmented as the recipe says: whole, before it is shared, so
        that it does not depend on the number of processes.
        """
        epoch, place = divmod(self.step, self.steps_per_epoch)
        if place == 0 or not hasattr(self, "order"):
            shuffle = torch.Generator().manual_seed(_mix(self.settings.seed_order, epoch))
            self.order = torch.randperm(len(self.data.train), generator=shuffle)
            self.mirrored = alternately_mirrored(len(self.order), epoch, _mix(self.settings.seed_noise, -1))
        chosen = self.order[place * self.recipe.batch_size : (place + 1) * self.recipe.batch_size]
        there = chosen.to(self.device)
        images, labels = self.images[there], self.labels[there]
        if self.recipe.augment:
            draw = torch.Generator().manual_seed(_mix(self.settings.seed_noise, self.step))
            in_turn = self.recipe.mirror and self.recipe.flip == "alternating"
            mirror = self.mirrored[chosen] if in_turn else self.recipe.mirror
            images = crop_and_mirror(images, self.recipe.padding, mirror, draw, reflect=self.recipe.border == "reflect")
        return self.team.shard(images), self.team.shard(labels), len(chosen)

    def _log(self) -> None:
        row: dict[str, Any] = {
            "step": self.step,
            "epoch": round(self.step / self.steps_per_epoch, 4),
            "train_loss": self.tally.loss / self.tally.images,
            "train_error": 100 * self.tally.errors / self.tally.images,
            "learning_rate": self.rate,
            "seconds": round(self.seconds, 3),
        }
        speed = self._speed()
        row["images_per_second"] = round(speed, 1)
        if self._ends_epoch():
            loss, error = self._measure(self.judged, self.held_out)
            row |= {f"{self.held_out_name}_loss": loss, f"{self.held_out_name}_error": error}
            self.measured = loss, error
            self._select(error)
        self.tally = _Tally()  # only now: a stop during the evaluation leaves the row to the resumed training
        self.writer.log(row)
        self._report(speed)

    def _select(self, error: float) -> None:
        """Keep the weights of the epoch that errs least on the validation split, the later one of two equal ones."""
        if self.data.validation and (self.best is None or error <= self.best.error):
            self.best = _Best(self.step // self.steps_per_epoch, error, _copies(self.judged))

    def _keep_epoch(self) -> None:
        """Leave the weights of now behind where they are those of an epoch that is to be kept."""
        epoch = self.step // self.steps_per_epoch
        if epoch not in self.kept_epochs:
            return
        kept = _copies(self.judged)
        if all(bool(torch.isfinite(tensor).all()) for tensor in kept.values()):  # or it has diverged, as is said soon
            self.writer.save_epoch(epoch, kept)

    def _finish(self) -> None:
        """Measure the net that is kept on the test split, once: that of the best epoch where a validation split says.

        Without a validation split it is that of the last epoch, for a choice would be one by the test split.
        """
        net, epoch = self.judged, self.recipe.epochs
        if self.best:
            net, epoch = copy.deepcopy(self.judged), self.best.epoch
            weights.fill(net, self.best.model, "The weights of the best epoch")
        known = self.measured if self.held_out_name == "test" else None
        loss, error = known or self._measure(net, self.data.test)
        found: dict[str, Any] = {"selected_epoch": epoch, "test_loss": loss, "test_error": error}
        if (views := self.recipe.test_views) > 1:
            found |= {"test_views": views, "test_error_views": self._measure(net, self.data.test, views)[1]}
        self.writer.facts(**found)
        self.finished = True

    def _measure(self, net: nn.Module, split: Split, views: int = 1) -> tuple[float, float]:
        """Mean cross-entropy (nats) and error (per cent) of `net` on a split, obeying in between."""
        logits, labels = [], []
        size = evaluation.BATCH * self.team.size
        for images, truth in zip(split.images.split(size), split.labels.split(size), strict=True):
            self._obey_within_a_step()
            mean, std = self.data.mean, self.data.std
            own = self.team.shard(images)
            logits.append(evaluation.predict(net, own, mean, std, bf16=self.bf16, views=views))
            labels.append(self.team.shard(truth))
        if self.team.size == 1:
            return evaluation.scores(torch.cat(logits), split.labels)
        count = sum(map(len, labels))
        loss, error = evaluation.scores(torch.cat(logits), torch.cat(labels)) if count else (0.0, 0.0)
        sums = self.team.all_reduce(torch.tensor([loss * count, error * count], dtype=torch.float64)) / len(split)
        return sums[0].item(), sums[1].item()

    def _speed(self) -> float:
        return self.step * self.recipe.batch_size / self.seconds if self.seconds else 0.0

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

    def _save_soon(self, after: float) -> None:
        """Save the state of now as soon as the next loss shows that it is good, where `after` seconds have passed."""
        if time.monotonic() - self.saved_at >= after and not self.watch.doubtful:
            self.unsaved = self._snapshot()
            self.saved_at = time.monotonic()

    def _save_if_good(self) -> None:
        """Save what waits for it, the loss of one more step being known."""
        if self.unsaved and not self.watch.doubtful:
            self._write(self.unsaved)
        self.unsaved = None

    def _save(self) -> None:
        self.unsaved = None
        self._write(self._snapshot())

    def _write(self, snapshot: _Snapshot) -> None:
        self.writer.save(snapshot.tensors, snapshot.state)
        self.writer.save_model(snapshot.model)

    def _snapshot(self) -> _Snapshot:
        tensors = {f"net.{name}": tensor for name, tensor in _copies(self.net).items()}
        if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
            raise self._diverged("A weight is no longer a number")
        if self.average:
            tensors |= {f"average.{name}": tensor for name, tensor in _copies(self.average.net).items()}
        tensors |= checkpoint.copied(checkpoint.optimizer_state(self.optimizer))
        tensors |= checkpoint.random_state(self.device)
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "tally": asdict(self.tally),
            "watch": self.watch.state(),
        }
        model = checkpoint.part(tensors, "average." if self.average else "net.")
        if self.best:
            tensors |= {f"best.{name}": tensor for name, tensor in self.best.model.items()}
            state["best"] = {"epoch": self.best.epoch, "error": self.best.error}
            model = self.best.model if self.finished else model
        return _Snapshot(tensors, state, model)

    def _resume(self, run: Run, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        what = f"The checkpoint of {run.id}"
        weights.fill(self.net, checkpoint.part(tensors, "net."), what)
        if self.average:
            weights.fill(self.average.net, checkpoint.part(tensors, "average."), what)
        checkpoint.restore_optimizer(self.optimizer, tensors)
        checkpoint.restore_random(tensors, self.device)
        self.step, self.seconds, self.tally = state["step"], state["seconds"], _Tally(**state["tally"])
        self.watch = Watch(len(self.data.classes), state.get("watch"))
        if "best" in state:
            self.best = _Best(**state["best"], model=checkpoint.part(tensors, "best."))


def _copies(net: nn.Module) -> dict[str, Tensor]:
    return checkpoint.copied(net.state_dict())


def _mix(seed: int, number: int) -> int:
    """One seed out of two numbers, different for each pair."""
    return (seed * 1_000_003 + number) % 2**63
