"""What a checkpoint brings back of a classifier's training: nets, optimiser, random numbers, counters and the best."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core import weights
from core.trainers import checkpoint
from core.trainers.average import WeightAverage
from core.trainers.divergence import Watch


@dataclass
class Tally:
    """Sums over the training batches since the last row of the metrics."""

    loss: float = 0.0
    errors: int = 0
    images: int = 0

    def add(self, loss: float, errors: int, images: int) -> None:
        """Add a batch: its mean loss, its errors and how many images it has."""
        self.loss += loss * images
        self.errors += errors
        self.images += images


@dataclass(frozen=True)
class BestEpoch:
    """The weights of the epoch, counted from 1, that erred least on the validation split, in percent."""

    epoch: int
    error: float
    model: dict[str, Tensor]


@dataclass(frozen=True)
class Snapshot:
    """The tensors and JSON-able state of a checkpoint, and the weights that pages read."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]
    model: dict[str, Tensor]


class TrainingState:
    """All that a training changes from step to step."""

    def __init__(self, net: nn.Module, optimizer: torch.optim.Optimizer, average: WeightAverage | None, classes: int):
        self.net, self.optimizer, self.average = net, optimizer, average
        self.watch = Watch(classes)
        self.step = 0
        self.seconds = 0.0
        self.tally = Tally()
        self.best: BestEpoch | None = None
        self._classes = classes

    @property
    def evaluated_net(self) -> nn.Module:
        """The net that is evaluated and saved: the average where there is one."""
        return self.average.net if self.average else self.net

    def evaluated_weights(self) -> dict[str, Tensor]:
        """Return a copy of its weights on the CPU."""
        return checkpoint.copied(self.evaluated_net.state_dict())

    def is_finite(self) -> bool:
        """Return False where a weight is no longer a number."""
        return all_finite(self.net.state_dict())

    def select(self, epoch: int, error: float) -> None:
        """Keep the weights of the epoch that errs least, the later one of two equal ones."""
        if self.best is None or error <= self.best.error:
            self.best = BestEpoch(epoch, error, self.evaluated_weights())

    def snapshot(self, *, finished: bool) -> Snapshot:
        """Copy the state to the CPU; the weights for pages are those of the best epoch once training has finished."""
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        if self.average:
            tensors |= {f"average.{name}": tensor for name, tensor in self.average.net.state_dict().items()}
        tensors = checkpoint.copied(tensors | checkpoint.optimizer_state(self.optimizer))
        tensors |= checkpoint.random_state(self._device)
        model = checkpoint.part(tensors, "average." if self.average else "net.")
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "tally": asdict(self.tally),
            "watch": self.watch.state(),
        }
        if self.best:
            tensors |= {f"best.{name}": tensor for name, tensor in self.best.model.items()}
            state["best"] = {"epoch": self.best.epoch, "error": self.best.error}
            model = self.best.model if finished else model
        return Snapshot(tensors, state, model)

    def restore(self, tensors: dict[str, Tensor], state: dict[str, Any], what: str) -> None:
        """Load a snapshot. Raises UserError, naming `what`, where it belongs to another net."""
        weights.fill(self.net, checkpoint.part(tensors, "net."), what)
        if self.average:
            weights.fill(self.average.net, checkpoint.part(tensors, "average."), what)
        checkpoint.restore_optimizer(self.optimizer, tensors)
        checkpoint.restore_random(tensors, self._device)
        self.step, self.seconds, self.tally = state["step"], state["seconds"], Tally(**state["tally"])
        self.watch = Watch(self._classes, state.get("watch"))
        if "best" in state:
            self.best = BestEpoch(**state["best"], model=checkpoint.part(tensors, "best."))

    @property
    def _device(self) -> torch.device:
        return next(self.net.parameters()).device


def all_finite(tensors: dict[str, Tensor]) -> bool:
    """Return True where every entry of every tensor is a number."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())
