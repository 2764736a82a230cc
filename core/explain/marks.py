"""A user's marks on a net's mistakes, saved beside the net, and exported with the mistakes as a table.

A run's marks are `marks.json` in its folder; those of a shipped net are in `.marks` beside the runs.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import filelock

from core.errors import UserError
from core.explain.mistakes import Mistakes
from core.runs.run import root
from core.trainers.trained import TrainedClassifier

MARKS = {"label": "The label looks wrong", "human": "I would err too"}
VERSION = 1
_LOCK_SECONDS = 10  # to wait for another page that writes the file

Marks = dict[int, tuple[str, ...]]
"""The marks of each image, by its index in the split."""


def path_of(trained: TrainedClassifier) -> Path:
    """Return the path of a net's marks, whether the file exists or not."""
    run = root() / trained.name
    if trained.source == "run" and run.is_dir():
        return run / "marks.json"
    return root() / ".marks" / (re.sub(r"[^A-Za-z0-9._-]", "_", trained.name) + ".json")


def read(trained: TrainedClassifier, split: str) -> Marks:
    """Return the marks of the images of a split ("test"); empty where there are none.

    Raises UserError where the file is damaged: the user's marks must not be lost silently.
    """
    return _read(path_of(trained)).get(split, {})


def put(trained: TrainedClassifier, split: str, index: int, marks: tuple[str, ...]) -> None:
    """Replace the marks of an image by `marks`, each one of MARKS; an empty tuple removes them.

    Several pages may write at once. Raises UserError for an unknown mark, and where the file cannot be read or written.
    """
    for mark in marks:
        if mark not in MARKS:
            raise UserError(f'There is no mark "{mark}": choose from {", ".join(MARKS)}.')
    path = path_of(trained)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_SECONDS):
            by_split = _read(path)
            of_split = {**by_split.get(split, {}), index: tuple(mark for mark in MARKS if mark in marks)}
            by_split[split] = {image: of_split[image] for image in sorted(of_split) if of_split[image]}
            try:
                temporary.write_text(json.dumps({"version": VERSION, "marks": by_split}, indent=1), "utf-8")
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
    except (OSError, filelock.Timeout) as error:
        reason = getattr(error, "strerror", None) or "another page is writing it"
        raise UserError(f"The mark cannot be saved to {path} ({reason}): make room there, or try again.") from error


def _read(path: Path) -> dict[str, Marks]:
    try:
        content = json.loads(path.read_text("utf-8"))
        return {
            str(split): {int(index): tuple(str(mark) for mark in marks) for index, marks in of_split.items()}
            for split, of_split in content["marks"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"The marks in {path} cannot be read ({error}): repair the file, or move it away.") from error


def table(
    mistakes: Mistakes, classes: tuple[str, ...], marks: Marks, file: Callable[[int], str] = lambda index: ""
) -> str:
    """Return the mistakes as CSV with a header: image, truth, predicted, probabilities, loss, margin, marks, file.

    The last is what `file` returns for an image's index.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["image", "truth", "predicted", "confidence", "probability_of_truth", "loss", "margin", *MARKS, "file"]
    )
    columns = (mistakes.indices, mistakes.labels, mistakes.predicted, mistakes.confidence, mistakes.margin)
    rows = zip(*(column.tolist() for column in (*columns, mistakes.loss)), strict=True)
    for index, label, predicted, confidence, margin, loss in rows:
        of_image = marks.get(index, ())
        writer.writerow(
            [
                index,
                _text(classes[label]),
                _text(classes[predicted]),
                *(f"{value:.6g}" for value in (confidence, confidence - margin, loss, margin)),
                *(int(mark in of_image) for mark in MARKS),
                _text(file(index)),
            ]
        )
    return text.getvalue()


def _text(name: str) -> str:
    """Return a class's name escaped so that no spreadsheet reads a formula: it may be an untrusted folder name."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
