"""Reading and writing the files of a run folder: replaced whole or appended by lines, also while the disk is full."""

import errno
import json
import os
import threading
from pathlib import Path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def read_json(path: Path) -> dict:
    """Return the JSON object in a file; an empty one where it is missing or unreadable, as an edited one may be."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def replace(path: Path, text: str) -> None:
    """Write `text` to a new file and rename it to `path`: a reader sees the old one or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        temporary.write_text(text, "utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_json(path: Path, value: dict) -> None:
    """Replace a file by one JSON object."""
    replace(path, json.dumps(value, indent=1))


def overwrite_json(path: Path, value: dict) -> None:
    """Write a JSON object over a file in its place, which needs no free space on the disk."""
    text = json.dumps(value, indent=1).encode()
    with path.open("r+b", buffering=0) as file:
        file.write(text.ljust(os.fstat(file.fileno()).st_size))  # spaces behind an object change nothing


def unwritable(path: Path, error: OSError) -> str:
    """Return the sentence for a run folder at `path` that cannot be written."""
    return (
        f"The run folder {path} cannot be written ({error.strerror or error}); mend that and resume: the training goes "
        "on from its last checkpoint."
    )


class Lines:
    """A file to which lines are appended. Those for which the disk has no room wait here, in order."""

    def __init__(self, path: Path):
        self._file = path.open("ab", buffering=0)
        self._waiting = b""

    def add(self, line: str) -> None:
        """Append a line, or keep it until there is room. Raises OSError where the file cannot be written for good."""
        self._waiting += line.encode() + b"\n"
        try:
            self.flush()
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise

    def flush(self) -> None:
        """Write the waiting lines. Raises OSError; what could not be written goes on waiting."""
        while self._waiting:
            written = self._file.write(self._waiting) or 0
            self._waiting = self._waiting[written:]

    def close(self) -> None:
        """Try once more to write the waiting lines, and close the file."""
        try:
            self.flush()
        except OSError:
            pass  # rows behind the last checkpoint, which a resumed training writes again
        finally:
            self._file.close()
