import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core import weights
from core.errors import UserError
from core.models import catalogue


def test_an_unknown_net_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match='no net "resnet21": choose one of baseline, nin, bn_nin, bn_vgg, resnet20'):
        catalogue.build("resnet21", classes=10, channels=1, side=28)


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"channels": 0}, {"side": 0}, {"side": -3}])
def test_an_impossible_shape_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="give 1 or more"):
        catalogue.build("baseline", **({"classes": 10, "channels": 1, "side": 28} | wrong))


Rows = dict[tuple[str, str], dict[str, Any]]
SMALLEST = {"baseline": 4, "nin": 1, "bn_nin": 1, "bn_vgg": 32, "resnet20": 1, "resnet65": 1, "densenet_40_12": 4}


@pytest.mark.parametrize("name", [name for name, side in SMALLEST.items() if side > 1])
def test_a_net_whose_pooling_leaves_nothing_is_refused(name: str) -> None:
    side = SMALLEST[name]
    with pytest.raises(UserError, match=f"{side - 1} x {side - 1} pixels.*at least {side} x {side}"):
        catalogue.build(name, classes=10, channels=1, side=side - 1)


@pytest.mark.parametrize("name", SMALLEST)
def test_the_smallest_side_is_enough(name: str) -> None:
    side = SMALLEST[name]
    net = catalogue.build(name, classes=3, channels=1, side=side).eval()
    assert net(torch.zeros(2, 1, side, side)).shape == (2, 3)


def test_svhn_gets_its_own_widths() -> None:
    net = catalogue.build("bn_nin", classes=10, channels=3, side=32, dataset="svhn")
    assert catalogue.parameters(net) == pytest.approx(2e6, rel=0.01)


def test_multiply_adds_of_a_net_counted_by_hand() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.Conv2d(8, 8, 3, padding=1, groups=4),
        nn.Flatten(),
        nn.Linear(128, 5),
    )
    by_hand = (4 * 4 * 8 * 3 * 9) + (4 * 4 * 8 * 2 * 9) + 128 * 5
    assert catalogue.multiply_adds(net, 3, 8) == by_hand
    assert net.training and not any(layer._forward_hooks for layer in net)


def test_multiply_adds_of_the_baseline() -> None:
    net = catalogue.build("baseline", classes=10, channels=1, side=28)
    assert catalogue.multiply_adds(net, 1, 28) == 28 * 28 * 32 * 25 + 14 * 14 * 64 * 32 * 25 + 3136 * 200 + 200 * 10


def _printed(parameters: int) -> str:
    """A count with the digits that Tables 4.5 and 4.6 print."""
    if parameters < 1_000_000:
        return f"{parameters / 1000:.0f}K"
    return f"{parameters / 1e6:.1f}M"


# Tables 4.5 and 4.6, for ten classes; "2M", "15M" and "1M" are printed there without their ".0".
PRINTED = {
    ("baseline", "mnist"): (4, "682K"),
    ("nin", "mnist"): (9, "358K"),
    ("nin", "cifar10"): (9, "1.6M"),
    ("nin", "svhn"): (9, "2.0M"),
    ("bn_nin", "mnist"): (9, "358K"),
    ("bn_nin", "cifar10"): (9, "1.6M"),
    ("bn_nin", "svhn"): (9, "2.0M"),
    ("bn_vgg", "cifar10"): (15, "15.0M"),
    ("resnet20", "cifar10"): (20, "272K"),
    ("resnet32", "cifar10"): (32, "467K"),
    ("resnet44", "cifar10"): (44, "661K"),
    ("resnet56", "cifar10"): (56, "856K"),
    ("resnet65", "cifar10"): (65, "683K"),
    ("resnet83", "cifar10"): (83, "868K"),
    ("resnet110", "cifar10"): (110, "1.7M"),
    ("resnet164", "cifar10"): (164, "1.7M"),
    ("wrn_40_4", "cifar10"): (38, "8.9M"),
    ("wrn_28_10", "cifar10"): (26, "36.5M"),
    ("densenet_40_12", "cifar10"): (40, "1.0M"),
    ("densenet_40_12", "svhn"): (40, "1.0M"),
    ("densenet_bc_100_12", "cifar10"): (100, "768K"),
}


