"""The factor on the learning rate that a training's watcher may change while it runs."""

from collections.abc import Callable
from typing import Any

from core.runs.values import is_number

LIMITS = (1e-4, 1e4)


class RateFactor:
    """The present factor; a change is reported by `message`, and so, once, is a value that cannot be one."""

    def __init__(self, message: Callable[[str], None]):
        self.value = 1.0
        self._message = message
        self._ignored = ""

    def set(self, factor: Any) -> None:
        """Take a requested factor, unless it is no number within LIMITS."""
        low, high = LIMITS
        if not is_number(factor) or not low <= factor <= high:
            if repr(factor) != self._ignored:
                self._ignored = repr(factor)
                self._message(
                    f"The factor {factor!r} on the learning rate is ignored: choose a number between {low:g} and "
                    f"{high:g}."
                )
        elif factor != self.value:
            self.value, self._ignored = float(factor), ""
            self._message("" if factor == 1 else f"The learning rate is {factor:g} times that of the recipe.")
