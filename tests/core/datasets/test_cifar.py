import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core import datasets
from core.datasets import cifar
from core.errors import UserError
from core.vision import torchvision

Files = dict[str, bytes]


def put(files: Files, root: Path) -> Path:
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_the_batches_are_enough(cifar_files: Files, tmp_path: Path) -> None:
    put(cifar_files, tmp_path)
    data = datasets.load("cifar10", tmp_path, download=False)
    assert (data.channels, data.side, len(data.train), len(data.test)) == (3, 32, 30, 6)
    assert data.train.images.dtype == torch.uint8 and data.train.images.is_contiguous()
    assert data.train.images[17, :, 5, 5].tolist() == [17, 27, 37]
    assert data.train.labels[17] == 7 and data.train.labels.dtype == torch.int64
    assert data.mean == pytest.approx([(14.5 + 10 * channel) / 255 for channel in range(3)])


def test_cifar100_is_read_with_its_fine_labels(cifar100_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"CIFAR-100: .* could not be .*put cifar-100-python.tar.gz in"):
        datasets.load("cifar100", tmp_path)
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name, data in cifar100_files.items():
        (folder / name).write_bytes(data)
    data = datasets.load("cifar100", tmp_path, download=False)
    assert (len(data.train), len(data.test), data.channels) == (20, 8, 3)
    assert data.train.labels[3] == 96 and (data.train.images[3] == 3).all()
    (folder / "test").write_bytes(b"cut")
    with pytest.raises(UserError, match="CIFAR-100 .*damaged"):
        cifar.read(tmp_path, False, which="CIFAR100")


def test_it_is_fetched_unpacked_and_the_archive_removed(
    cifar_archive: bytes, mirror: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, served = mirror
    (served / "cifar-10-python.tar.gz").write_bytes(cifar_archive)
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", address + "cifar-10-python.tar.gz")
    heard: list[tuple[str, int, int]] = []
    train, test = cifar.read(tmp_path / "root", True, lambda *news: heard.append(news))
    assert (len(train), len(test)) == (30, 6)
    assert heard[-1] == ("CIFAR-10: cifar-10-python.tar.gz", len(cifar_archive), len(cifar_archive))
    assert {path.name for path in (tmp_path / "root").iterdir()} == {"cifar-10-batches-py", ".cifar10.lock"}


def test_an_archive_put_there_by_hand_is_unpacked_and_kept(cifar_archive: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(cifar_archive)
    (tmp_path / ".cifar-10-batches-py-unpacking" / "left over").mkdir(parents=True)
    assert len(cifar.read(tmp_path, False)[0]) == 30
    assert archive.exists() and not (tmp_path / ".cifar-10-batches-py-unpacking").exists()


def test_offline_it_says_so_and_leaves_nothing(cifar_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"CIFAR-10.*Connection refused.*or put cifar-10-python.tar.gz in"):
        datasets.load("cifar10", tmp_path)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {".cifar10.lock"}


def test_without_leave_it_does_not_download(cifar_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="allow its download"):
        datasets.load("cifar10", tmp_path, download=False)


def test_a_damaged_batch_is_refused(cifar_files: Files, tmp_path: Path) -> None:
    folder = put(cifar_files, tmp_path)
    (folder / "data_batch_3").write_bytes(cifar_files["data_batch_3"][:-1])
    with pytest.raises(UserError, match="damaged"):
        datasets.load("cifar10", tmp_path)


@pytest.mark.slow
def test_the_real_files(real_data: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, real_data / "unpack_cifar10.py", tmp_path], check=True, capture_output=True)
    data = datasets.load("cifar10", tmp_path, download=False)
    known = datasets.info("cifar10")
    assert (len(data.train), len(data.test)) == (known.train_size, known.test_size)
    assert data.std == pytest.approx((0.2470, 0.2435, 0.2616), abs=1e-4)
    assert tuple(torchvision.datasets.CIFAR10(tmp_path).classes) == data.classes
