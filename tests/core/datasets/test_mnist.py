import gzip
import multiprocessing
import shutil
from pathlib import Path

import pytest
import torch

from core import datasets
from core.datasets import mnist
from core.errors import UserError
from core.vision import torchvision

Files = dict[str, bytes]


def put(files: Files, root: Path) -> Path:
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, data in files.items():
        (raw / name).write_bytes(data)
    return raw


def test_the_four_archives_are_enough(mnist_files: Files, tmp_path: Path) -> None:
    put(mnist_files, tmp_path)
    data = datasets.load("mnist", tmp_path, download=False)
    assert (data.channels, data.side, len(data.train), len(data.test)) == (1, 28, 30, 10)
    assert data.train.images.dtype == torch.uint8 and data.train.labels.dtype == torch.int64
    assert (data.train.images[7] == 7).all() and data.train.labels[17] == 7
    assert data.mean[0] == pytest.approx(14.5 / 255)
    assert data.std[0] == pytest.approx(torch.arange(30.0).std(correction=0).item() / 255)


def test_fashion_mnist_has_a_folder_of_its_own(mnist_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Fashion-MNIST is not in .*FashionMNIST/raw"):
        datasets.load("fashion_mnist", tmp_path, download=False)
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, data in mnist_files.items():
        (raw / name).write_bytes(data)
    data = datasets.load("fashion-mnist", tmp_path, download=False)
    assert (data.name, data.title, len(data.train), len(data.test)) == ("fashion_mnist", "Fashion-MNIST", 30, 10)
    assert (data.train.images[7] == 7).all() and data.classes[9] == "ankle boot"


def test_it_is_kept_in_memory(mnist_files: Files, tmp_path: Path) -> None:
    raw = put(mnist_files, tmp_path)
    first = datasets.load("mnist", tmp_path)
    shutil.rmtree(raw)
    assert datasets.load("mnist", tmp_path) is first


def test_it_is_fetched_with_progress_and_checked(
    mnist_files: Files, mirror: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, served = mirror
    for name, data in mnist_files.items():
        (served / name).write_bytes(data)
    # The first mirror gives damaged files, which must not be believed.
    (served / "damaged").mkdir()
    for name in mnist_files:
        (served / "damaged" / name).write_bytes(b"<html>Sign in to this network</html>")
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address + "damaged/", address])
    heard: list[tuple[str, int, int]] = []
    root = tmp_path / "new" / "cache"
    train, test = mnist.read(root, True, lambda *news: heard.append(news))
    assert (len(train), len(test)) == (30, 10)
    for name, data in mnist_files.items():
        assert (f"MNIST: {name}", len(data), len(data)) in heard
    assert not list(root.rglob("*.part"))


def test_offline_it_says_so_and_leaves_nothing(mnist_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        datasets.load("mnist", tmp_path)
    sentence = str(caught.value)
    assert "MNIST" in sentence and "127.0.0.1:9: Connection refused" in sentence
    assert str(tmp_path / "MNIST" / "raw") in sentence and sentence.endswith(".")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_offline_what_was_there_is_kept(mnist_files: Files, tmp_path: Path) -> None:
    raw = put(dict(list(mnist_files.items())[:3]), tmp_path)
    with pytest.raises(UserError, match="t10k-labels"):
        datasets.load("mnist", tmp_path)
    assert all((raw / name).read_bytes() == mnist_files[name] for name in list(mnist_files)[:3])


def test_an_answer_of_404_is_told(mnist_files: Files, mirror: tuple[str, Path], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror[0]])
    with pytest.raises(UserError, match="answered 404"):
        mnist.read(tmp_path, True)


def test_without_leave_it_does_not_download(mnist_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="allow its download"):
        datasets.load("mnist", tmp_path, download=False)


def test_an_interrupted_download_leaves_nothing(
    mnist_files: Files, mirror: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, served = mirror
    for name, data in mnist_files.items():
        (served / name).write_bytes(data)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])

    def interrupt(what: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mnist.read(tmp_path / "root", True, interrupt)
    assert not [path for path in (tmp_path / "root" / "MNIST").rglob("*") if path.is_file()]
    assert len(mnist.read(tmp_path / "root", True)[0]) == 30  # and the lock is free again


def test_a_half_unpacked_file_is_unpacked_again(mnist_files: Files, tmp_path: Path) -> None:
    raw = put(mnist_files, tmp_path)
    whole = gzip.decompress(mnist_files["train-images-idx3-ubyte.gz"])
    (raw / "train-images-idx3-ubyte").write_bytes(whole[:1000])
    assert len(mnist.read(tmp_path, False)[0]) == 30


@pytest.mark.parametrize("kept", [0, 3, 1000])
def test_damaged_files_without_their_archives_are_refused(mnist_files: Files, tmp_path: Path, kept: int) -> None:
    raw = put(mnist_files, tmp_path)
    mnist.read(tmp_path, False)
    for archive in raw.glob("*.gz"):
        archive.unlink()
    assert len(mnist.read(tmp_path, False)[1]) == 10  # unpacked files alone serve as well
    damaged = raw / "t10k-images-idx3-ubyte"
    damaged.write_bytes(damaged.read_bytes()[:kept])
    with pytest.raises(UserError, match="damaged"):
        mnist.read(tmp_path, False)


def test_a_folder_that_cannot_be_written_is_named(mnist_files: Files, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match="cannot be saved in .*file.*ATELIER_DATA"):
        mnist.read(tmp_path / "file", True)


def test_several_processes_at_once(
    mnist_files: Files, mirror: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, served = mirror
    for name, data in mnist_files.items():
        (served / name).write_bytes(data)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])
    context = multiprocessing.get_context("fork")  # the children keep the patched mirrors
    processes = [context.Process(target=_load_in_child, args=(tmp_path / "root",)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


def _load_in_child(root: Path) -> None:
    train, test = mnist.read(root, True)
    assert (len(train), len(test)) == (30, 10)


@pytest.mark.slow
def test_the_real_files(real_data: Path, tmp_path: Path) -> None:
    put({path.name: path.read_bytes() for path in (real_data / "mnist").glob("*.gz")}, tmp_path)
    data = datasets.load("mnist", tmp_path, download=False)
    known = datasets.info("mnist")
    assert (len(data.train), len(data.test)) == (known.train_size, known.test_size)
    assert (data.mean[0], data.std[0]) == pytest.approx((0.1307, 0.3081), abs=1e-4)
