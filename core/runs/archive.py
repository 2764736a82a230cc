"""Runs for other programs and other installations: CSV, TensorBoard events, and a run as one .zip."""

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
from core.runs.status import ENDED, FILE

MEGABYTE = 1_000_000
# Every file that a run in a .zip may have, and its largest size unpacked, in bytes.
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
    "answers.safetensors": 4 * MEGABYTE,
}
PREVIEW = re.compile(r"previews/[A-Za-z0-9_-]{1,80}\.jpg")
PREVIEW_LIMIT, PREVIEWS = 10 * MEGABYTE, 1000
# A class is a folder: of no hidden or parent one, and without the letters that some system gives a meaning of its own.
SAMPLE = re.compile(r'samples/(?!\.)[^/\\<>:"|?*\x00-\x1f]{1,80}(?<!\.)/[0-9]{4}\.(jpg|png)')
SAMPLE_LIMIT, SAMPLES = MEGABYTE, 500
EPOCH = re.compile(r"epochs/[0-9]{1,6}\.safetensors")
EPOCH_LIMIT, EPOCHS = 500 * MEGABYTE, 200
TO_RESUME = ("checkpoint.safetensors", "best.safetensors")  # only a resumed training needs them
PIECE = 1 << 20  # bytes unpacked at a time
IMPORTED = "Imported from elsewhere, where it had not ended; resume goes on from its last checkpoint."


