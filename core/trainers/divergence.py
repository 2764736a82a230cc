"""Detection of divergence from the losses of a training alone, apart from spikes that pass.

The measure is the loss of a net that knows nothing, the logarithm of the number of classes.
"""

import math
from collections import deque
from typing import Any

BAD_STEPS = 50  # so many steps in a row that are all worse than knowing nothing are no spike
DEAD_STEPS = 100
WORSE = 2.0  # than knowing nothing, and than the best step before: no single batch does that
ABSURD_STEPS, ABSURD = 10, 1000.0  # times that; RMSProp's first step may do so too, but the next ones recover
LEARNED, FORGOTTEN = 0.5, 0.9  # shares of the loss of knowing nothing
DOUBTFUL = 1.5


class Watch:
    """Watches the loss of every step for divergence.

    A loss is compared with the larger of two: that of knowing nothing, and the lowest so far. So a net whose first
    weights are far off may take its time to come down.
    """

    def __init__(self, classes: int, state: dict[str, Any] | None = None):
        """`state` is what `state()` returned, of a training that is resumed."""
        state = state or {"lowest": None, "learned": False, "recent": []}
        self.ignorance = math.log(max(2, classes))
        self.lowest: float | None = state["lowest"]
        self.learned: bool = state["learned"]
        self.recent: deque[float] = deque(state["recent"], maxlen=DEAD_STEPS)

    def state(self) -> dict[str, Any]:
        """Return what a resumed training needs to go on watching, JSON-able."""
        return {"lowest": self.lowest, "learned": self.learned, "recent": list(self.recent)}

    def see(self, loss: float) -> str:
        """Add the loss of one more step; return what is wrong as the first half of a sentence, mostly nothing."""
        if not math.isfinite(loss):
            return "The loss is no longer a number"
        self.recent.append(loss)
        bound = self._bound()
        self.lowest = loss if self.lowest is None else min(loss, self.lowest)
        if self._all_above(ABSURD_STEPS, ABSURD * bound):
            return f"The loss has leapt to {loss:.3g}"
        if self._all_above(BAD_STEPS, WORSE * bound):
            return f"The loss has grown to {loss:.3g}, from {self.lowest:.3g} at its lowest,"
        last = list(self.recent)[-BAD_STEPS:]
        self.learned = self.learned or (len(last) == BAD_STEPS and max(last) < LEARNED * self.ignorance)
        if self.learned and self._all_above(DEAD_STEPS, FORGOTTEN * self.ignorance):
            return (
                f"The net has forgotten what it had learned: its loss is back at {loss:.3g}, that of knowing nothing,"
            )
        return ""

    @property
    def doubtful(self) -> bool:
        """True while the latest loss is suspiciously high; do not overwrite the checkpoint."""
        return bool(self.recent) and self.recent[-1] > DOUBTFUL * self._bound()

    def _bound(self) -> float:
        return max(self.ignorance, self.lowest if self.lowest is not None else math.inf)

    def _all_above(self, steps: int, bound: float) -> bool:
        last = list(self.recent)[-steps:]
        return len(last) == steps and min(last) > bound
