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
from scipy.io import savemat

from core.datasets import svhn
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
    """Four archives as MNIST's and Fashion-MNIST's, by name; torchvision is told their checksums. Image i is grey i."""
    files = {}
    for name, count in (("train", TRAIN), ("t10k", TEST)):
        images = np.arange(count, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
        labels = (np.arange(count) % 10).astype(np.uint8)
        files[f"{name}-images-idx3-ubyte.gz"] = gzip.compress(idx(images))
        files[f"{name}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels))
    resources = [(name, md5(data)) for name, data in files.items()]
    for source in (torchvision.datasets.MNIST, torchvision.datasets.FashionMNIST):
        monkeypatch.setattr(source, "resources", resources)
        monkeypatch.setattr(source, "mirrors", [CLOSED])
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


@pytest.fixture
def cifar100_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Files as CIFAR-100's, by name; torchvision is told their checksums. Image i is grey i, its class 99 - i."""
    source = torchvision.datasets.CIFAR100
    files = {}
    for name, count in (("train", 20), ("test", 8)):
        images = np.arange(count, dtype=np.uint8)[:, None].repeat(3072, 1)
        coarse = [0] * count
        batch = {"data": images, "fine_labels": [99 - i for i in range(count)], "coarse_labels": coarse}
        files[name] = pickle.dumps(batch)
    files["meta"] = pickle.dumps({"fine_label_names": [f"class {i}" for i in range(100)]})
    monkeypatch.setattr(source, "train_list", [["train", md5(files["train"])]])
    monkeypatch.setattr(source, "test_list", [["test", md5(files["test"])]])
    monkeypatch.setattr(source, "meta", {**source.meta, "md5": md5(files["meta"])})
    monkeypatch.setattr(source, "url", CLOSED + source.filename)
    return files


@pytest.fixture
def svhn_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Three files as SVHN's, by name; torchvision is told their checksums.

    Image i of train is red i, of extra green i, of test blue i; row r of every image is brighter by r. The labels are
    1 to 10 in turn, as on the site, where 10 is the digit 0.
    """
    files, listed = {}, {}
    for channel, (part, count) in enumerate({"train": 60, "extra": 90, "test": 20}.items()):
        images = np.zeros((32, 32, 3, count), dtype=np.uint8)
        images[:, :, channel] = np.arange(count, dtype=np.uint8) + np.arange(32, dtype=np.uint8)[:, None, None]
        stream = io.BytesIO()
        savemat(stream, {"X": images, "y": (np.arange(count) % 10 + 1).astype(np.uint8)[:, None]}, do_compression=True)
        name = f"{part}_32x32.mat"
        files[name] = stream.getvalue()
        listed[part] = [CLOSED + name, name, md5(files[name])]
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", listed)
    monkeypatch.setattr(svhn, "WITHHELD", {"train": 2, "extra": 1})
    return files


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
