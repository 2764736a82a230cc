"""The training's side of a run folder: the one process that writes what `core.runs.run` reads.

While the disk is full the training waits, its rows in memory.
"""

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
from torch import Tensor

from core import weights
from core.errors import UserError
from core.runs import files, metrics
from core.runs.control import Control, ControlReader
from core.runs.run import Run, read_run_json
from core.runs.status_writer import StatusWriter
from core.runs.values import finite

ROOM_SECONDS = 2.0  # between two tries to write to a full disk
PAUSE_POLL_SECONDS = 0.05
NO_ROOM = (
    "The disk is full: the training waits, and goes on by itself as soon as there is room. Delete something large; "
    "nothing is lost."
)


def _nothing() -> None:
    pass


class Writer(ABC):
    """How a training writes to the folder of `run`, and reads the requests there."""

    run: Run

    @abstractmethod
    def log(self, row: dict[str, Any]) -> None:
        """Append one row to the metrics. Values are JSON-able; floats that are not finite become null."""

    @abstractmethod
    def drop_metrics_after(self, key: str, last: float) -> None:
        """Drop the rows whose `key` is above `last`: a resumed training is about to write them again."""

    @abstractmethod
    def progress(self, **values: Any) -> None:
        """Update fields of `core.runs.status.Progress` in the status; None removes one.

        Written at once, but no oftener than four times a second.
        """

    @abstractmethod
    def message(self, sentence: str) -> None:
        """Show a sentence beside the state ("The learning rate was lowered.")."""

    @abstractmethod
    def facts(self, **data: Any) -> None:
        """Add to run.json's `data` what a reader needs to rebuild the net."""

    @abstractmethod
    def save(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Replace the checkpoint by `tensors` and the JSON-able `state`, in one atomic file.

        On a full disk this waits for room, as `save_weights` and `preview` do, and the run is "paused" meanwhile.
        Raises UserError where the folder cannot be written for another reason, or where a stop is requested.
        """

    def save_model(self, tensors: dict[str, Tensor]) -> None:
        """Replace the weights that pages read."""
        self.save_weights("model", tensors)

    @abstractmethod
    def save_weights(self, name: str, tensors: dict[str, Tensor]) -> None:
        """Replace NAME.safetensors."""

    @abstractmethod
    def save_epoch(self, epoch: int, tensors: dict[str, Tensor]) -> None:
        """Save the weights of an epoch in half precision; a tensor that this would spoil stays as it is."""

    @abstractmethod
    def export(self, name: str, tensors: dict[str, Tensor], card: dict) -> None:
        """Save weights as exports/NAME.safetensors and the JSON-able `card` as exports/NAME.json; they stay."""

    @abstractmethod
    def preview(self, name: str, jpeg: bytes) -> None:
        """Save a JPEG picture as previews/NAME.jpg."""

    @abstractmethod
    def sample(self, name: str, picture: bytes) -> None:
        """Save an encoded picture as samples/NAME; folders in the name are made."""

    @abstractmethod
    def begin_step(self, before_pause: Callable[[], None] = _nothing) -> Control:
        """Wait while a pause is requested, the run being "paused" meanwhile; return the latest request.

        Call it once before each step (it costs a `stat` of a file), and leave the loop where the command is "stop".
        "step" lets one step through for each time it was requested, and then pauses. `before_pause` is called first,
        to save a checkpoint, say: a machine that is switched off during a pause then loses nothing.
        """

    @abstractmethod
    def wait_while_paused(self, before_pause: Callable[[], None] = _nothing) -> Control:
        """Do as `begin_step`, but within a step: the request for a single step ends the pause and is still pending."""


class SilentWriter(Writer):
    """The writer of a process that does not lead its team: it writes nothing, and no request reaches it."""

    def __init__(self, run: Run):
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

    def export(self, name: str, tensors: dict[str, Tensor], card: dict) -> None:
        pass

    def preview(self, name: str, jpeg: bytes) -> None:
        pass

    def sample(self, name: str, picture: bytes) -> None:
        pass

    def begin_step(self, before_pause: Callable[[], None] = _nothing) -> Control:
        return Control()

    def wait_while_paused(self, before_pause: Callable[[], None] = _nothing) -> Control:
        return Control()


class FolderWriter(Writer):
    """The writer of the leading process. Made by `writing`, which holds the folder's lock."""

    def __init__(self, run: Run):
        self.run = run
        self.was_stopped = False
        if run.control().command != "run":
            run.request("run")  # an old request to pause or stop is not meant for this process
        self._control = ControlReader(run.path)
        _end_last_line(self._metrics_path)
        self._metrics = files.Lines(self._metrics_path)
        self._status = StatusWriter(run.path)

    @property
    def _metrics_path(self) -> Path:
        return self.run.path / metrics.FILE

    def log(self, row: dict[str, Any]) -> None:
        self._metrics.add(json.dumps({key: finite(value) for key, value in row.items()}))

    def drop_metrics_after(self, key: str, last: float) -> None:
        rows = self.run.metrics()
        remaining = [row for row in rows if row.get(key, last) <= last]
        if len(remaining) == len(rows):
            return
        self._metrics.close()
        text = "".join(json.dumps(row) + "\n" for row in remaining)
        self._when_there_is_room(lambda: files.replace(self._metrics_path, text))
        self._metrics = files.Lines(self._metrics_path)

    def progress(self, **values: Any) -> None:
        self._status.update_progress(values)

    def message(self, sentence: str) -> None:
        self._status.set(message=sentence)

    def facts(self, **data: Any) -> None:
        record = read_run_json(self.run.path)
        record["data"] = {**record["data"], **data}
        self._when_there_is_room(lambda: files.replace_json(self.run.path / "run.json", record))
        self.run.replace_data(record["data"])

    def save(self, tensors: dict[str, Tensor], state: dict) -> None:
        def write() -> None:
            self._metrics.flush()  # no row that the checkpoint lies behind may be lost
            weights.write(self.run.path / "checkpoint.safetensors", tensors, {"state": json.dumps(state)})

        self._when_there_is_room(write)

    def save_weights(self, name: str, tensors: dict[str, Tensor]) -> None:
        self._when_there_is_room(lambda: weights.write(self.run.path / f"{name}.safetensors", tensors))

    def save_epoch(self, epoch: int, tensors: dict[str, Tensor]) -> None:
        self._when_there_is_room(lambda: (self.run.path / "epochs").mkdir(exist_ok=True))
        self.save_weights(f"epochs/{epoch}", {name: _halved(tensor) for name, tensor in tensors.items()})

    def export(self, name: str, tensors: dict[str, Tensor], card: dict) -> None:
        self._when_there_is_room(lambda: (self.run.path / "exports").mkdir(exist_ok=True))
        self.save_weights(f"exports/{name}", tensors)
        self._when_there_is_room(lambda: files.replace_json(self.run.path / "exports" / f"{name}.json", card))

    def preview(self, name: str, jpeg: bytes) -> None:
        self._save_picture(self.run.path / "previews" / f"{name}.jpg", jpeg)

    def sample(self, name: str, picture: bytes) -> None:
        self._save_picture(self.run.path / "samples" / name, picture)

    def _save_picture(self, path: Path, data: bytes) -> None:
        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.stem}.part")
            temporary.write_bytes(data)
            os.replace(temporary, path)

        self._when_there_is_room(write)

    def _when_there_is_room(self, write: Callable[[], None]) -> None:
        """Call `write`, and again for as long as the disk is full."""
        state, message = self._status.state, self._status.message
        waited = False
        while True:
            try:
                write()
                break
            except OSError as error:
                if error.errno not in files.NO_ROOM or self._control.read().command == "stop":
                    raise UserError(files.unwritable(self.run.path, error)) from error
            waited = True
            self._status.set(state="paused", message=NO_ROOM)
            time.sleep(ROOM_SECONDS)
        if waited:
            self._status.set(state=state, message=message)

    def begin_step(self, before_pause: Callable[[], None] = _nothing) -> Control:
        control = self.wait_while_paused(before_pause)
        self._control.count_step(control)
        return control

    def wait_while_paused(self, before_pause: Callable[[], None] = _nothing) -> Control:
        control = self._control.read()
        if self._control.pauses(control):
            before_pause()
            self._status.set(state="paused")
            while self._control.pauses(control):
                time.sleep(PAUSE_POLL_SECONDS)
                control = self._control.read()
            self._status.set(state="running")
        if control.command != "step":
            self._control.count_step(control)
        self.was_stopped = control.command == "stop"
        return control

    def end(self, state: str, message: str) -> None:
        """Write the final state and stop the heartbeat."""
        self._status.end(state, message)
        self._metrics.close()


