"""What a watcher asks of a training, by way of its run folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COMMANDS = ("run", "pause", "step", "stop")


@dataclass(frozen=True)
class Control:
    """What the watcher asks for: "run", "step" or "stop" (a pause is waited out), and the `values` it has set.

    `steps` counts the single steps that were ever asked for, so that the training takes each of them once.
    """

    command: str = "run"
    values: dict[str, Any] = field(default_factory=dict)
    steps: int = 0

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> "Control":
        """From the content of a control.json, which may be damaged."""
        command, values, steps = saved.get("command"), saved.get("values"), saved.get("steps")
        return cls(
            str(command) if command in COMMANDS else "run",
            values if isinstance(values, dict) else {},
            steps if isinstance(steps, int) else 0,
        )
