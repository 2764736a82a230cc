"""The run folder: the whole contract between a training process and whoever watches it.

    run.json                 the settings of the training (`settings`) and what is needed to rebuild its net (`data`)
    status.json              state, progress and heartbeat of the process; replaced whole (core.runs.status)
    control.json             the request to run, pause, step or stop; replaced whole (core.runs.control)
    note.json                the name and the note that the user gave the run; replaced whole
    metrics.jsonl            one JSON object a line, appended (core.runs.metrics)
    checkpoint.safetensors   everything a resumed training needs, its state as JSON in the metadata
    model.safetensors        the latest weights, for the pages
    epochs/EPOCH.safetensors the weights of single epochs, in half precision; 0 are the initial ones
    previews/NAME.jpg        pictures, where the training makes any
    samples/CLASS/NAME.jpg   the pictures that a linear probe was taught with, where its visitor consented
    answers.safetensors      what probes that had not learned from a sample answer to it
    log.txt                  the output of the process

A file is either appended line by line or replaced by a rename, so a reader never sees half of one and a killed process
costs at most the steps since its last checkpoint. While the disk is full a training waits, its rows in memory.

This module is a reader's view of one folder, and the requests that a reader may make; the one process that trains
writes through core.runs.writer. The folders in `weights/runs` came with Atelier: they hold run.json, status.json and
metrics.jsonl, those of style transfers their pictures as well, and are only read.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import socket
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import weights
from core.errors import UserError
from core.runs import control, files, heartbeat, metrics, status
from core.runs.control import COMMANDS, Control
from core.runs.metrics import TAIL_BYTES
from core.runs.record import (
    ClassifierRecord,
    LossNetworkRecord,
    OptimisationRecord,
    StudyRecord,
    StyleNetworkRecord,
)
from core.runs.status import Status
from core.runs.values import mapping, number, text

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 1
NOTE_FILE = "note.json"
NAME_LENGTH, NOTE_LENGTH = 120, 4000
MOST_QUOTED = 200  # characters of a run's id in a sentence; an address may have thousands


class DamagedRun(UserError):
    """A run folder that cannot be read. Carries `id`, the folder's name, so that a page can list it."""

    def __init__(self, id: str, sentence: str):
        super().__init__(sentence)
        self.id = id


def root() -> Path:
    """Return the folder that holds all runs: the environment variable ATELIER_RUNS, else `runs` beside `core`."""
    return Path(os.environ.get("ATELIER_RUNS") or Path(__file__).resolve().parents[2] / "runs")


def shipped_root() -> Path:
    """Return the folder of the runs that came with Atelier."""
    return weights.WEIGHTS / "runs"


