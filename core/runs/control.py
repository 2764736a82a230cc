"""The requests of a watcher to a training, by way of control.json in its run folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.runs import files

FILE = "control.json"
COMMANDS = ("run", "pause", "step", "stop")


@dataclass(frozen=True)
class Control:
    """The latest request: a command of COMMANDS, and the `values` that were set ("rate_factor", say).

    `steps` counts the single steps that were ever requested, so that the training takes each of them once.
    """

    command: str = "run"
    values: dict[str, Any] = field(default_factory=dict)
    steps: int = 0

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Control":
        """Return the control in the content of a control.json, which may be damaged."""
        command, values, steps = saved.get("command"), saved.get("values"), saved.get("steps")
        return cls(
            str(command) if command in COMMANDS else "run",
            values if isinstance(values, dict) else {},
            steps if isinstance(steps, int) else 0,
        )

    def changed_by(self, command: str, values: Mapping[str, Any]) -> "Control":
        """Return the control after a further request: `values` join those set before; None removes one."""
        merged = {key: value for key, value in {**self.values, **values}.items() if value is not None}
        return Control(command, merged, self.steps + (command == "step"))


def read(folder: Path) -> Control:
    """Return the latest request in a run folder; "run" where there is none."""
    return Control.from_json(files.read_json(folder / FILE))


class ControlReader:
    """The training's view of control.json: rereads it only after a change, and counts the single steps taken."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._control = Control()
        self.steps_taken = read(folder).steps

    def read(self) -> Control:
        """Return the latest request. Costs a `stat` of the file."""
        try:
            info = (self._folder / FILE).stat()
        except OSError:
            return Control()
        stamp = (info.st_mtime_ns, info.st_ino)
        if stamp != self._stamp:
            self._control, self._stamp = read(self._folder), stamp
        return self._control

    def pauses(self, control: Control) -> bool:
        """Return True where `control` lets no further step through."""
        return control.command == "pause" or (control.command == "step" and control.steps <= self.steps_taken)

    def count_step(self, control: Control) -> None:
        """Count the step that `control` lets through; a run that goes on owes no single steps."""
        self.steps_taken = self.steps_taken + 1 if control.command == "step" else control.steps