@contextmanager
def writing(run: Run) -> Iterator[FolderWriter]:
    """Make this process the one writer of `run`: the run is "running" inside and has an ended state afterwards.

    An exception leaves it "failed" with the error's sentence, and is raised again.
    Raises UserError where another process is writing there, or where the folder cannot be written.
    """
    run.require_own()
    lock = filelock.FileLock(run.path / ".writer.lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise UserError(f"Another process is training in {run.path}; wait for it or stop it first.") from error
    except OSError as error:
        raise UserError(files.unwritable(run.path, error)) from error
    try:
        with _ended_by_its_outcome(run) as writer:
            yield writer
    finally:
        lock.release()


@contextmanager
def _ended_by_its_outcome(run: Run) -> Iterator[FolderWriter]:
    try:
        writer = FolderWriter(run)
    except OSError as error:
        raise UserError(files.unwritable(run.path, error)) from error
    try:
        yield writer
    except KeyboardInterrupt:
        writer.end("interrupted", "")
        raise
    except BaseException as error:
        writer.end("failed", _sentence(error))
        raise
    else:
        writer.end("stopped" if writer.was_stopped else "finished", "")


def _sentence(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)
    return f"The training ended with an error ({type(error).__name__}: {error}); log.txt has the details."


def _end_last_line(path: Path) -> None:
    """Close a line that a killed process left unfinished, so that the next row starts on a line of its own."""
    if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def _halved(tensor: Tensor) -> Tensor:
    """Return the tensor in float16 where all its values fit, else as it is."""
    half = tensor.half() if tensor.is_floating_point() else tensor
    return half if bool(half.isfinite().all()) else tensor
