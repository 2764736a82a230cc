"""The run folder: the whole contract between a training process and whoever watches it.

    run.json                 what was asked for (`settings`) and what a reader needs to rebuild the net (`data`)
    status.json              state, progress and heartbeat of the process; replaced whole
    control.json             what the watcher asks for: run, pause, step or stop; replaced whole
    note.json                the name and the note that the watcher gave the run; replaced whole
    metrics.jsonl            one JSON object a line, appended
    checkpoint.safetensors   everything a resumed training needs, its state as JSON in the metadata
    model.safetensors        the latest weights, for the pages
    epochs/EPOCH.safetensors the weights of epochs that were to be kept, in half precision; 0 are the initial ones
    previews/NAME.jpg        pictures, where the training makes any
    log.txt                  what the process printed

A file is either appended line by line or replaced by a rename, so a reader never sees half of one and a killed process
costs at most the steps since its last checkpoint. While the disk is full a training waits, its rows in memory.

The folders in `weights/runs` came with Atelier: they hold run.json, status.json and metrics.jsonl, and are only read.
"""

import itertools
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
from torch import Tensor

from core import weights
from core.errors import UserError
from core.runs import files, heartbeat
from core.runs.control import COMMANDS, Control
from core.runs.writer import Writer

VERSION = 1
STALE_SECONDS = 10.0  # a heartbeat older than this means that the process is gone
START_SECONDS = 60.0  # what a process may take to its first heartbeat: importing torch on a busy laptop is slow
ENDED = ("finished", "stopped", "failed")
STATES = ("queued", "starting", "running", "paused", "interrupted", *ENDED)
NAME_LENGTH, NOTE_LENGTH = 120, 4000
TAIL_BYTES = 8 * 1024  # of the metrics file, where the latest figures stand


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
        """Whether there is a process."""
        return self.state in ("starting", "running", "paused")

    @property
    def under_way(self) -> bool:
        """Whether there is a process, or will be when the queue comes to this run."""
        return self.alive or self.state == "queued"


def root() -> Path:
    """The folder that holds all runs: the environment variable ATELIER_RUNS, else `runs` beside `core`."""
    return Path(os.environ.get("ATELIER_RUNS") or Path(__file__).resolve().parents[2] / "runs")


def shipped_root() -> Path:
    """The folder of the runs that came with Atelier."""
    return weights.WEIGHTS / "runs"


