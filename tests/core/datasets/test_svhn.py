import shutil
from pathlib import Path

import pytest
import torch

from core import datasets
from core.datasets import svhn
from core.errors import UserError
from core.vision import torchvision

Files = dict[str, bytes]


def put(files: Files, root: Path) -> Path:
    folder = root / "SVHN"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_the_splits_are_those_of_section_4_3_1(svhn_files: Files, tmp_path: Path) -> None:
    put(svhn_files, tmp_path)
    data = datasets.load("svhn", tmp_path, download=False)
    assert data.validation is not None and data.held_out == "validation"
    assert (len(data.train), len(data.test), len(data.validation)) == (120, 20, 30)
    # Two of every class from train (red), one from extra (green), and nothing twice or lost.
    red = data.validation.images[:, 0, 0, 0] > data.validation.images[:, 1, 0, 0]
    zero = (data.validation.images[:, :2, 0, 0] == 0).all(1)  # image 0 of a file is black there
    assert int((red | zero).sum()) in (20, 21)
    assert data.validation.labels.bincount().tolist() == [3] * 10
    seen = torch.cat([data.train.images, data.validation.images])[:, :2, 0, 0]
    assert sorted(map(tuple, seen.tolist())) == sorted([(i, 0) for i in range(60)] + [(0, i) for i in range(90)])


def test_images_stand_upright_and_10_is_the_digit_0(svhn_files: Files, tmp_path: Path) -> None:
    put(svhn_files, tmp_path)
    test = svhn.read(tmp_path, False).test
    assert test.images.shape == (20, 3, 32, 32) and test.images.dtype == torch.uint8
    assert (test.images[7, 2] == torch.arange(7, 39, dtype=torch.uint8)[:, None]).all()
    assert test.labels.tolist() == [*range(1, 10), 0] * 2


def test_the_same_images_are_withheld_every_time(svhn_files: Files, tmp_path: Path) -> None:
    put(svhn_files, tmp_path)
    first, again = svhn.read(tmp_path, False), svhn.read(tmp_path, False)
    assert first.validation is not None and again.validation is not None
    assert torch.equal(first.validation.images, again.validation.images)


def test_withholding_draws_from_every_class() -> None:
    labels = torch.arange(1000) % 10
    kept, withheld = svhn.withhold(labels, 7, torch.Generator().manual_seed(3))
    assert labels[withheld].bincount().tolist() == [7] * 10
    assert sorted([*kept.tolist(), *withheld.tolist()]) == list(range(1000))
    assert not torch.equal(withheld, svhn.withhold(labels, 7, torch.Generator().manual_seed(4))[1])


def test_it_is_fetched_and_checked(
    svhn_files: Files, mirror: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, served = mirror
    for name, data in svhn_files.items():
        (served / name).write_bytes(data)
    listed = torchvision.datasets.SVHN.split_list
    moved = {part: [address + name, name, checksum] for part, (_, name, checksum) in listed.items()}
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", moved)
    heard: list[tuple[str, int, int]] = []
    assert len(svhn.read(tmp_path / "root", True, lambda *news: heard.append(news)).train) == 120
    for name, data in svhn_files.items():
        assert (f"SVHN: {name}", len(data), len(data)) in heard
    shutil.rmtree(served)
    assert len(svhn.read(tmp_path / "root", True).train) == 120  # nothing is fetched twice


def test_offline_it_says_so(svhn_files: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"SVHN: train_32x32.mat could not be downloaded .*put train_32x32.mat in"):
        datasets.load("svhn", tmp_path)
    with pytest.raises(UserError, match=r"allow its download \(1.6 GB\)"):
        datasets.load("svhn", tmp_path, download=False)


def test_a_damaged_file_is_refused(svhn_files: Files, tmp_path: Path) -> None:
    folder = put(svhn_files, tmp_path)
    (folder / "extra_32x32.mat").write_bytes(svhn_files["extra_32x32.mat"][:-9])
    with pytest.raises(UserError, match=r"extra_32x32.mat is missing or damaged"):
        datasets.load("svhn", tmp_path, download=False)


def test_a_file_of_another_kind_is_refused(svhn_files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(svhn_files, tmp_path)
    monkeypatch.setattr(svhn, "is_whole", lambda path, md5: True)
    (tmp_path / "SVHN" / "test_32x32.mat").write_bytes(b"no mat file" * 40)
    with pytest.raises(UserError, match="SVHN .* is damaged"):
        svhn.read(tmp_path, False)
