"""Writing status.json: on every change, and every few seconds as a sign of life."""

import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.runs import files, heartbeat, status
from core.runs.values import finite

HEARTBEAT_SECONDS = 2.0
PROGRESS_SECONDS = 0.25  # between two writes of the progress


class StatusWriter:
    """The status of a training in this process, "running" from the start, with its heartbeat in a thread."""

    def __init__(self, folder: Path):
        self._path = folder / status.FILE
        self._status: dict[str, Any] = {
            "state": "running",
            "message": "",
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "progress": {},
        }
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._beat()
        threading.Thread(target=self._heartbeat, daemon=True).start()

    @property
    def state(self) -> str:
        return self._status["state"]

    @property
    def message(self) -> str:
        return self._status["message"]

    def set(self, *, state: str | None = None, message: str | None = None) -> None:
        """Write another state, another message, or both."""
        with self._guard:
            changes = {"state": state, "message": message}
            self._status |= {key: value for key, value in changes.items() if value is not None}
            self._write()

    def update_progress(self, values: dict[str, Any]) -> None:
        """Change some fields of the progress; None removes one. Written no oftener than every PROGRESS_SECONDS."""
        with self._guard:
            progress = {**self._status["progress"], **{key: finite(value) for key, value in values.items()}}
            self._status["progress"] = {key: value for key, value in progress.items() if value is not None}
            if time.monotonic() - self._written_at > PROGRESS_SECONDS:
                self._write()

    def end(self, state: str, message: str) -> None:
        """Write the final state and stop the heartbeat."""
        with self._guard:
            self._ended.set()
            self._status |= {"state": state, "message": message}
            self._write()

    def _heartbeat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            self._beat()

    def _beat(self) -> None:
        with self._guard:
            if not self._ended.is_set():
                self._write()

    def _write(self) -> None:
        saved = {**self._status, **heartbeat.stamp()}
        self._written_at = time.monotonic()
        try:
            files.replace_json(self._path, saved)
        except OSError:
            # A disk that is full for a moment must neither end a training nor silence it.
            with suppress(OSError):
                files.overwrite_json(self._path, saved)
