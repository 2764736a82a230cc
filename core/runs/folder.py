"""The run folder: the whole contract between a training process and whoever watches it.

    run.json                 what was asked for (`settings`) and what a reader needs to rebuild the net (`data`)
    status.json              state, progress and heartbeat of the process; replaced whole
    control.json             what the watcher asks for: run, pause or stop; replaced whole
    metrics.jsonl            one JSON object a line, appended
    checkpoint.safetensors   everything a resumed training needs, its state as JSON in the metadata
    model.safetensors        the latest weights, for the pages
    previews/NAME.jpg        pictures, where the training makes any
    log.txt                  what the process printed

A file is either appended line by line or replaced by a rename, so a reader never sees half of one and a killed process
costs at most the steps since its last checkpoint.
"""

import itertools
import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
from torch import Tensor

from core import weights
from core.errors import UserError

VERSION = 1
HEARTBEAT_SECONDS = 2.0
STALE_SECONDS = 10.0  # a heartbeat older than this means that the process is gone
START_SECONDS = 60.0  # what a process may take to its first heartbeat: importing torch on a busy laptop is slow
ENDED = ("finished", "stopped", "failed")
STATES = ("starting", "running", "paused", "interrupted", *ENDED)


class DamagedRun(UserError):
    """A run folder that cannot be read. Carries `id`, the folder's name, so that a page can list it."""

    def __init__(self, id: str, sentence: str):
        super().__init__(sentence)
        self.id = id


@dataclass(frozen=True)
class Status:
    """Where a run stands: `state` is one of STATES, `message` a sentence (empty where the state says it all)."""

    state: str
    message: str
    progress: dict[str, Any]
    seconds_since_heartbeat: float

    @property
    def alive(self) -> bool:
        return self.state in ("starting", "running", "paused")


@dataclass(frozen=True)
class Control:
    """What the watcher asks for: "run" or "stop" (a pause is waited out), and whatever `values` it set with it."""

    command: str
    values: dict[str, Any] = field(default_factory=dict)


