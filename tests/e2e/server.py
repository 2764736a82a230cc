"""A server of the app for tests: on a port of its own, stopped by its own process id."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 180


@contextmanager
def serve(folder: Path, port: int | None = None, toybox: Path | None = None) -> Iterator[str]:
    """Yield the address of a running app whose runs, data and log are in `folder`.

    `toybox` is a folder of drawn scenes, which the server then need not draw itself.
    """
    port = port or free_port()
    places = {f"ATELIER_{name.upper()}": str(folder / name) for name in ("runs", "data", "uploads")}
    options = {"address": "127.0.0.1", "port": str(port), "headless": "true"}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    if toybox is not None:
        (folder / "data" / "toybox").symlink_to(toybox)
    command = ["-m", "streamlit", "run", "app.py", *(f"--server.{name}={value}" for name, value in options.items())]
    with served(command, folder, places, f"http://127.0.0.1:{port}", "/_stcore/health") as address:
        yield address


@contextmanager
def serve_gradio(folder: Path) -> Iterator[str]:
    """Yield the address of a running `gradio_app.py` whose pictures and log are in `folder`."""
    port = free_port()
    with served(["gradio_app.py", "--port", str(port)], folder, {"TMPDIR": str(folder)}, f"http://127.0.0.1:{port}"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def served(command: list[str], folder: Path, places: dict[str, str], address: str, path: str = "/") -> Iterator[str]:
    """Yield `address` while Python runs `command`, with `places` in its environment; `path` answers when it is up."""
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=REPOSITORY, env=os.environ | places, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until_up(f"{address}{path}", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_up(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode} before it answered.")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"The server did not answer within {START_SECONDS} s.")
