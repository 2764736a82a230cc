"""Reading metrics.jsonl, the rows that a training has logged: all of them, those since an offset, or the last ones.

A line that is not JSON, or no object, is skipped; a last line that is still being written is left for the next read.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from core.runs.values import is_number

FILE = "metrics.jsonl"
TAIL_BYTES = 8 * 1024  # of the file's end, where the latest figures stand


def read(folder: Path) -> list[dict]:
    """Return all rows, oldest first."""
    return read_since(folder, 0)[0]


def read_since(folder: Path, offset: int) -> tuple[list[dict], int]:
    """Return the rows after byte `offset` of the file, and the offset for the next call."""
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    complete = data[: data.rfind(b"\n") + 1]
    return list(_rows(complete)), offset + len(complete)


def tail(folder: Path, size: int = TAIL_BYTES) -> list[dict]:
    """Return the rows in the last `size` bytes of the file, oldest first: quick, however long the training was."""
    try:
        with (folder / FILE).open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - size)
            file.seek(start)
            data = file.read()
    except OSError:
        return []
    first = data.find(b"\n") + 1 if start else 0
    return list(_rows(data[first : data.rfind(b"\n") + 1]))


def last(folder: Path, key: str) -> float | None:
    """Return the last number logged under `key`; None where there is none."""
    # Each reads more than the one before it, and only where that found nothing.
    for rows in (lambda: tail(folder), lambda: tail(folder, 32 * TAIL_BYTES), lambda: read(folder)):
        for row in reversed(rows()):
            value = row.get(key)
            if is_number(value):
                return value
    return None


def _rows(data: bytes) -> Iterator[dict]:
    for line in data.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row