def root() -> Path:
    """The folder that holds all runs: the environment variable ATELIER_RUNS, else `runs` beside `core`."""
    return Path(os.environ.get("ATELIER_RUNS") or Path(__file__).resolve().parents[2] / "runs")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        temporary.write_text(text, "utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _replace_json(path: Path, value: dict) -> None:
    _replace(path, json.dumps(value, indent=1))


class Run:
    """One run folder, seen by a reader. Make one with `Run.create` or `Run.open`."""

    def __init__(self, path: Path, record: dict):
        self.path = path
        self.kind: str = record["kind"]
        self.name: str = record["name"]
        self.created: str = record["created"]
        self.settings: dict[str, Any] = record["settings"]
        self.data: dict[str, Any] = record["data"]

    @property
    def id(self) -> str:
        return self.path.name

    @classmethod
    def create(cls, kind: str, settings: dict, *, name: str | None = None, path: Path | str | None = None) -> "Run":
        """Make a new run folder of `kind` ("classifier", "pastiche") holding JSON-able `settings`.

        `path` defaults to a fresh folder under `root()`. Raises UserError where the folder is taken or cannot be made.
        """
        now = datetime.now(UTC)
        label = name or kind
        target = Path(path) if path else root() / f"{now:%Y%m%d-%H%M%S}-{_slug(label)}"
        try:
            if path is None:
                target = _fresh(target)
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The run folder {target} cannot be made ({error.strerror}); choose another.") from error
        if any(target.iterdir()):
            raise UserError(f"The folder {target} is not empty; choose another for a new run, or resume the run in it.")
        record = {
            "version": VERSION,
            "kind": kind,
            "name": label,
            "created": now.isoformat(timespec="seconds"),
            "settings": settings,
            "data": {},
        }
        _replace_json(target / "run.json", record)
        return cls(target, record)

    @classmethod
    def open(cls, run: Path | str) -> "Run":
        """Open the run folder at a path, or by its name under `root()`. Raises DamagedRun where it cannot be read."""
        path = Path(run)
        if not path.is_absolute() and len(path.parts) == 1 and not path.is_dir():
            path = root() / path
        return cls(path, _record(path))

    def _read(self, name: str) -> dict:
        """A JSON file of the folder; empty where it is missing or unreadable, as an edited one may be."""
        try:
            value = json.loads((self.path / name).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def status(self) -> Status:
        """Where the run stands now. A process that no longer gives a sign of life is reported as "interrupted"."""
        saved = self._read("status.json")
        state = saved.get("state")
        heartbeat = saved.get("heartbeat")
        message = saved.get("message")
        progress = saved.get("progress")
        if not isinstance(heartbeat, int | float) or state not in STATES:
            state, message = "starting", ""
            heartbeat = _modified(self.path / "run.json")
        age = max(0.0, time.time() - heartbeat)
        patience = START_SECONDS if state == "starting" else STALE_SECONDS
        if state not in ENDED and (age > patience or _is_gone(saved)):
            state = "interrupted"
            message = "The process ended before the training did; resume goes on from the last checkpoint."
        return Status(
            str(state),
            message if isinstance(message, str) else "",
            progress if isinstance(progress, dict) else {},
            age,
        )

    def metrics(self) -> list[dict]:
        """All rows logged so far, oldest first."""
        return self.metrics_since(0)[0]

    def metrics_since(self, offset: int) -> tuple[list[dict], int]:
        """The rows behind byte `offset` of the metrics file, and the offset to ask from next time.

        A last line that is not finished yet is left for the next call; a line that is no JSON object is passed over.
        """
        try:
            with (self.path / "metrics.jsonl").open("rb") as file:
                file.seek(offset)
                data = file.read()
        except OSError:
            return [], offset
        whole = data[: data.rfind(b"\n") + 1]
        return list(_rows(whole)), offset + len(whole)

    def ask(self, command: str, **values: Any) -> None:
        """Tell the training process to "run", "pause" or "stop"; `values` (a learning rate, say) travel along."""
        if command not in ("run", "pause", "stop"):
            raise UserError(f"A run cannot {command}; it can run, pause or stop.")
        _replace_json(self.path / "control.json", {"command": command, "values": values})

    def is_starting(self, pid: int) -> None:
        """Note that the process `pid` of this machine was started and will report here soon."""
        status = {
            "state": "starting",
            "message": "",
            "pid": pid,
            "host": socket.gethostname(),
            "progress": {},
        }
        _replace_json(self.path / "status.json", {**status, "heartbeat": time.time()})

    def control(self) -> tuple[str, dict[str, Any]]:
        """The last thing that was asked for: a command and its values."""
        saved = self._read("control.json")
        command, values = saved.get("command"), saved.get("values")
        known = command if command in ("run", "pause", "stop") else "run"
        return known, values if isinstance(values, dict) else {}

    def checkpoint(self) -> tuple[dict[str, Tensor], dict] | None:
        """Tensors and JSON state of the last checkpoint, or None where there is none yet.

        Raises UserError where the file is damaged.
        """
        path = self.path / "checkpoint.safetensors"
        if not path.exists():
            return None
        try:
            return weights.read(path), json.loads(weights.read_metadata(path)["state"])
        except (KeyError, ValueError) as error:
            raise UserError(
                f"The checkpoint of the run {self.id} is damaged ({error}); start a new run with the same settings."
            ) from error

    def model_path(self) -> Path | None:
        """The file of the latest saved weights, or None where nothing was saved yet."""
        path = self.path / "model.safetensors"
        return path if path.exists() else None

    def previews(self) -> list[Path]:
        """The preview pictures, in the order of their names."""
        return sorted((self.path / "previews").glob("*.jpg"))

    @contextmanager
    def write(self) -> Iterator["Writer"]:
        """Become the one writer of this folder: the run is "running" inside and has an ended state behind.

        An exception leaves it "failed" with the sentence of the error and goes on its way.
        Raises UserError where another process is writing here.
        """
        lock = filelock.FileLock(self.path / ".writer.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise UserError(f"Another process is training in {self.path}; wait for it or stop it first.") from error
        writer = Writer(self)
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
        finally:
            lock.release()


class Writer:
    """The training's side of a run folder. Only `Run.write` makes one."""

    def __init__(self, run: Run):
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
        self._control: tuple[str, dict[str, Any]] = ("run", {})
        if run.control()[0] != "run":
            run.ask("run", **run.control()[1])  # an old request to pause or stop is not meant for this process
        _end_last_line(run.path / "metrics.jsonl")
        self._metrics = (run.path / "metrics.jsonl").open("a", encoding="utf-8", buffering=1)
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
        try:
            _replace_json(self.run.path / "status.json", {**self._status, "heartbeat": time.time()})
        except OSError:
            # A disk that is full for a moment must not end a training; the next beat tries again.
            return
        self._put_at = time.monotonic()

    def log(self, row: dict[str, Any]) -> None:
        """Append one row to the metrics. Values are JSON-able; floats that are not finite are kept as null."""
        self._metrics.write(json.dumps({key: _finite(value) for key, value in row.items()}) + "\n")

    def drop_metrics_after(self, key: str, last: float) -> None:
        """Forget rows whose `key` lies beyond `last`: those that a resumed training is about to write again."""
        self._metrics.close()
        kept = [row for row in self.run.metrics() if row.get(key, last) <= last]
        _replace(self.run.path / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in kept))
        self._metrics = (self.run.path / "metrics.jsonl").open("a", encoding="utf-8", buffering=1)

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
        record = _record(self.run.path)
        record["data"] = {**record["data"], **data}
        _replace_json(self.run.path / "run.json", record)
        self.run.data = record["data"]

    def save(self, tensors: dict[str, Tensor], state: dict) -> None:
        """Replace the checkpoint by `tensors` and the JSON-able `state`, in one atomic file."""
        weights.write(self.run.path / "checkpoint.safetensors", tensors, {"state": json.dumps(state)})

    def save_model(self, tensors: dict[str, Tensor]) -> None:
        """Replace the weights that pages read."""
        weights.write(self.run.path / "model.safetensors", tensors)

    def preview(self, name: str, jpeg: bytes) -> None:
        """Keep the JPEG picture as previews/NAME.jpg."""
        folder = self.run.path / "previews"
        folder.mkdir(exist_ok=True)
        temporary = folder / f".{name}.part"
        temporary.write_bytes(jpeg)
        os.replace(temporary, folder / f"{name}.jpg")

    def obey(self, before_pause: Callable[[], None] = lambda: None) -> Control:
        """What the watcher asks for now. Waits as long as the answer is "pause", the run reporting "paused" meanwhile.

        Costs a `stat` of the control file: call it once a step. After "stop" leave the loop. `before_pause` is called
        first, to save a checkpoint, say: a machine that is switched off during a pause then costs nothing.
        """
        command, values = self._asked()
        if command == "pause":
            before_pause()
            self._state("paused")
            while command == "pause":
                time.sleep(0.1)
                command, values = self._asked()
            self._state("running")
        self.was_stopped = command == "stop"
        return Control(command, values)

    def _asked(self) -> tuple[str, dict[str, Any]]:
        try:
            info = (self.run.path / "control.json").stat()
        except OSError:
            return "run", {}
        stamp = (info.st_mtime_ns, info.st_ino)
        if stamp != self._control_stamp:
            self._control, self._control_stamp = self.run.control(), stamp
        return self._control

    def _state(self, state: str) -> None:
        with self._guard:
            self._status["state"] = state
            self._put()

    def end(self, state: str, message: str) -> None:
        """Write the final state and stop the heartbeat."""
        with self._guard:
            self._ended.set()
            self._status.update(state=state, message=message)
            self._put()
        self._metrics.close()


def list_runs(kind: str | None = None) -> list[Run | DamagedRun]:
    """Every run under `root()`, newest first; a folder that cannot be read is listed as the DamagedRun it raises."""
    try:
        folders = [path for path in root().iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return []
    found: list[Run | DamagedRun] = []
    for path in sorted(folders, key=lambda path: path.name, reverse=True):
        try:
            run = Run.open(path)
        except DamagedRun as damaged:
            found.append(damaged)
        else:
            if kind in (None, run.kind):
                found.append(run)
    return sorted(found, key=lambda run: run.created if isinstance(run, Run) else "", reverse=True)


def _record(path: Path) -> dict:
    """The checked content of run.json. Raises DamagedRun."""
    if not path.is_dir():
        raise DamagedRun(path.name, f"There is no run named {path.name}; it may have been moved or deleted.")
    file = path / "run.json"
    try:
        record = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise DamagedRun(path.name, f"The run {path.name} is damaged: it has no run.json.") from None
    except (OSError, ValueError):
        raise DamagedRun(path.name, f"The run {path.name} is damaged: its run.json cannot be read.") from None
    expected = {"version": int, "kind": str, "name": str, "created": str, "settings": dict, "data": dict}
    for key, kind in expected.items():
        if not isinstance(record, dict) or not isinstance(record.get(key), kind):
            raise DamagedRun(path.name, f"The run {path.name} is damaged: '{key}' is missing from its run.json.")
    if record["version"] > VERSION:
        raise DamagedRun(path.name, f"The run {path.name} was written by a newer Atelier; update to open it.")
    return record


def _rows(data: bytes) -> Iterator[dict]:
    for line in data.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def _end_last_line(path: Path) -> None:
    """Close a line that a killed process left unfinished, so that the next row starts on a line of its own."""
    if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def _is_gone(saved: dict) -> bool:
    """Whether the writing process certainly no longer runs. Only the same machine can tell."""
    pid = saved.get("pid")
    if not isinstance(pid, int) or pid <= 0 or saved.get("host") != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def _sentence(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)
    return f"The training ended with an error ({type(error).__name__}: {error}); log.txt has the details."


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "run"


def _fresh(path: Path) -> Path:
    """Make a folder that nobody has; of several runs made in one second the later ones get a number."""
    candidate = path
    for number in itertools.count(2):
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            candidate = path.with_name(f"{path.name}-{number}")
        else:
            break
    return candidate
