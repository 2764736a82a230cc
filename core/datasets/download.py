"""Atomic downloads: files are streamed with progress, checked by MD5, then moved into place."""

import hashlib
import http.client
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from core.datasets.split import Progress
from core.errors import UserError

CHUNK = 1 << 18
TIMEOUT_SECONDS = 20
_NETWORK = (urllib.error.URLError, http.client.HTTPException, ssl.SSLError, ConnectionError, TimeoutError)


def silent(what: str, done: int, total: int) -> None:
    """Ignore progress."""


def is_whole(path: Path, md5: str) -> bool:
    """Return whether the file exists and has this checksum: MD5, or the first digits of SHA-256 after `sha256:`."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if md5.startswith("sha256:"):
            return hashlib.file_digest(file, "sha256").hexdigest().startswith(md5.removeprefix("sha256:"))
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == md5


def checksum_in(url: str) -> str:
    """Return the checksum of a file of PyTorch's, which its name holds: vgg19-dcbb9e9d.pth."""
    match = re.search(r"-([0-9a-f]{8,})\.pth$", url)
    if not match:
        raise UserError(f"The address {url} holds no checksum; install the torchvision that requirements.txt names.")
    return f"sha256:{match[1]}"


def download(
    urls: Sequence[str], target: Path, md5: str, what: str, progress: Progress = silent, *, instead: str
) -> None:
    """Download `target` from the first of `urls` that has a file with this MD5 checksum.

    Until it is complete and checked the file is called `target` + ".part"; hold `exclusive` while calling. Raises
    UserError where every address fails, with the reasons and what to do `instead`; an interrupted download leaves
    nothing behind.
    """
    part = target.with_name(target.name + ".part")
    failures = []
    try:
        for url in urls:
            try:
                _stream(url, part, what, progress)
            except _NETWORK as error:
                failures.append(f"{urlsplit(url).netloc}: {_reason(error)}")
                continue
            if is_whole(part, md5):
                os.replace(part, target)
                return
            failures.append(f"{urlsplit(url).netloc}: the file arrived damaged")
    finally:
        part.unlink(missing_ok=True)
    raise UserError(
        f"{what} could not be downloaded ({'; '.join(failures)}): connect to the internet and try again, or {instead}."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered {error.code} {error.reason}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _stream(url: str, part: Path, what: str, progress: Progress) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "atelier"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, part.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        progress(what, done, total)
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress(what, done, total)


@contextmanager
def exclusive(root: Path, name: str, what: str, progress: Progress = silent) -> Iterator[None]:
    """Hold the lock of the data set `name` in the folder `root`, which is made; wait for a process that holds it.

    The system frees the lock of a process that dies. Raises UserError where the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress(f"{what}: waiting for another process that is fetching it", 0, 0)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
    except OSError as error:
        raise UserError(
            f"{what} cannot be saved in {root} ({error.strerror or error}): make room there, or name a folder that "
            "you may write to by ATELIER_DATA."
        ) from error
