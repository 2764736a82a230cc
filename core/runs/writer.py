"""The training's side of a run folder: the one process that writes what `core.runs.run` reads.

The status is written anew every few seconds, as a sign of life. While the disk is full the training waits, its rows in
memory.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from core import weights
from core.errors import UserError
from core.runs import files, heartbeat
from core.runs.control import Control

if TYPE_CHECKING:
    from core.runs.run import Run

HEARTBEAT_SECONDS = 2.0
ROOM_SECONDS = 2.0  # between two looks whether a full disk has room again
NO_ROOM = (
    "The disk is full: the training waits, and goes on by itself as soon as there is room. Delete something large; "
    "nothing is lost."
)


class Writer:
    """The training's side of a run folder. Only `Run.write` makes one."""

    def __init__(self, run: "Run"):
        self.run = run
        self.was_stopped = False
        self._status: dict[str, Any] = {
            "state": "running",
            "message": "",
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "progress": {},
        }
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._control_stamp: tuple[int, int] | None = None
        self._control = Control()
        asked = run.asked()
        if asked.command != "run":
            run.ask("run")  # an old request to pause or stop is not meant for this process
        self._steps_taken = asked.steps
        _end_last_line(run.path / "metrics.jsonl")
        self._metrics = files.Lines(run.path / "metrics.jsonl")
        self._beat()
        self._thread = threading.Thread(target=self._heartbeat, daemon=True)
        self._thread.start()

    def _heartbeat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            self._beat()

    def _beat(self) -> None:
        with self._guard:
            if not self._ended.is_set():
                self._put()

    def _put(self) -> None:
        path, status = self.run.path / "status.json", {**self._status, **heartbeat.stamp()}
        self._put_at = time.monotonic()
        try:
            files.replace_json(path, status)
        except OSError:
            # A disk that is full for a moment must neither end a training nor silence it.
            with suppress(OSError):
                files.overwrite_json(path, status)

    def log(self, row: dict[str, Any]) -> None:
        """Append one row to the metrics. Values are JSON-able; floats that are not finite are kept as null."""
        self._metrics.add(json.dumps({key: _finite(value) for key, value in row.items()}))

    def drop_metrics_after(self, key: str, last: float) -> None:
        """Forget rows whose `key` lies beyond `last`: those that a resumed training is about to write again."""
        rows = self.run.metrics()
        kept = [row for row in rows if row.get(key, last) <= last]
        if len(kept) == len(rows):
            return
        self._metrics.close()
        text = "".join(json.dumps(row) + "\n" for row in kept)
        self._when_there_is_room(lambda: files.replace(self.run.path / "metrics.jsonl", text))
        self._metrics = files.Lines(self.run.path / "metrics.jsonl")

    def progress(self, **values: Any) -> None:
        """Update the progress in the status: step, steps, epoch, epochs, images_per_second, seconds_left and the like.

        A value of None removes its key. Written at once where a quarter of a second has passed since the last time.
        """
        with self._guard:
            progress = {**self._status["progress"], **{key: _finite(value) for key, value in values.items()}}
            self._status["progress"] = {key: value for key, value in progress.items() if value is not None}
            if time.monotonic() - self._put_at > 0.25:
                self._put()

    def message(self, sentence: str) -> None:
        """Say something beside the state ("The learning rate was lowered.")."""
        with self._guard:
            self._status["message"] = sentence
            self._put()

    def facts(self, **data: Any) -> None:
        """Add to run.json's `data` what a reader needs to rebuild the net."""
        record = self.run.record()
        record["data"] = {**record["data"], **data}
        self._when_there_is_room(lambda: files.replace_json(self.run.path / "run.json", record))
        self.run.data = record["data"]

    def save(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Replace the checkpoint by `tensors` and the JSON-able `state`, in one atomic file.

        On a full disk this waits for room, as `save_weights` and `preview` do, and the run reports "paused" meanwhile.
        Raises UserError where the folder cannot be written for another reason, or where the watcher asks to stop.
        """

        def write() -> None:
            self._metrics.flush()  # no row that the checkpoint lies behind may be lost
            weights.write(self.run.path / "checkpoint.safetensors", tensors, {"state": json.dumps(state)})

        self._when_there_is_room(write)

    def save_model(self, tensors: dict[str, Tensor]) -> None:
        """Replace the weights that pages read."""
        self.save_weights("model", tensors)

    def save_weights(self, name: str, tensors: dict[str, Tensor]) -> None:
        """Replace NAME.safetensors."""
        self._when_there_is_room(lambda: weights.write(self.run.path / f"{name}.safetensors", tensors))

    def save_epoch(self, epoch: int, tensors: dict[str, Tensor]) -> None:
        """Keep the weights of an epoch in half precision; a tensor that this would spoil stays as it is."""
        self._when_there_is_room(lambda: (self.run.path / "epochs").mkdir(exist_ok=True))
        self.save_weights(f"epochs/{epoch}", {name: _halved(tensor) for name, tensor in tensors.items()})

    def preview(self, name: str, jpeg: bytes) -> None:
        """Keep the JPEG picture as previews/NAME.jpg."""
        folder = self.run.path / "previews"

        def write() -> None:
            folder.mkdir(exist_ok=True)
            temporary = folder / f".{name}.part"
            temporary.write_bytes(jpeg)
            os.replace(temporary, folder / f"{name}.jpg")

        self._when_there_is_room(write)

    def _when_there_is_room(self, write: Callable[[], None]) -> None:
        """Carry out `write`, however long that has to wait for a full disk."""
        before = (self._status["state"], self._status["message"])
        waited = False
        while True:
            try:
                write()
                break
            except OSError as error:
                if error.errno not in files.NO_ROOM or self._asked().command == "stop":
                    raise UserError(files.unwritable(self.run.path, error)) from error
            waited = True
            self._say("paused", NO_ROOM)
            time.sleep(ROOM_SECONDS)
        if waited:
            self._say(*before)

    def obey(self, before_pause: Callable[[], None] = lambda: None) -> Control:
        """What the watcher asks for now. Waits as long as the answer is "pause", the run reporting "paused" meanwhile.

        Costs a `stat` of the control file: call it once a step. "step" lets one step through for each time it was
        asked for, and then pauses. After "stop" leave the loop. `before_pause` is called first, to save a checkpoint,
        say: a machine that is switched off during a pause then costs nothing.
        """
        asked = self._asked()
        if self._holds(asked):
            before_pause()
            self._state("paused")
            while self._holds(asked):
                time.sleep(0.05)
                asked = self._asked()
            self._state("running")
        self._steps_taken = self._steps_taken + 1 if asked.command == "step" else asked.steps
        self.was_stopped = asked.command == "stop"
        return asked

    def hold(self, before_pause: Callable[[], None] = lambda: None) -> Control:
        """As `obey`, within a step: one that is asked for ends the pause, and is still there to be taken."""
        taken = self._steps_taken
        asked = self.obey(before_pause)
        if asked.command == "step":
            self._steps_taken = taken
        return asked

    def _holds(self, asked: Control) -> bool:
        return asked.command == "pause" or (asked.command == "step" and asked.steps <= self._steps_taken)

    def _asked(self) -> Control:
        try:
            info = (self.run.path / "control.json").stat()
        except OSError:
            return Control()
        stamp = (info.st_mtime_ns, info.st_ino)
        if stamp != self._control_stamp:
            self._control, self._control_stamp = self.run.asked(), stamp
        return self._control

    def _state(self, state: str) -> None:
        self._say(state, self._status["message"])

    def _say(self, state: str, message: str) -> None:
        with self._guard:
            self._status.update(state=state, message=message)
            self._put()

    def end(self, state: str, message: str) -> None:
        """Write the final state and stop the heartbeat."""
        with self._guard:
            self._ended.set()
            self._status.update(state=state, message=message)
            self._put()
        self._metrics.close()


class Silent(Writer):
    """The writer of a process that does not lead: it writes nothing."""

    def __init__(self, run: "Run"):
        self.run = run

    def log(self, row: dict[str, Any]) -> None:
        pass

    def drop_metrics_after(self, key: str, last: float) -> None:
        pass

    def progress(self, **values: Any) -> None:
        pass

    def message(self, sentence: str) -> None:
        pass

    def facts(self, **data: Any) -> None:
        pass

    def save(self, tensors: dict[str, Tensor], state: dict) -> None:
        pass

    def save_weights(self, name: str, tensors: dict[str, Tensor]) -> None:
        pass

    def save_epoch(self, epoch: int, tensors: dict[str, Tensor]) -> None:
        pass

    def preview(self, name: str, jpeg: bytes) -> None:
        pass


def _end_last_line(path: Path) -> None:
    """Close a line that a killed process left unfinished, so that the next row starts on a line of its own."""
    if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def _halved(tensor: Tensor) -> Tensor:
    """The numbers in 16 bits where all of them fit."""
    half = tensor.half() if tensor.is_floating_point() else tensor
    return half if bool(half.isfinite().all()) else tensor


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
