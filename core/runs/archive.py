"""Runs on their way to other programs and other installations: CSV, TensorBoard events, and a run as one .zip."""

import csv as csv_format
import io
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core import weights
from core.errors import UserError
from core.runs import events, files, heartbeat
from core.runs.run import Run, root
from core.runs.status import ENDED

MEGABYTE = 1_000_000
# Every file that a run in a .zip may have, and how large it may be unpacked.
LIMITS = {
    "run.json": 4 * MEGABYTE,
    "status.json": MEGABYTE,
    "control.json": MEGABYTE,
    "note.json": MEGABYTE,
    "marks.json": 40 * MEGABYTE,
    "metrics.jsonl": 400 * MEGABYTE,
    "model.safetensors": 1000 * MEGABYTE,
    "best.safetensors": 1000 * MEGABYTE,
    "checkpoint.safetensors": 3000 * MEGABYTE,
}
PREVIEW = re.compile(r"previews/[A-Za-z0-9_-]{1,80}\.jpg")
PREVIEW_LIMIT, PREVIEWS = 10 * MEGABYTE, 1000
EPOCH = re.compile(r"epochs/[0-9]{1,6}\.safetensors")
EPOCH_LIMIT, EPOCHS = 500 * MEGABYTE, 200
TO_RESUME = ("checkpoint.safetensors", "best.safetensors")  # what only a resumed training needs
PIECE = 1 << 20


def csv(runs: Sequence[Run]) -> str:
    """All rows of the metrics of `runs` as a table, each led by its run's id; empty where a row says nothing."""
    rows = [{"run": run.id, **row} for run in runs for row in run.metrics()]
    text = io.StringIO()
    writer = csv_format.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)) or ["run"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def tensorboard(run: Run, folder: Path) -> list[Path]:
    """Write the run's scalars as event files, FOLDER/RUN/SPLIT/events..., for `tensorboard --logdir FOLDER`.

    The figures of a split are named without it ("error"), so that train and test share a plot; those of no split
    (the learning rate, the speed) stand in RUN itself. Returns the files.
    """
    rows = run.metrics()
    try:
        began = datetime.fromisoformat(run.created).timestamp()
    except ValueError:
        began = 0.0
    written = []
    for split in ("", *events.SPLITS):
        scalars = [(began + seconds, step, values) for seconds, step, values in events.split_scalars(rows, split)]
        if scalars:
            place = folder / run.id / split
            place.mkdir(parents=True, exist_ok=True)
            written.append(place / f"events.out.tfevents.{began:.0f}.atelier")
            events.write(written[-1], began, scalars)
    return written


def tensorboard_zip(runs: Sequence[Run]) -> bytes:
    """The event files of `runs` as one .zip."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in runs:
            for path in tensorboard(run, Path(place)):
                archive.write(path, str(path.relative_to(place)))
    return packed.getvalue()


def export_zip(run: Run, *, resumable: bool = False, epochs: bool = False) -> bytes:
    """The run as one .zip: settings, status, note, marks, curves, previews and weights.

    To be `resumable` it takes its checkpoint too, and with `epochs` the weights that it kept along the way.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name in LIMITS:
            path = run.path / name
            if path.is_file() and (resumable or name not in TO_RESUME):
                how = zipfile.ZIP_STORED if path.suffix == ".safetensors" else zipfile.ZIP_DEFLATED
                archive.write(path, f"{run.id}/{name}", how)
        for path in run.previews()[-PREVIEWS:]:
            if PREVIEW.fullmatch(f"previews/{path.name}"):
                archive.write(path, f"{run.id}/previews/{path.name}", zipfile.ZIP_STORED)
        for path in list(run.epoch_weights().values())[:EPOCHS] if epochs else ():
            archive.write(path, f"{run.id}/epochs/{path.name}", zipfile.ZIP_STORED)
    return packed.getvalue()


def import_zip(file: BinaryIO | Path) -> Run:
    """Unpack a run that `export_zip` made into a fresh folder under `root()`.

    Only a run's own files are taken, each up to its limit, whatever else the archive holds or claims; nothing is
    overwritten. Raises UserError where it is no such archive, or holds something else.
    """
    try:
        root().mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".import-", dir=root()))
    except OSError as error:
        raise UserError(f"No run can be brought in ({error}); make {root()} writable.") from error
    try:
        with zipfile.ZipFile(file) as archive:
            name = _unpack(archive, place)
        _check(place)
        _come_to_rest(place)
        return _settle(place, name)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"The file is no .zip of a run, or is damaged ({error}); export the run again.") from error
    except OSError as error:
        raise UserError(f"The run cannot be unpacked ({error}); make room in {root()} and try again.") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unpack(archive: zipfile.ZipFile, place: Path) -> str:
    """Unpack the files of a run; returns the name of the folder that they lie in, or an empty one."""
    inside = {entry: PurePosixPath(entry.filename) for entry in archive.infolist() if not entry.is_dir()}
    tops = {path.parts[0] for path in inside.values() if path.name == "run.json" and len(path.parts) == 2}
    flat = any(path == PurePosixPath("run.json") for path in inside.values())
    if len(tops) + flat != 1:
        raise UserError("The .zip does not hold one run: there is no run.json in it, or several; export one run alone.")
    top = next(iter(tops), "")
    for entry, path in inside.items():
        name = path.as_posix().removeprefix(f"{top}/") if top else path.as_posix()
        limit = _limit(name)
        if limit is None:
            raise UserError(f"The .zip holds '{entry.filename[:80]}', which is no file of a run; export the run again.")
        target = place / name
        target.parent.mkdir(exist_ok=True)
        if target.exists() or len(inside) > len(LIMITS) + PREVIEWS + EPOCHS:
            raise UserError("The .zip holds a file twice, or far too many; export the run again.")
        with archive.open(entry) as source, target.open("xb") as copy:
            while piece := source.read(PIECE):
                copy.write(piece)
                if copy.tell() > limit:
                    megabytes = limit // MEGABYTE
                    raise UserError(f"'{name}' in the .zip is larger than {megabytes} MB, which no run's is.")
    return top


def _limit(name: str) -> int | None:
    """How many bytes a run's file of that name may have; None where a run has no such file."""
    if PREVIEW.fullmatch(name):
        return PREVIEW_LIMIT
    return EPOCH_LIMIT if EPOCH.fullmatch(name) else LIMITS.get(name)


def _check(place: Path) -> None:
    """Raises UserError where the unpacked run cannot be read."""
    try:
        Run.open(place)
    except UserError as error:
        raise UserError(str(error).replace(place.name, "in the .zip")) from error
    for path in place.rglob("*.safetensors"):
        weights.read_metadata(path)


def _come_to_rest(place: Path) -> None:
    """A run that was under way when it was packed has no process here."""
    path = place / "status.json"
    status = files.read_json(path)
    if status.get("state") not in ENDED:
        message = "Brought in from elsewhere, where it was not at its end; resume goes on from its last checkpoint."
        status |= {"state": "stopped", "message": message, **heartbeat.stamp()}
    for key in ("pid", "host", "place"):
        status.pop(key, None)
    files.replace_json(path, status)


def _settle(place: Path, name: str) -> Run:
    """Give the unpacked folder its own name among the runs, with a number behind it where that is taken."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "imported"
    number = 1
    while True:
        target = root() / (name if number == 1 else f"{name}-{number}")
        try:
            target.mkdir()
        except FileExistsError:
            number += 1
            continue
        os.replace(place, target)  # over the empty folder that nobody else can have taken
        return Run.open(target)
