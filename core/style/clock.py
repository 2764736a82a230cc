"""How long a training has worked: pauses, checkpoints and pictures do not count, and a resumed one goes on counting."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Clock:
    """Adds up the seconds of steps, over every process that works on a run."""

    def __init__(self) -> None:
        self.seconds: float | None = 0.0  # of the whole run; None where an old checkpoint does not say
        self._steps, self._here = 0, 0.0  # of this process

    @contextmanager
    def step(self) -> Iterator[None]:
        """Count the time inside as that of a step."""
        began = time.monotonic()
        yield
        passed = time.monotonic() - began
        self._steps += 1
        self._here += passed
        if self.seconds is not None:
            self.seconds += passed

    @property
    def speed(self) -> float:
        """Steps a second of this process; 0 before its first."""
        return self._steps / self._here if self._here else 0.0

    def left(self, steps: int) -> float | None:
        """Seconds that so many more steps take; None before the first."""
        return steps / self.speed if self.speed else None

    def row(self) -> dict[str, float]:
        """What a row of the metrics says of it; nothing where it is not known."""
        return {} if self.seconds is None else {"seconds": round(self.seconds, 3)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the `seconds` of a checkpoint's state; one without has steps behind it that nobody timed."""
        self.seconds = state["seconds"] if "seconds" in state else None if state.get("step") else 0.0
