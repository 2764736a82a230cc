"""When a training writes its checkpoint: from time to time, but never a state of doubt over a good one."""

import time
from collections.abc import Callable

from core.runs.writer import Writer
from core.trainers.state import Snapshot

CHECKPOINT_SECONDS = 30.0


class CheckpointSaver:
    """Takes snapshots by the clock, and writes each once the next loss has shown that the training goes well."""

    def __init__(self, writer: Writer, snapshot: Callable[[], Snapshot]):
        self._writer, self._snapshot = writer, snapshot
        self._pending: Snapshot | None = None
        self._taken_at = time.monotonic()

    def take_when_due(self, *, doubtful: bool, now: bool = False) -> None:
        """Take a snapshot where CHECKPOINT_SECONDS have passed, or `now`, unless the latest loss is `doubtful`."""
        after = 0.0 if now else CHECKPOINT_SECONDS
        if time.monotonic() - self._taken_at >= after and not doubtful:
            self._pending = self._snapshot()
            self._taken_at = time.monotonic()

    def write_pending(self, *, doubtful: bool) -> None:
        """Write the pending snapshot, the loss of one more step being known; drop it where that is `doubtful`."""
        if self._pending and not doubtful:
            self._write(self._pending)
        self._pending = None

    def write_now(self) -> None:
        """Write the present state."""
        self._pending = None
        self._write(self._snapshot())

    def _write(self, snapshot: Snapshot) -> None:
        self._writer.save(snapshot.tensors, snapshot.state)
        self._writer.save_model(snapshot.model)
