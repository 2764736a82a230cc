"""Several processes that train one net together, each on its part of every batch: PyTorch's distributed data parallel.

`torchrun` starts them, on one machine or on several, and tells each by the environment which one it is. The process of
rank 0 leads: it alone reads and writes the run folder, and tells the others what is asked for. Gradients are averaged
by PyTorch, over gloo on CPUs and NCCL on GPUs.
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

Answer = TypeVar("Answer")

PATIENCE = timedelta(days=30)  # a pause may be long; that a process is gone is seen without it
REASON_SECONDS = 2.0  # that the one which failed is given to say why


class _Lost(Exception):
    """This process is told to end, as torchrun does once another has failed."""


class Team:
    """The processes that train together, seen from one of them. `Team()` is one process alone."""

    def __init__(self, rank: int = 0, size: int = 1, store: dist.Store | None = None):
        self.rank, self.size, self._store = rank, size, store

    @property
    def leads(self) -> bool:
        """Whether this is the process that reads and writes the run folder."""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """CPU threads for this process, where the cores are shared with others of its machine."""
        return max(1, hardware.cores() // processes_here())

    def check_batch(self, samples: int) -> None:
        """Raises UserError where a batch of so many has none for some process."""
        if self.size > samples:
            raise UserError(
                f"A batch of {samples} images cannot be shared by {self.size} processes: start fewer, or choose a "
                "larger batch."
            )

    def part(self, batch: Tensor) -> Tensor:
        """This process's part of (N, ...): every `size`-th row."""
        return batch[self.rank :: self.size] if self.size > 1 else batch

    def whole(self, part: Tensor, rows: int) -> Tensor:
        """The (rows, ...) of which every process gives its `part`, the same on all of them."""
        if self.size == 1:
            return part
        batch = part.new_zeros((rows, *part.shape[1:]))
        self.part(batch)[:] = part
        return self.total(batch)

    def first(self, act: Callable[[], Answer]) -> Answer:
        """What `act` gives on the leading process, where alone it is called; its UserError is raised on all."""
        if self.size == 1:
            return act()
        told: list[tuple[bool, Any]] = [(False, None)]
        if self.leads:
            try:
                told = [(True, act())]
            except UserError as error:
                told = [(False, str(error))]
        dist.broadcast_object_list(told)
        well, answer = told[0]
        if not well:
            raise UserError(answer)
        return answer

    def told(self, *numbers: float) -> list[float]:
        """The leading process's `numbers`."""
        if self.size == 1:
            return list(numbers)
        shared = torch.tensor(numbers, dtype=torch.float64)
        dist.broadcast(shared, 0)
        found: list[float] = shared.tolist()
        return found

    def total(self, numbers: Tensor) -> Tensor:
        """The sum of every process's `numbers`, the same on all of them."""
        if self.size > 1:
            dist.all_reduce(numbers)
        return numbers

    def joined(self, net: nn.Module) -> nn.Module:
        """What to call for a training step: every process starts from the leading one's net, and averages gradients."""
        if self.size == 1:
            return net
        # The parts' running statistics are averaged by `align`; the engine would take one process's for all.
        return nn.parallel.DistributedDataParallel(net, forward_sync_buffers=False)

    @torch.no_grad()
    def align(self, net: nn.Module) -> None:
        """Give the running statistics of normalisation layers their mean over the processes.

        Each normalises its own part of a batch by that part's statistics, as data-parallel training mostly does.
        """
        running = [buffer for buffer in net.buffers() if buffer.is_floating_point()]
        if self.size == 1 or not running:
            return
        mean = self.total(torch.cat([buffer.flatten() for buffer in running])) / self.size
        for buffer, part in zip(running, mean.split([buffer.numel() for buffer in running]), strict=True):
            buffer.copy_(part.view_as(buffer))

    @contextmanager
    def writing(self, run: Run) -> Iterator[Writer]:
        """The run folder's writer on the leading process, on the others one that writes nothing; `explained` inside."""
        with writing(run) if self.leads else nullcontext(SilentWriter(run)) as writer, self.explained():
            yield writer

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what PyTorch says when another process is gone into a UserError, and tell the others of one's own."""
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
            said = self._store.get("reason").decode()
        except (RuntimeError, _Lost):  # nobody said anything, or the one who kept it is gone
            said = (
                "A process of this training is gone: it, or its machine, was ended from outside or ran out of memory."
            )
        return f"{said.rstrip('.')}. Resume goes on from the last checkpoint."


def processes() -> int:
    """How many processes torchrun started together with this one, itself included; 1 where it was started alone."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "MASTER_ADDR" in os.environ else 1


def processes_here() -> int:
    """How many of them share this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if processes() > 1 else 1


@contextmanager
def team() -> Iterator[Team]:
    """The team that this process was started in, by torchrun; a team of one where it was started alone.

    Raises UserError where there are more processes on this machine than GPUs.
    """
    if processes() == 1:
        yield Team()
        return
    gpus = torch.cuda.is_available()
    if gpus:
        here, known = processes_here(), torch.cuda.device_count()
        if here > known:
            raise UserError(f"This machine has {known} GPUs for {here} processes: start at most one process a GPU.")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store, rank, size = next(dist.rendezvous("env://"))
    store.set_timeout(PATIENCE)
    # What is asked for travels from CPU to CPU, also between processes that compute on GPUs.
    backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
    dist.init_process_group(
        backend, store=dist.PrefixStore("team", store), rank=rank, world_size=size, timeout=PATIENCE
    )
    before = signal.signal(signal.SIGTERM, _lost)
    try:
        yield Team(rank, size, store)
        dist.barrier()  # nobody leaves, and takes the store along, while another still needs it
    finally:
        signal.signal(signal.SIGTERM, before)
        dist.destroy_process_group()


def _lost(*_: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the sentence is still to be written
    raise _Lost
