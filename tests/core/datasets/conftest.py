"""Small data sets in the files' real formats, made on the spot, and a mirror on this machine to fetch them from."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.vision import torchvision

CLOSED = "http://127.0.0.1:9/"  # the discard port: nobody listens there
TRAIN, TEST = 30, 10


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def idx(array: np.ndarray) -> bytes:
    """The IDX format of MNIST's files: two zeros, the type (8 is uint8), the number of axes, the sizes, the bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four archives as MNIST's, by name; torchvision is told their checksums. Image i is grey level i throughout."""
    files = {}
    for name, count in (("train", TRAIN), ("t10k", TEST)):
        images = np.arange(count, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
        labels = (np.arange(count) % 10).astype(np.uint8)
        files[f"{name}-images-idx3-ubyte.gz"] = gzip.compress(idx(images))
        files[f"{name}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels))
    resources = [(name, md5(data)) for name, data in files.items()]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", resources)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [CLOSED])
    return files


@pytest.fixture
def cifar_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Pickled batches as CIFAR-10's, by name; torchvision is told their checksums. Channel c of image i is 10 c + i."""
    source = torchvision.datasets.CIFAR10
    files = {}
    for number, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        start = 0 if name == "test_batch" else 6 * number
        images = np.arange(start, start + 6)
        planes = (10 * np.arange(3)[None, :, None] + images[:, None, None]).repeat(1024, 2)
        batch = {"data": planes.reshape(6, 3072).astype(np.uint8), "labels": (images % 10).tolist()}
        files[name] = pickle.dumps(batch)
    files["batches.meta"] = pickle.dumps({"label_names": [f"class {i}" for i in range(10)]})
    sums = {name: md5(data) for name, data in files.items()}
    monkeypatch.setattr(source, "train_list", [[name, sums[name]] for name in list(files)[:5]])
    monkeypatch.setattr(source, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(source, "meta", {**source.meta, "md5": sums["batches.meta"]})
    monkeypatch.setattr(source, "url", CLOSED + source.filename)
    return files


@pytest.fixture
def cifar_archive(cifar_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The batches packed as the site packs them; torchvision is told the archive's checksum."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, data in cifar_files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", md5(stream.getvalue()))
    return stream.getvalue()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on this machine: its address, and the folder whose files it serves."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", folder
    server.shutdown()
    server.server_close()
    thread.join()