class Run:
    """One run folder, seen by a reader. Make one with `Run.create` or `Run.open`."""

    def __init__(self, path: Path, record: dict):
        self.path = path
        self.kind: str = record["kind"]
        self.created: str = record["created"]
        self.settings: dict[str, Any] = record["settings"]
        self.data: dict[str, Any] = record["data"]
        noted = self._read("note.json")
        name, note = noted.get("name"), noted.get("note")
        self.name: str = name if isinstance(name, str) and name else record["name"]
        self.note: str = note if isinstance(note, str) else ""

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def shipped(self) -> bool:
        """Whether the run came with Atelier, and is only to be read."""
        return self.path.parent == shipped_root()

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
        files.replace_json(target / "run.json", record)
        return cls(target, record)

    @classmethod
    def open(cls, run: Path | str) -> "Run":
        """Open the run folder at a path, or by its name under `root()` or, failing that, among the shipped runs.

        Raises DamagedRun where it cannot be read.
        """
        path = Path(run)
        if not path.is_absolute() and len(path.parts) == 1 and not path.is_dir():
            own, shipped = root() / path, shipped_root() / path
            path = shipped if shipped.is_dir() and not own.is_dir() else own
        return cls(path, _record(path))

    def record(self) -> dict:
        """The content of run.json as it is now. Raises DamagedRun."""
        return _record(self.path)

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
        beat = saved.get("heartbeat")
        message = saved.get("message")
        progress = saved.get("progress")
        if not isinstance(beat, int | float) or state not in STATES:
            state, message = "starting", ""
            saved = {"heartbeat": _modified(self.path / "run.json")}
        age = heartbeat.age(str(self.path), saved)
        patience = START_SECONDS if state == "starting" else STALE_SECONDS
        if state not in ("queued", *ENDED) and (age > patience or _is_gone(saved)):
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

    def tail(self, size: int = TAIL_BYTES) -> list[dict]:
        """The rows in the last `size` bytes of the metrics, oldest first: quick, however long the training was."""
        try:
            with (self.path / "metrics.jsonl").open("rb") as file:
                start = max(0, file.seek(0, os.SEEK_END) - size)
                file.seek(start)
                data = file.read()
        except OSError:
            return []
        first = data.find(b"\n") + 1 if start else 0
        return list(_rows(data[first : data.rfind(b"\n") + 1]))

    def last(self, key: str) -> float | None:
        """The last number that the metrics hold for `key`; None where they hold none."""
        for read in (self.tail, lambda: self.tail(32 * TAIL_BYTES), self.metrics):  # one only where the last had none
            for row in reversed(read()):
                value = row.get(key)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return value
        return None

    def rename(self, name: str) -> None:
        """Call the run `name`. Raises UserError where that is empty or too long."""
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_LENGTH:
            raise UserError(f"A run's name has 1 to {NAME_LENGTH} characters; this one has {len(name)}.")
        self._noted(name=name)
        self.name = name

    def set_note(self, text: str) -> None:
        """Keep `text` beside the run. Raises UserError where it is too long."""
        text = text.strip()
        if len(text) > NOTE_LENGTH:
            raise UserError(f"A note has at most {NOTE_LENGTH:,} characters; this one has {len(text):,}.")
        self._noted(note=text)
        self.note = text

    def _noted(self, **changes: str) -> None:
        """Name and note have a file of their own: the training may be writing run.json at this moment."""
        self._put("note.json", {**self._read("note.json"), **changes})

    def _put(self, name: str, value: dict) -> None:
        """Replace a JSON file of the folder. Raises UserError where that cannot be."""
        self.must_be_own()
        try:
            files.replace_json(self.path / name, value)
        except OSError as error:
            raise UserError(files.unwritable(self.path, error)) from error

    def must_be_own(self) -> None:
        """Raises UserError for a run that came with Atelier."""
        if self.shipped:
            raise UserError(f"The run {self.id} came with Atelier and is only to be read; train it anew to change it.")

    def ask(self, command: str, **values: Any) -> None:
        """Tell the training process to "run", to "pause", to take one "step" and pause, or to "stop".

        `values` (a factor on the learning rate, say) join those that were set before; None takes one away.
        """
        if command not in COMMANDS:
            raise UserError(f"A run cannot {command}; it can run, pause, step or stop.")
        before = self.asked()
        kept = {key: value for key, value in {**before.values, **values}.items() if value is not None}
        steps = before.steps + (command == "step")
        self._put("control.json", {"command": command, "values": kept, "steps": steps})

    def is_starting(self, pid: int) -> None:
        """Note that the process `pid` of this machine was started and will report here soon."""
        self.report("starting", pid=pid)

    def report(self, state: str, message: str = "", **more: Any) -> None:
        """Note where a run stands that no process reports on: "queued", say. The progress is kept."""
        status = {
            "state": state,
            "message": message,
            "host": socket.gethostname(),
            "progress": self.status().progress,
        }
        self._put("status.json", {**status, **more, **heartbeat.stamp()})

    def place(self) -> float:
        """Where the run stands in the queue: behind those with smaller numbers."""
        place = self._read("status.json").get("place")
        return place if isinstance(place, int | float) else 0.0

    def asked(self) -> Control:
        """The last thing that was asked for."""
        return Control.of(self._read("control.json"))

    def control(self) -> tuple[str, dict[str, Any]]:
        """The last thing that was asked for: a command and its values."""
        asked = self.asked()
        return asked.command, asked.values

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

    def kept_epochs(self) -> dict[int, Path]:
        """The files of the epochs whose weights were kept, in their order; empty where none were to be kept."""
        found = {int(path.stem): path for path in (self.path / "epochs").glob("*.safetensors") if path.stem.isdecimal()}
        return dict(sorted(found.items()))

    def previews(self) -> list[Path]:
        """The preview pictures, in the order of their names."""
        return sorted((self.path / "previews").glob("*.jpg"))

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Become the one writer of this folder: the run is "running" inside and has an ended state behind.

        An exception leaves it "failed" with the sentence of the error and goes on its way.
        Raises UserError where another process is writing here, or where nobody can.
        """
        self.must_be_own()
        lock = filelock.FileLock(self.path / ".writer.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise UserError(f"Another process is training in {self.path}; wait for it or stop it first.") from error
        except OSError as error:
            raise UserError(files.unwritable(self.path, error)) from error
        try:
            yield from self._written()
        finally:
            lock.release()

    def _written(self) -> Iterator[Writer]:
        try:
            writer = Writer(self)
        except OSError as error:
            raise UserError(files.unwritable(self.path, error)) from error
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


def list_runs(kind: str | None = None, *, shipped: bool = False) -> list[Run | DamagedRun]:
    """Every run under `root()`, newest first; a folder that cannot be read is listed as the DamagedRun it raises.

    With `shipped` also the runs that came with Atelier, but for those whose name a run of the user's has.
    """
    folders = _folders(root())
    if shipped:
        folders = _folders(shipped_root()) | folders
    found: list[Run | DamagedRun] = []
    for _, path in sorted(folders.items(), reverse=True):
        try:
            run = Run.open(path)
        except DamagedRun as damaged:
            found.append(damaged)
        else:
            if kind in (None, run.kind):
                found.append(run)
    return sorted(found, key=lambda run: run.created if isinstance(run, Run) else "", reverse=True)


def _folders(parent: Path) -> dict[str, Path]:
    try:
        return {path.name: path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(".")}
    except OSError:
        return {}


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
    if isinstance(record, dict):
        # What an older version did not write, and what a reader can do without.
        record = {"name": path.name, "created": "", "data": {}} | record
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
