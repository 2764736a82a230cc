import json
from pathlib import Path

import pytest
import torch
from torch import nn

from core import datasets, weights
from core.errors import UserError
from core.models import catalogue, command


def test_an_unknown_net_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match='no net "resnet21": choose one of baseline, bn_nin, resnet20'):
        catalogue.build("resnet21", classes=10, channels=1, side=28)


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"channels": 0}, {"side": 0}, {"side": -3}])
def test_an_impossible_shape_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="give 1 or more"):
        catalogue.build("baseline", **({"classes": 10, "channels": 1, "side": 28} | wrong))


def test_a_net_whose_pooling_leaves_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="3 x 3 pixels.*at least 4 x 4"):
        catalogue.build("baseline", classes=10, channels=1, side=3)


@pytest.mark.parametrize("name", catalogue.names())
def test_the_smallest_side_is_enough(name: str) -> None:
    side = 4 if name == "baseline" else 1
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


def test_the_rows_hold_what_table_4_6_says() -> None:
    rows = catalogue.rows()
    assert {row["name"] for row in rows} == set(catalogue.names())
    for row in rows:
        assert set(row) == {"name", "dataset", "depth", "parameters", "multiply_adds", "thesis", "weights"}
        assert row["dataset"] in datasets.names()
        assert row["parameters"] == pytest.approx(row["thesis"]["parameters"], rel=0.03)
    by_key = {(row["name"], row["dataset"]): row for row in rows}
    assert by_key["baseline", "mnist"]["thesis"]["error"] == 0.6 and by_key["baseline", "mnist"]["depth"] == 4
    assert by_key["bn_nin", "mnist"]["thesis"]["error"] == 0.33 and by_key["bn_nin", "mnist"]["depth"] == 9
    assert by_key["resnet20", "cifar10"]["thesis"]["error_augmented"] == 7.68
    assert by_key["resnet20", "cifar10"]["depth"] == 20
    assert by_key["resnet20", "cifar10"]["multiply_adds"] == pytest.approx(41e6, rel=0.01)


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
    shipped = {(row["name"], row["dataset"]): row["weights"] for row in catalogue.rows()}
    assert shipped["resnet20", "cifar10"] == {"name": "good", "error": 8.1, "title": "good"}
    assert shipped["baseline", "mnist"] is None
    assert "8.10  good" in command.table(catalogue.rows())
