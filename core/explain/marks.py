"""What a person says of a net's mistakes: marks, kept beside the net, and exported with the mistakes as a table.

A run's marks are `marks.json` in its folder; those of a shipped net are in `.marks` beside the runs.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import filelock

from core.errors import UserError
from core.explain.mistakes import Mistakes
from core.runs.run import root
from core.trainers.trained import TrainedClassifier

MARKS = {"label": "The label looks wrong", "human": "I would err too"}
VERSION = 1
_PATIENCE = 10  # seconds that another page may hold the file

Marks = dict[int, tuple[str, ...]]
"""The marks of each image, by its index in the split."""


def path_of(trained: TrainedClassifier) -> Path:
    """Where the marks of a net are kept, whether there are any or not."""
    run = root() / trained.name
    if trained.source == "run" and run.is_dir():
        return run / "marks.json"
    return root() / ".marks" / (re.sub(r"[^A-Za-z0-9._-]", "_", trained.name) + ".json")


def read(trained: TrainedClassifier, split: str) -> Marks:
    """The marks of the images of a split ("test"); empty where nobody has marked any.

    Raises UserError where the file is damaged: what a person has written is not to be lost in silence.
    """
    return _read(path_of(trained)).get(split, {})


def put(trained: TrainedClassifier, split: str, index: int, marks: tuple[str, ...]) -> None:
    """Replace the marks of an image by `marks`, each one of MARKS; none takes them away.

    Several pages may write at once. Raises UserError for an unknown mark, and where the file cannot be read or written.
    """
    for mark in marks:
        if mark not in MARKS:
            raise UserError(f'There is no mark "{mark}": choose from {", ".join(MARKS)}.')
    path = path_of(trained)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=_PATIENCE):
            kept = _read(path)
            of_split = {**kept.get(split, {}), index: tuple(mark for mark in MARKS if mark in marks)}
            kept[split] = {one: of_split[one] for one in sorted(of_split) if of_split[one]}
            try:
                temporary.write_text(json.dumps({"version": VERSION, "marks": kept}, indent=1), "utf-8")
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
    except (OSError, filelock.Timeout) as error:
        reason = getattr(error, "strerror", None) or "another page is writing it"
        raise UserError(f"The mark cannot be kept in {path} ({reason}): make room there, or try again.") from error


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
        raise UserError(f"The marks in {path} cannot be read ({error}): mend the file, or move it away.") from error


def table(mistakes: Mistakes, classes: tuple[str, ...], marks: Marks) -> str:
    """The mistakes in their order as CSV with a head: image, truth, predicted, probabilities, loss, margin, marks."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "truth", "predicted", "confidence", "probability_of_truth", "loss", "margin", *MARKS])
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
            ]
        )
    return text.getvalue()


def _text(name: str) -> str:
    """A class's name such that no spreadsheet takes it for a formula: it may be the name of a stranger's folder."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