class Run:
    """One run folder, seen by a reader. Make one with `Run.create` or `Run.open`."""

    def __init__(self, path: Path, record: dict):
        self.path = path
        self.kind: str = record["kind"]
        self.created: str = record["created"]
        self.settings: dict[str, Any] = record["settings"]
        self.data: dict[str, Any] = record["data"]
        saved = files.read_json(self.path / NOTE_FILE)
        self.name: str = text(saved.get("name")) or record["name"]
        self.note: str = text(saved.get("note"))

    @property
    def id(self) -> str:
        return self.path.name

    @functools.cached_property
    def classifier(self) -> ClassifierRecord:
        """run.json as that of a classifier, parsed; of another kind of run hardly a field is known."""
        return ClassifierRecord.parse(self.settings, self.data)

    @functools.cached_property
    def study(self) -> StudyRecord:
        """run.json as that of a transfer-learning study, parsed."""
        return StudyRecord.parse(self.settings, self.data)

    @functools.cached_property
    def style_network(self) -> StyleNetworkRecord:
        """run.json as that of a style network, parsed."""
        return StyleNetworkRecord.parse(self.settings, self.data)

    @functools.cached_property
    def loss_network(self) -> LossNetworkRecord:
        """run.json as that of a loss network, parsed."""
        return LossNetworkRecord.parse(self.settings, self.data)

    @functools.cached_property
    def optimisation(self) -> OptimisationRecord:
        """run.json as that of a style transfer by optimisation, parsed."""
        return OptimisationRecord.parse(self.settings, self.data)

    def replace_data(self, data: dict[str, Any]) -> None:
        """Take over the `data` that the training has written to run.json."""
        self.data = data
        for name in ("classifier", "study", "style_network", "loss_network", "optimisation"):
            self.__dict__.pop(name, None)

    @property
    def shipped(self) -> bool:
        """True for a run that came with Atelier, which is read-only."""
        return self.path.parent == shipped_root()

    @classmethod
    def create(cls, kind: str, settings: dict, *, name: str | None = None, path: Path | str | None = None) -> Run:
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
    def open(cls, run: Path | str) -> Run:
        """Open the run folder at a path, or by its name under `root()` or, failing that, among the shipped runs.

        Raises DamagedRun where it cannot be read.
        """
        path = Path(run)
        if not path.is_absolute() and len(path.parts) == 1 and not _is_folder(path):
            own, shipped = root() / path, shipped_root() / path
            path = shipped if _is_folder(shipped) and not _is_folder(own) else own
        return cls(path, read_run_json(path))

    def status(self) -> Status:
        """Return where the run stands now: "interrupted" where its process no longer gives a sign of life."""
        return status.read(self.path)

    def control(self) -> Control:
        """Return the latest request to the training."""
        return control.read(self.path)

    def metrics(self) -> list[dict]:
        """Return all rows logged so far, oldest first."""
        return metrics.read(self.path)

    def metrics_since(self, offset: int) -> tuple[list[dict], int]:
        """Return the rows after byte `offset` of the metrics file, and the offset for the next call."""
        return metrics.read_since(self.path, offset)

    def tail(self, size: int = TAIL_BYTES) -> list[dict]:
        """Return the rows in the last `size` bytes of the metrics, oldest first: quick after a long training too."""
        return metrics.tail(self.path, size)

    def last(self, key: str) -> float | None:
        """Return the last number that the metrics hold under `key`; None where there is none."""
        return metrics.last(self.path, key)

    def rename(self, name: str) -> None:
        """Give the run a name. Raises UserError where that is empty or too long."""
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_LENGTH:
            raise UserError(f"A run's name has 1 to {NAME_LENGTH} characters; this one has {len(name)}.")
        self._write_note(name=name)
        self.name = name

    def set_note(self, note: str) -> None:
        """Write a note on the run. Raises UserError where it is too long."""
        note = note.strip()
        if len(note) > NOTE_LENGTH:
            raise UserError(f"A note has at most {NOTE_LENGTH:,} characters; this one has {len(note):,}.")
        self._write_note(note=note)
        self.note = note

    def _write_note(self, **changes: str) -> None:
        """Write the name or the note, which have their own file: the training may be writing run.json right now."""
        self._put(NOTE_FILE, {**files.read_json(self.path / NOTE_FILE), **changes})

    def _put(self, name: str, value: dict) -> None:
        """Replace a JSON file of the folder. Raises UserError where that cannot be."""
        self.require_own()
        try:
            files.replace_json(self.path / name, value)
        except OSError as error:
            raise UserError(files.unwritable(self.path, error)) from error

    def require_own(self) -> None:
        """Raise UserError for a run that came with Atelier."""
        if self.shipped:
            raise UserError(f"The run {self.id} came with Atelier and is only to be read; train it anew to change it.")

    def request(self, command: str, **values: Any) -> None:
        """Request that the training process "run", "pause", take one "step" and pause, or "stop".

        `values` (a factor on the learning rate, say) join those that were set before; None removes one.
        Raises UserError for another command, or where the folder cannot be written.
        """
        if command not in COMMANDS:
            raise UserError(f"A run cannot {command}; it can run, pause, step or stop.")
        self._put(control.FILE, asdict(self.control().changed_by(command, values)))

    def report(self, state: str, message: str = "", **more: Any) -> None:
        """Write the state of a run that no process reports on ("queued", say). The progress is kept."""
        saved = {
            "state": state,
            "message": message,
            "host": socket.gethostname(),
            "progress": mapping(files.read_json(self.path / status.FILE).get("progress")),
        }
        self._put(status.FILE, {**saved, **more, **heartbeat.stamp()})

    def place(self) -> float:
        """Return the place of the run in the queue: behind those with smaller numbers."""
        place = files.read_json(self.path / status.FILE).get("place")
        return number(place) or 0.0

    def checkpoint(self) -> tuple[dict[str, Tensor], dict] | None:
        """Return tensors and JSON state of the last checkpoint, or None where there is none yet.

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
        """Return the file of the latest weights, or None where nothing was saved yet."""
        path = self.path / "model.safetensors"
        return path if path.exists() else None

    def epoch_weights(self) -> dict[int, Path]:
        """Return the weights files of single epochs by epoch, ascending; empty where the training saves none."""
        paths = (self.path / "epochs").glob("*.safetensors")
        return dict(sorted((int(path.stem), path) for path in paths if path.stem.isdecimal()))

    def previews(self) -> list[Path]:
        """Return the files of the preview pictures, by name."""
        return sorted((self.path / "previews").glob("*.jpg"))

    def samples(self) -> list[Path]:
        """Return the files of the samples that a probe was taught with, by class and name."""
        return sorted((self.path / "samples").glob("*/*.*"))


def list_runs(kind: str | None = None, *, shipped: bool = False) -> list[Run | DamagedRun]:
    """Return every run under `root()`, newest first; a folder that cannot be read as the DamagedRun it raises.

    With `shipped` also the runs that came with Atelier, but for those whose name a run of the user's has.
    """
    folders = _folders(root())
    if shipped:
        folders = _folders(shipped_root()) | folders
    runs: list[Run | DamagedRun] = []
    for _, path in sorted(folders.items(), reverse=True):
        try:
            run = Run.open(path)
        except DamagedRun as damaged:
            runs.append(damaged)
        else:
            if kind in (None, run.kind):
                runs.append(run)
    return sorted(runs, key=lambda run: run.created if isinstance(run, Run) else "", reverse=True)


def _folders(parent: Path) -> dict[str, Path]:
    try:
        return {path.name: path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(".")}
    except OSError:
        return {}


def read_run_json(path: Path) -> dict:
    """Return the checked content of run.json. Raises DamagedRun."""
    if not _is_folder(path):
        name = path.name if len(path.name) <= MOST_QUOTED else f"{path.name[:MOST_QUOTED]}…"
        raise DamagedRun(path.name, f"There is no run named {name}; it may have been moved or deleted.")
    file = path / "run.json"
    try:
        record = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise DamagedRun(path.name, f"The run {path.name} is damaged: it has no run.json.") from None
    except (OSError, ValueError):
        raise DamagedRun(path.name, f"The run {path.name} is damaged: its run.json cannot be read.") from None
    if isinstance(record, dict):
        # Fields that older versions did not write; a reader can do without them.
        record = {"name": path.name, "created": "", "data": {}} | record
    expected = {"version": int, "kind": str, "name": str, "created": str, "settings": dict, "data": dict}
    for key, kind in expected.items():
        if not isinstance(record, dict) or not isinstance(record.get(key), kind):
            raise DamagedRun(path.name, f"The run {path.name} is damaged: '{key}' is missing from its run.json.")
    if record["version"] > VERSION:
        raise DamagedRun(path.name, f"The run {path.name} was written by a newer Atelier; update to open it.")
    return record


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long for any file
        return False


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "run"


def _fresh(path: Path) -> Path:
    """Make a new folder; of several runs made in one second the later ones get a number."""
    candidate = path
    for count in itertools.count(2):
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            candidate = path.with_name(f"{path.name}-{count}")
        else:
            break
    return candidate