def csv(runs: Sequence[Run]) -> str:
    """Return all rows of the metrics of `runs` as CSV, the run's id first; a cell is empty where a row has no value."""
    rows = [{"run": run.id, **row} for run in runs for row in run.metrics()]
    text = io.StringIO()
    writer = csv_format.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)) or ["run"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def tensorboard(run: Run, folder: Path) -> list[Path]:
    """Write the run's scalars as event files, FOLDER/RUN/SPLIT/events..., for `tensorboard --logdir FOLDER`.

    The figures of a split are named without it ("error"), so that train and test share a plot; those of no split
    (the learning rate, the speed) are written to RUN itself. Return the files.
    """
    rows = run.metrics()
    try:
        start = datetime.fromisoformat(run.created).timestamp()
    except ValueError:
        start = 0.0
    written: list[Path] = []
    for split in ("", *events.SPLITS):
        scalars = [(start + seconds, step, values) for seconds, step, values in events.split_scalars(rows, split)]
        if scalars:
            target = folder / run.id / split
            target.mkdir(parents=True, exist_ok=True)
            written.append(target / f"events.out.tfevents.{start:.0f}.atelier")
            events.write(written[-1], start, scalars)
    return written


def tensorboard_zip(runs: Sequence[Run]) -> bytes:
    """Return the event files of `runs` as one .zip."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in runs:
            for path in tensorboard(run, Path(folder)):
                archive.write(path, str(path.relative_to(folder)))
    return packed.getvalue()


def export_zip(run: Run, *, resumable: bool = False, epochs: bool = False) -> bytes:
    """Return the run as one .zip: settings, status, note, marks, curves, previews, samples and weights.

    With `resumable` it includes the checkpoint that a resumed training needs, with `epochs` the weights of epochs.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name in LIMITS:
            path = run.path / name
            if path.is_file() and (resumable or name not in TO_RESUME):
                compression = zipfile.ZIP_STORED if path.suffix == ".safetensors" else zipfile.ZIP_DEFLATED
                archive.write(path, f"{run.id}/{name}", compression)
        for path in run.previews()[-PREVIEWS:]:
            if PREVIEW.fullmatch(f"previews/{path.name}"):
                archive.write(path, f"{run.id}/previews/{path.name}", zipfile.ZIP_STORED)
        for path in run.samples()[:SAMPLES]:
            name = path.relative_to(run.path).as_posix()
            if SAMPLE.fullmatch(name):
                archive.write(path, f"{run.id}/{name}", zipfile.ZIP_STORED)
        for path in list(run.epoch_weights().values())[:EPOCHS] if epochs else ():
            archive.write(path, f"{run.id}/epochs/{path.name}", zipfile.ZIP_STORED)
    return packed.getvalue()


def import_zip(file: BinaryIO | Path) -> Run:
    """Unpack a run that `export_zip` made into a new folder under `root()`, and return it.

    Only the files of a run are unpacked, each up to its limit, whatever sizes the archive declares; nothing is
    overwritten. Raises UserError where it is no such archive, or holds another file.
    """
    try:
        root().mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".import-", dir=root()))
    except OSError as error:
        raise UserError(f"No run can be brought in ({error}); make {root()} writable.") from error
    try:
        with zipfile.ZipFile(file) as archive:
            name = _unpack(archive, folder)
        _check(folder)
        _mark_as_ended(folder)
        return _move_to_runs(folder, name)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"The file is no .zip of a run, or is damaged ({error}); export the run again.") from error
    except OSError as error:
        raise UserError(f"The run cannot be unpacked ({error}); make room in {root()} and try again.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> str:
    """Unpack the files of a run; return the name of the folder in the archive, or an empty one."""
    paths = {entry: PurePosixPath(entry.filename) for entry in archive.infolist() if not entry.is_dir()}
    tops = {path.parts[0] for path in paths.values() if path.name == "run.json" and len(path.parts) == 2}
    flat = any(path == PurePosixPath("run.json") for path in paths.values())
    if len(tops) + flat != 1:
        raise UserError("The .zip does not hold one run: there is no run.json in it, or several; export one run alone.")
    top = next(iter(tops), "")
    for entry, path in paths.items():
        name = path.as_posix().removeprefix(f"{top}/") if top else path.as_posix()
        limit = _limit(name)
        if limit is None:
            raise UserError(f"The .zip holds '{entry.filename[:80]}', which is no file of a run; export the run again.")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() or len(paths) > len(LIMITS) + PREVIEWS + EPOCHS + SAMPLES:
            raise UserError("The .zip holds a file twice, or far too many; export the run again.")
        with archive.open(entry) as source, target.open("xb") as copy:
            while piece := source.read(PIECE):
                copy.write(piece)
                if copy.tell() > limit:
                    megabytes = limit // MEGABYTE
                    raise UserError(f"'{name}' in the .zip is larger than {megabytes} MB, which no run's is.")
    return top


def _limit(name: str) -> int | None:
    """Return the largest size of a run's file in bytes; None where a run has no file of that name."""
    if PREVIEW.fullmatch(name):
        return PREVIEW_LIMIT
    if SAMPLE.fullmatch(name):
        return SAMPLE_LIMIT
    return EPOCH_LIMIT if EPOCH.fullmatch(name) else LIMITS.get(name)


def _check(folder: Path) -> None:
    """Raise UserError where the unpacked run cannot be read."""
    try:
        Run.open(folder)
    except UserError as error:
        raise UserError(str(error).replace(folder.name, "in the .zip")) from error
    for path in folder.rglob("*.safetensors"):
        weights.read_metadata(path)


def _mark_as_ended(folder: Path) -> None:
    """Stop a run that was under way when it was packed: it has no process here."""
    path = folder / FILE
    status = files.read_json(path)
    if status.get("state") not in ENDED:
        status |= {"state": "stopped", "message": IMPORTED, **heartbeat.stamp()}
    for key in ("pid", "host", "place"):
        status.pop(key, None)
    files.replace_json(path, status)


def _move_to_runs(folder: Path, name: str) -> Run:
    """Move the unpacked folder to the runs under its name, with a number appended where that is in use."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "imported"
    number = 1
    while True:
        target = root() / (name if number == 1 else f"{name}-{number}")
        try:
            target.mkdir()
        except FileExistsError:
            number += 1
            continue
        os.replace(folder, target)  # over the empty folder just made, which reserves the name
        return Run.open(target)
