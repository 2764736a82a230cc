"""The seconds that a training has spent in steps: without pauses, checkpoints and previews, over all resumptions."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Clock:
    """Adds up the seconds of steps, over every process that works on a run."""

    def __init__(self) -> None:
        self.seconds: float | None = 0.0  # of the whole run; None after an old checkpoint, which holds no time
        self._steps, self._here = 0, 0.0  # of this process

    @contextmanager
    def step(self) -> Iterator[None]:
        """Add the time inside the block as that of a step."""
        began = time.monotonic()
        yield
        passed = time.monotonic() - began
        self._steps += 1
        self._here += passed
        if self.seconds is not None:
            self.seconds += passed

    @property
    def speed(self) -> float:
        """Return the steps a second of this process; 0 before its first."""
        return self._steps / self._here if self._here else 0.0

    def left(self, steps: int) -> float | None:
        """Return the expected seconds of so many more steps; None before the first."""
        return steps / self.speed if self.speed else None

    def row(self) -> dict[str, float]:
        """Return `seconds` for a row of the metrics; an empty row where they are unknown."""
        return {} if self.seconds is None else {"seconds": round(self.seconds, 3)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the `seconds` of a checkpoint's state; without them it is unknown, but for a fresh run."""
        self.seconds = state["seconds"] if "seconds" in state else None if state.get("step") else 0.0
