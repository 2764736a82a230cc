from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits

from core import datasets
from core.datasets import digits, registry
from core.datasets.split import Dataset, Split, Splits, channel_statistics
from core.errors import UserError


def test_the_embedded_data_set_comes_first() -> None:
    assert datasets.names()[0] == "digits" and datasets.info("digits").embedded
    assert {"mnist", "fashion_mnist", "svhn", "cifar10", "cifar100", "toybox"} < set(datasets.names())


def test_every_name_is_known_with_its_classes() -> None:
    for name in datasets.names():
        known = datasets.info(name)
        assert known.name == name and len(set(known.class_names)) == known.classes
        assert known.classes == (100 if name == "cifar100" else 10)
        assert known.embedded == (known.download_mb == 0)
    assert datasets.info("svhn").held_out == "validation" and datasets.info("cifar10").held_out == "test"


def test_a_hyphen_is_as_good_as_an_underscore() -> None:
    assert datasets.info("fashion-mnist") is datasets.info("fashion_mnist")


@pytest.mark.parametrize("name", ["mnist?side=64", "mnist:/somewhere", "toybox:/somewhere", "toybox?colour=2"])
def test_what_a_data_set_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="has no option|no data set"):
        datasets.info(name)


def test_only_the_latest_are_kept_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reads = []

    def read(*given: object) -> Splits:
        reads.append(given)
        return Splits(*digits.read())

    monkeypatch.setitem(registry._READERS, "digits", read)
    first = datasets.load("digits", tmp_path)
    for place in "abc":
        datasets.load("digits", tmp_path / place)
    assert datasets.load("digits", tmp_path) is first and len(reads) == 4
    for place in "def":
        datasets.load("digits", tmp_path / place)
    assert datasets.load("digits", tmp_path) is first  # it was used after a, b and c
    for place in "ghij":
        datasets.load("digits", tmp_path / place)
    assert datasets.load("digits", tmp_path) is not first


@pytest.mark.parametrize("ask", [datasets.info, datasets.load])
def test_an_unknown_name_is_refused_with_the_known_ones(ask) -> None:
    with pytest.raises(UserError, match='no data set "mnits": choose one of digits, toybox, mnist, .* folder:PATH'):
        ask("mnits")


def test_the_folder_is_the_environments_or_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    assert datasets.data_root() == tmp_path
    monkeypatch.setenv("ATELIER_DATA", "~/elsewhere")
    assert datasets.data_root() == Path.home() / "elsewhere"
    monkeypatch.delenv("ATELIER_DATA")
    assert datasets.data_root() == Path.home() / ".cache" / "atelier"


def test_digits_are_as_described() -> None:
    data, known = datasets.load("digits", download=False), datasets.info("digits")
    assert (len(data.train), len(data.test)) == (known.train_size, known.test_size)
    assert (data.channels, data.side, len(data.classes)) == (known.channels, known.side, known.classes)
    assert data.train.images.dtype == torch.uint8 and data.held_out == "test"
    assert int(data.train.images.max()) == 255


def test_the_split_of_digits_is_stratified_and_the_same_every_time() -> None:
    train, test = digits.read()
    again, _ = digits.read()
    assert torch.equal(train.images, again.images) and torch.equal(train.labels, again.labels)
    share = test.labels.bincount() / (train.labels.bincount() + test.labels.bincount())
    assert (share - 0.2).abs().max() < 0.01
    everyone = torch.cat([train.images, test.images]).flatten(1)
    original = digits.enlarge(torch.from_numpy(load_digits().images)).flatten(1)
    assert sorted(map(tuple, everyone.tolist())) == sorted(map(tuple, original.tolist()))


def test_enlarged_digits_sit_in_mnists_frame() -> None:
    full = torch.full((1, 8, 8), 16.0)
    frame = digits.enlarge(full)
    assert frame.shape == (1, 1, 28, 28)
    assert (frame[0, 0, 4:24, 4:24] == 255).all() and frame.sum() == 255 * 20 * 20


def test_a_validation_split_is_the_one_shown() -> None:
    split = Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    with_validation = Dataset("x", "X", split, split, split, ("a",), (0.0,), (1.0,))
    assert with_validation.held_out == "validation" and len(split) == 2


def test_channel_statistics_are_exact() -> None:
    images = torch.randint(256, (1500, 2, 3, 3), dtype=torch.uint8)
    mean, std = channel_statistics(images)
    real = images.double() / 255
    assert mean == pytest.approx(real.mean((0, 2, 3)).tolist(), abs=1e-12)
    assert std == pytest.approx(real.std((0, 2, 3), correction=0).tolist(), abs=1e-12)


def test_a_part_of_a_data_set_is_every_nth_image_and_says_so() -> None:
    known = datasets.info("digits?images=479")  # a third
    assert (known.train_size, known.test_size) == (479, 360)
    assert known.title == "Digits (scikit-learn), 479 images"
    whole, part = datasets.load("digits"), datasets.load("digits?images=479")
    assert part.name == known.name and torch.equal(part.train.images, whole.train.images[::3])
    assert torch.equal(part.train.labels, whole.train.labels[::3]) and torch.equal(part.test.images, whole.test.images)
    assert part.mean == channel_statistics(part.train.images)[0] != whole.mean


def test_a_part_is_judged_by_as_large_a_share_but_at_least_by_a_thousand() -> None:
    assert datasets.info("cifar10?images=25000").test_size == 5000
    assert datasets.info("cifar10?images=500").test_size == 1000
    assert datasets.info("svhn?images=59838").validation_size == 1000
    assert datasets.info("mnist?images=60000") is datasets.info("mnist")


@pytest.mark.parametrize("images", ["99", "60001", "many"])
def test_a_part_that_is_none_is_refused(images: str) -> None:
    with pytest.raises(UserError, match="from 100 to 60000"):
        datasets.info(f"mnist?images={images}")
