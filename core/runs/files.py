"""How the files of a run folder are written: replaced whole or appended by lines, also while the disk is full."""

import errno
import json
import os
import threading
from pathlib import Path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def replace(path: Path, text: str) -> None:
    """Replace a file by a rename: a reader sees the old one or the whole new one."""
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
    """Write a JSON object over a file in its place, which takes no room on a disk that is full."""
    text = json.dumps(value, indent=1).encode()
    with path.open("r+b", buffering=0) as file:
        file.write(text.ljust(os.fstat(file.fileno()).st_size))  # spaces behind an object change nothing


def unwritable(path: Path, error: OSError) -> str:
    """The sentence where the run folder at `path` cannot be written."""
    return (
        f"The run folder {path} cannot be written ({error.strerror or error}); mend that and resume: the training goes "
        "on from its last checkpoint."
    )


class Lines:
    """A file to which lines are appended. Those that find no room on the disk wait here, in order."""

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
        """Write what waits. Raises OSError; what could not be written goes on waiting."""
        while self._waiting:
            written = self._file.write(self._waiting) or 0
            self._waiting = self._waiting[written:]

    def close(self) -> None:
        """Try once more to write what waits, and close the file."""
        try:
            self.flush()
        except OSError:
            pass  # rows behind the last checkpoint, which a resumed training writes again
        finally:
            self._file.close()
