"""The training loop for classifiers: data to run folder, pausable, steerable, stoppable and resumable at any step.

Every random choice is a function of a seed and the step, or of torch's generator whose state is in the checkpoint, so a
resumed training takes exactly the steps that an uninterrupted one would have taken.
"""

import copy
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import datasets, hardware, weights
from core.datasets import Dataset, Split
from core.datasets.augmentation import normalise
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import Writer
from core.trainers import beginning, evaluation, kept_epochs, optimizers
from core.trainers.average import WeightAverage
from core.trainers.batches import Batch, Batches, mixed
from core.trainers.parallel import Team
from core.trainers.rate_factor import RateFactor
from core.trainers.recipe import Settings
from core.trainers.saving import CheckpointSaver
from core.trainers.schedule import learning_rate
from core.trainers.state import Snapshot, Tally, TrainingState, all_finite

ROWS_PER_EPOCH = 10


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
        _Training(writer, settings, data, team).go()


def _download_progress(writer: Writer) -> datasets.Progress:
    def report(what: str, done: int, total: int) -> None:
        writer.progress(downloading=what, bytes=done, bytes_total=total)

    return report


class _Stopped(Exception):
    """A stop was requested."""


class _Training:
    """One run's training in this process: its state, its data, and what it writes."""

    def __init__(self, writer: Writer, settings: Settings, data: Dataset, team: Team):
        self.run, self.team = writer.run, team
        self.writer, self.settings, self.recipe, self.data = writer, settings, settings.recipe, data
        hardware.keep_freed_memory()
        torch.set_num_threads(settings.threads or team.threads)
        self.device = hardware.device()
        by_precision = {"float32": False, "bfloat16": True, "auto": self.recipe.bfloat16 and hardware.bf16_is_fast()}
        self.bf16 = by_precision[settings.precision]
        self.batches = Batches(settings, data.train, team, self.device)
        self.steps_per_epoch = self.batches.per_epoch
        self.steps = self.recipe.epochs * self.steps_per_epoch
        self.kept_epochs = kept_epochs.chosen(self.recipe.epochs, settings.keep_epochs)
        self.row_every = max(1, self.steps_per_epoch // ROWS_PER_EPOCH)
        self.held_out: Split = getattr(data, data.held_out)
        self.held_out_scores: tuple[float, float] | None = None
        self.finished = False
        self.rate_factor = RateFactor(writer.message)
        self.saver = CheckpointSaver(writer, self._snapshot)
        self._begin()

    def _begin(self) -> None:
        """Make the net and its state, fresh or from the run's checkpoint, and write what readers need to know."""
        settings, recipe = self.settings, self.recipe
        saved = self.team.first(self.run.checkpoint)
        net = beginning.build(settings, self.data, self.device)
        self.frozen = beginning.freeze(net) if settings.freeze_features else []
        began_from = self.run.classifier.began_from if saved else self._start_from_or_prepare(net)
        self.wrapped = self.team.wrap(net)
        average = WeightAverage(net, recipe.weight_average) if recipe.weight_average else None
        self.state = TrainingState(net, optimizers.optimizer(recipe, net), average, len(self.data.classes))
        torch.manual_seed(settings.seed_noise)
        if saved:
            self.state.restore(*saved, f"The checkpoint of {self.run.id}")
        self.writer.drop_metrics_after("step", self.state.step if saved else -1)
        self.rate = learning_rate(recipe, max(0, self.state.step - 1), self.steps_per_epoch)
        self._write_facts(began_from)

    def _start_from_or_prepare(self, net: nn.Module) -> dict[str, Any] | None:
        """Give a fresh net the weights to start from, and return how those came about; else prepare it on images."""
        settings = self.settings
        if settings.start_from:
            return self.team.first(lambda: beginning.start_from(settings.start_from, net, settings.new_head))
        beginning.prepare(net, self.batches.images, self.data, settings.seed_initialisation)
        return None

    def _write_facts(self, began_from: Mapping[str, Any] | None) -> None:
        settings, data = self.settings, self.data
        self.writer.facts(
            model=settings.model,
            dataset=settings.dataset,
            classes=list(data.classes),
            channels=data.channels,
            side=data.side,
            mean=list(data.mean),
            std=list(data.std),
            held_out=data.held_out,
            selection="validation" if data.validation else "last epoch",
            precision="bfloat16" if self.bf16 else "float32",
            device=hardware.describe(self.bf16),
            processes=self.team.size,
            steps=self.steps,
            steps_per_epoch=self.steps_per_epoch,
            parameters=sum(parameter.numel() for parameter in self.state.net.parameters()),
            began_from=began_from,
        )

    def go(self) -> None:
        with suppress(_Stopped):
            self._train()
        self.saver.write_now()

    def _train(self) -> None:
        state = self.state
        self._report(0.0)
        if state.step == 0:
            self._keep_epoch()
        state.net.train()
        while True:
            if state.tally.images and self._row_is_due():
                self._log()
                if self._ends_epoch():
                    self._keep_epoch()  # before the checkpoint behind which nothing is done again
                self.saver.take_when_due(doubtful=state.watch.doubtful, now=self._ends_epoch())
            if state.step == self.steps:
                return self._finish()
            self._follow_requests()
            began = time.monotonic()
            self._take_step()
            state.step += 1
            if state.average:
                state.average.update(state.step)
            state.seconds += time.monotonic() - began
            self.saver.take_when_due(doubtful=state.watch.doubtful)

    def _ends_epoch(self) -> bool:
        return self.state.step % self.steps_per_epoch == 0

    def _row_is_due(self) -> bool:
        return self._ends_epoch() or self.state.step % self.row_every == 0

    def _follow_requests(self, within_a_step: bool = False) -> None:
        """Wait while a pause is requested, raise _Stopped where a stop is, apply the factor on the rate."""
        stops = False
        if self.team.leads:
            wait = self.writer.wait_while_paused if within_a_step else self.writer.begin_step
            control = wait(self._before_pause)
            stops = control.command == "stop"
            if not stops:
                self.rate_factor.set(control.values.get("rate_factor", 1.0))
        stops_all, self.rate_factor.value = self.team.broadcast(stops, self.rate_factor.value)
        if stops_all:
            raise _Stopped

    def _before_pause(self) -> None:
        self.saver.write_now()
        self._report(self._speed())  # a single step shows, although it ends no row

    def _follow_requests_within_a_step(self) -> None:
        """Between two parts of an evaluation: a pause or a stop does not wait for its end, a single step passes it."""
        waits = self.team.leads and self.run.control().command in ("pause", "stop")
        if any(self.team.broadcast(waits)):
            self._follow_requests(within_a_step=True)

    def _take_step(self) -> None:
        state, team = self.state, self.team
        self.rate = learning_rate(self.recipe, state.step, self.steps_per_epoch) * self.rate_factor.value
        for group in state.optimizer.param_groups:
            group["lr"] = self.rate * group.get("rate_factor", 1.0)
        batch = self.batches.at(state.step)
        if team.size > 1:  # each process's dropout is its own, and a function of the step alone
            torch.manual_seed(mixed(self.settings.seed_noise, state.step * team.size + team.rank))
        loss, mistakes = self._loss(batch)
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        # One transfer from the device for both figures.
        sums = torch.stack((loss.detach(), mistakes))
        total, errors = team.all_reduce(sums).tolist()
        value = total / team.size
        if fault := state.watch.see(value):
            raise self._diverged(fault)
        self.saver.write_pending(doubtful=state.watch.doubtful)
        state.optimizer.step()
        team.sync_buffers(state.net)
        state.tally.add(value, int(errors), batch.size)

    def _loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return this process's loss on its shard, (), and how many of its images the net gets wrong, int64 ()."""
        x = normalise(batch.images, self.data.mean, self.data.std).contiguous(memory_format=torch.channels_last)
        for layer in self.frozen:
            layer.eval()  # an evaluation in between puts them back into training mode
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.wrapped(x)
        logits = logits.float()
        # Each process's part of the mean over the whole batch, as many times as the gradients are divided by.
        share = len(batch.labels) * self.team.size / batch.size
        loss = share * F.cross_entropy(logits, batch.labels, label_smoothing=self.recipe.label_smoothing)
        return loss, (logits.detach().argmax(1) != batch.labels).sum()

    def _diverged(self, fault: str) -> UserError:
        # The schedule may not have reached its peak yet, and may be long past it.
        step = self.state.step
        steps = range(0, step + 1, max(1, step // 100))
        highest = max(learning_rate(self.recipe, each, self.steps_per_epoch) for each in steps)
        lower = highest * self.rate_factor.value / 10
        return UserError(
            f"{fault} at step {step} (learning rate {self.rate:g}): the training has diverged. The last good "
            f"checkpoint is kept; start again with a learning rate of {lower:.2g} or less."
        )

    def _log(self) -> None:
        state, name = self.state, self.data.held_out
        row: dict[str, Any] = {
            "step": state.step,
            "epoch": round(state.step / self.steps_per_epoch, 4),
            "train_loss": state.tally.loss / state.tally.images,
            "train_error": 100 * state.tally.errors / state.tally.images,
            "learning_rate": self.rate,
            "seconds": round(state.seconds, 3),
        }
        speed = self._speed()
        row["images_per_second"] = round(speed, 1)
        if self._ends_epoch():
            loss, error = self._evaluate(state.evaluated_net, self.held_out)
            row |= {f"{name}_loss": loss, f"{name}_error": error}
            self.held_out_scores = loss, error
            if self.data.validation:
                state.select(self._epoch(), error)
        state.tally = Tally()  # only now: a stop during the evaluation leaves the row to the resumed training
        self.writer.log(row)
        self._report(speed)

    def _epoch(self) -> int:
        return self.state.step // self.steps_per_epoch

    def _keep_epoch(self) -> None:
        """Save the present weights where they are those of an epoch that is to be kept."""
        if self._epoch() not in self.kept_epochs:
            return
        tensors = self.state.evaluated_weights()
        if all_finite(tensors):  # else it has diverged, which the next loss will show
            self.writer.save_epoch(self._epoch(), tensors)

    def _finish(self) -> None:
        """Evaluate the final net on the test split, once: that of the best epoch where there is a validation split.

        Without a validation split it is that of the last epoch, for a choice would be one by the test split.
        """
        net, epoch = self.state.evaluated_net, self.recipe.epochs
        if best := self.state.best:
            net, epoch = copy.deepcopy(net), best.epoch
            weights.fill(net, best.model, "The weights of the best epoch")
        scores = self.held_out_scores if self.data.held_out == "test" else None
        loss, error = scores or self._evaluate(net, self.data.test)
        figures: dict[str, Any] = {"selected_epoch": epoch, "test_loss": loss, "test_error": error}
        if (views := self.recipe.test_views) > 1:
            figures |= {"test_views": views, "test_error_views": self._evaluate(net, self.data.test, views)[1]}
        self.writer.facts(**figures)
        self.finished = True

    def _evaluate(self, net: nn.Module, split: Split, views: int = 1) -> tuple[float, float]:
        """Return mean cross-entropy (nats) and error (percent) of `net` on a split, following requests in between."""
        predict = partial(
            evaluation.predict, net, mean=self.data.mean, std=self.data.std, bf16=self.bf16, views=views
        )  # fmt: skip
        return evaluation.scores_of_team(predict, split, self.team, self._follow_requests_within_a_step)

    def _speed(self) -> float:
        return self.state.step * self.recipe.batch_size / self.state.seconds if self.state.seconds else 0.0

    def _report(self, speed: float) -> None:
        left = (self.steps - self.state.step) * self.recipe.batch_size / speed if speed else None
        self.writer.progress(
            step=self.state.step,
            steps=self.steps,
            epoch=round(self.state.step / self.steps_per_epoch, 2),
            epochs=self.recipe.epochs,
            images_per_second=round(speed, 1),
            seconds_left=left and round(left, 1),
        )

    def _snapshot(self) -> Snapshot:
        if not self.state.is_finite():
            raise self._diverged("A weight is no longer a number")
        return self.state.snapshot(finished=self.finished)
