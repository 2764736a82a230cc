"""Several processes that train one net together, each on its part of every batch: PyTorch's distributed data parallel.

`torchrun` starts them, on one machine or on several, and passes each its rank in the environment. The process of rank 0
leads: it alone reads and writes the run folder, and broadcasts its commands. Gradients are averaged by PyTorch, over
gloo on CPUs and NCCL on GPUs.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from core import hardware
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import SilentWriter, Writer, writing

Result = TypeVar("Result")

PATIENCE = timedelta(days=30)  # a pause may be long; that a process is gone is seen without it
REASON_SECONDS = 2.0  # to wait for the reason of the process that failed


class _Lost(Exception):
    """SIGTERM, which torchrun sends to the others once one process has failed."""


class Team:
    """The processes that train together, seen from one of them. `Team()` is one process alone."""

    def __init__(self, rank: int = 0, size: int = 1, store: dist.Store | None = None):
        self.rank, self.size, self._store = rank, size, store

    @property
    def leads(self) -> bool:
        """True on the process that reads and writes the run folder."""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """CPU threads of this process: an equal share of the machine's cores."""
        return max(1, hardware.cores() // processes_here())

    def check_batch(self, samples: int) -> None:
        """Raise UserError where a batch of so many samples leaves a process without any."""
        if self.size > samples:
            raise UserError(
                f"A batch of {samples} images cannot be shared by {self.size} processes: start fewer, or choose a "
                "larger batch."
            )

    def shard(self, batch: Tensor) -> Tensor:
        """Return this process's part of (N, ...): every `size`-th row."""
        return batch[self.rank :: self.size] if self.size > 1 else batch

    def gather(self, shard: Tensor, rows: int) -> Tensor:
        """Return, on every process, the (rows, ...) that their shards make up."""
        if self.size == 1:
            return shard
        batch = shard.new_zeros((rows, *shard.shape[1:]))
        self.shard(batch)[:] = shard
        return self.all_reduce(batch)

    def first(self, act: Callable[[], Result]) -> Result:
        """Call `act` on the leading process alone and return its result, or raise its UserError, on all of them."""
        if self.size == 1:
            return act()
        outcome: list[tuple[bool, Any]] = [(False, None)]
        if self.leads:
            try:
                outcome = [(True, act())]
            except UserError as error:
                outcome = [(False, str(error))]
        dist.broadcast_object_list(outcome)
        succeeded, result = outcome[0]
        if not succeeded:
            raise UserError(result)
        return result

    def broadcast(self, *numbers: float) -> list[float]:
        """Return the leading process's `numbers` on every process."""
        if self.size == 1:
            return list(numbers)
        shared = torch.tensor(numbers, dtype=torch.float64)
        dist.broadcast(shared, 0)
        received: list[float] = shared.tolist()
        return received

    def all_reduce(self, numbers: Tensor) -> Tensor:
        """Return the sum of every process's `numbers`, the same on all of them; `numbers` is overwritten."""
        if self.size > 1:
            dist.all_reduce(numbers)
        return numbers

    def wrap(self, net: nn.Module) -> nn.Module:
        """Return what a training step calls: all start from the leading process's net and average their gradients."""
        if self.size == 1:
            return net
        # `sync_buffers` averages the running statistics; PyTorch would copy those of one process to all.
        return nn.parallel.DistributedDataParallel(net, forward_sync_buffers=False)

    @torch.no_grad()
    def sync_buffers(self, net: nn.Module) -> None:
        """Average the running statistics of normalisation layers over the processes.

        Each process normalises its shard of a batch by that shard's statistics, as data-parallel training mostly does.
        """
        running = [buffer for buffer in net.buffers() if buffer.is_floating_point()]
        if self.size == 1 or not running:
            return
        mean = self.all_reduce(torch.cat([buffer.flatten() for buffer in running])) / self.size
        for buffer, values in zip(running, mean.split([buffer.numel() for buffer in running]), strict=True):
            buffer.copy_(values.view_as(buffer))

    @contextmanager
    def writing(self, run: Run) -> Iterator[Writer]:
        """Open the run folder's writer, on other processes than the leading one a silent one; `explained` inside."""
        with writing(run) if self.leads else nullcontext(SilentWriter(run)) as writer, self.explained():
            yield writer

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise UserError where another process is gone, and leave the others the reason where this one fails."""
        try:
            yield
        except Exception as error:
            if self.size == 1:
                raise
            if isinstance(error, _Lost | dist.DistError) or "gloo" in str(error):
                raise UserError(self._reason()) from error
            assert self._store
            self._store.set("reason", f"Process {self.rank} of this training failed: {error or type(error).__name__}")
            raise

    def _reason(self) -> str:
        assert self._store
        try:
            self._store.wait(["reason"], timedelta(seconds=REASON_SECONDS))
            reason = self._store.get("reason").decode()
        except (RuntimeError, _Lost):  # no process left one, or the store is gone with its process
            reason = (
                "A process of this training is gone: it, or its machine, was ended from outside or ran out of memory."
            )
        return f"{reason.rstrip('.')}. Resume goes on from the last checkpoint."


def processes() -> int:
    """Return how many processes torchrun started, this one included; 1 where it was started alone."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "MASTER_ADDR" in os.environ else 1


def processes_here() -> int:
    """Return how many of them share this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if processes() > 1 else 1


@contextmanager
def team() -> Iterator[Team]:
    """Join the team that torchrun started this process in; a team of one where it was started alone.

    Raises UserError where there are more processes on this machine than GPUs.
    """
    if processes() == 1:
        yield Team()
        return
    gpus = torch.cuda.is_available()
    if gpus:
        here, devices = processes_here(), torch.cuda.device_count()
        if here > devices:
            raise UserError(f"This machine has {devices} GPUs for {here} processes: start at most one process a GPU.")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store, rank, size = next(dist.rendezvous("env://"))
    store.set_timeout(PATIENCE)
    # Commands are broadcast from CPU to CPU, also between processes that compute on GPUs.
    backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
    dist.init_process_group(
        backend, store=dist.PrefixStore("team", store), rank=rank, world_size=size, timeout=PATIENCE
    )
    before = signal.signal(signal.SIGTERM, _lost)
    try:
        yield Team(rank, size, store)
        dist.barrier()  # no process ends, and its store with it, while another still needs it
    finally:
        signal.signal(signal.SIGTERM, before)
        dist.destroy_process_group()


def _lost(*_: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the sentence is still to be written
    raise _Lost