@pytest.fixture(scope="module")
def rows() -> Rows:
    return {(row["name"], row["dataset"]): row for row in catalogue.rows()}


def test_the_rows_are_those_of_table_4_6_to_the_printed_digits(rows: Rows) -> None:
    ten_classes = {key: row for key, row in rows.items() if key[1] != "cifar100"}
    assert {key: (row["depth"], _printed(row["parameters"])) for key, row in ten_classes.items()} == PRINTED
    assert {name for name, _ in rows} | {"speedrun"} == set(catalogue.names())
    for row in rows.values():
        assert set(row) == {"name", "dataset", "depth", "parameters", "multiply_adds", "thesis", "weights"}
    for (name, dataset), row in ten_classes.items():
        assert _printed(row["thesis"]["parameters"]) == PRINTED[name, dataset][1]


def test_a_hundred_classes_cost_a_larger_last_layer_and_nothing_else(rows: Rows) -> None:
    for name, features in (("bn_vgg", 512), ("densenet_40_12", 448), ("densenet_bc_100_12", 342)):
        more = rows[name, "cifar100"]["parameters"] - rows[name, "cifar10"]["parameters"]
        assert more == 90 * (features + 1)


def test_the_thesis_figures_of_some_rows(rows: Rows) -> None:
    figures = {key: row["thesis"] for key, row in rows.items()}
    assert len(figures) == 26
    assert figures["baseline", "mnist"] == {"parameters": 682_000, "error": 0.6, "error_augmented": None}
    assert figures["nin", "svhn"]["error"] == 2.39
    assert figures["resnet164", "cifar10"] == {"parameters": 1_700_000, "error": None, "error_augmented": 5.47}
    assert figures["densenet_bc_100_12", "cifar100"]["error_augmented"] == 22.29


def test_multiply_adds_of_known_nets(rows: Rows) -> None:
    assert rows["resnet20", "cifar10"]["multiply_adds"] == pytest.approx(41e6, rel=0.01)
    assert rows["wrn_28_10", "cifar10"]["multiply_adds"] == pytest.approx(5.2e9, rel=0.01)  # Zagoruyko and Komodakis


def test_the_rows_draw_no_random_numbers() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    catalogue.rows()
    assert torch.equal(torch.rand(1), expected)


def _card(folder: Path, name: str, **content: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps({"kind": "classifier", "title": name, **content}))
    (folder / f"{name}.safetensors").write_bytes(b"")


def test_the_rows_name_the_best_shipped_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path)
    made = {"model": "resnet20", "dataset": "cifar10"}
    _card(tmp_path, "poor", settings=made, data={}, error=9.0)
    _card(tmp_path, "good", settings={}, data=made, error=8.1)
    _card(tmp_path, "other", settings={"model": "resnet20", "dataset": "mnist"}, data={}, error=0.1)
    _card(tmp_path, "painter", kind="pastiche")
    rows = catalogue.rows()
    shipped = {(row["name"], row["dataset"]): row["weights"] for row in rows}
    assert shipped["resnet20", "cifar10"] == {"name": "good", "error": 8.1, "title": "good"}
    assert shipped["baseline", "mnist"] is None


def test_the_shipped_weights_beside_the_thesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path)
    measured = {"error": 8.1234, "epochs": 20.0, "hardware": "CPU, 4 cores", "training_seconds": 125}
    for name, data, augment, threads in (
        ("b", "cifar10", True, 1),
        ("a", "cifar10", False, 0),
        ("c", "toybox", True, 2),
    ):
        made = {"model": "nin", "dataset": data, "threads": threads, "recipe": {"augment": augment}}
        _card(tmp_path, name, settings=made, **measured)
    rows = catalogue.shipped()
    assert [(row["name"], row["thesis_error"]) for row in rows] == [("a", 10.34), ("b", 8.36), ("c", None)]
    assert [row["hardware"] for row in rows] == ["CPU, 4 cores", "CPU, 4 cores, 1 thread", "CPU, 4 cores, 2 threads"]
