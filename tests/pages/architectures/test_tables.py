"""Tables 4.5 and 4.6 with our figures: which error stands beside which."""

import json

import pytest

from core import weights
from core.runs.run import Run
from pages.architectures import tables
from pages.architectures.tables import MeasuredError
from tests.runs_on_disk import ROWS, digits_run, put_status

CATALOGUED = [
    {
        "name": name,
        "dataset": "cifar10",
        "depth": depth,
        "parameters": 1,
        "multiply_adds": 2,
        "thesis": {"parameters": 272_000, "error": plain, "error_augmented": augmented},
    }
    for name, depth, plain, augmented in (
        ("resnet20", 20, None, 7.68),
        ("wrn_40_4", 38, None, 4.87),
        ("densenet_40_12", 40, 6.53, 5.53),
    )
]


@pytest.fixture(autouse=True)
def nothing_shipped(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")


def measured(error: float, *, augmented: bool, model: str = "densenet_40_12", source: str = "it") -> MeasuredError:
    return MeasuredError(model, "cifar10", augmented, error, source)


def test_there_is_a_row_for_every_error_of_the_thesis():
    rows = tables.table_4_6(CATALOGUED, [])
    assert [(row["net"], row["data set"], row["thesis' error"]) for row in rows] == [
        ("ResNet-20", "CIFAR-10+", 7.68),
        ("WRN-(40, 4)", "CIFAR-10+", 4.87),
        ("DenseNet-(40, 12)", "CIFAR-10", 6.53),
        ("DenseNet-(40, 12)", "CIFAR-10+", 5.53),
    ]
    assert {row["our error"] for row in rows} == {None} and {row["our net"] for row in rows} == {""}


def test_a_figure_stands_only_beside_one_with_the_same_augmentation_and_the_best_is_named():
    ours = [
        measured(8.0, augmented=False),
        measured(6.0, augmented=True, source="poor"),
        measured(5.5, augmented=True, source="good"),
        measured(1.0, augmented=True, model="bn_nin"),
    ]
    plain, augmented = tables.table_4_6(CATALOGUED, ours)[2:]
    assert (plain["our error"], round(plain["difference"], 2)) == (8.0, 1.47)
    assert (augmented["our error"], augmented["our net"]) == (5.5, "good")


def test_table_4_5_is_of_thin_residual_nets_alone():
    assert [row["net"] for row in tables.table_4_5(tables.table_4_6(CATALOGUED, []))] == ["ResNet-20"]


def test_errors_of_shipped_weights_and_finished_runs_are_read_and_no_others():
    card = {"kind": "classifier", "title": "R", "error": 8.73, "data": {"model": "resnet20", "dataset": "cifar10"}}
    card["settings"] = {"recipe": {"augment": True}}
    (weights.WEIGHTS / "r.json").write_text(json.dumps(card))
    digits_run("finished")
    digits_run("stopped")
    shipped, run = tables.measured()
    assert shipped == measured(8.73, augmented=True, model="resnet20", source="shipped weights r")
    assert (run.model, run.dataset, run.error) == ("bn_nin", "digits", 12.5)
    assert "BN-NiN on Digits" in run.source


def finished(rows: list[dict], **data) -> Run:
    run = digits_run("running")
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    record = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(record | {"data": data}))
    put_status(run, "finished")
    return Run.open(run.id)


def test_the_error_of_a_run_is_that_of_its_last_epoch_never_its_lowest():
    finished([*ROWS, ROWS[1] | {"step": 66, "test_error": 9.0}, ROWS[1] | {"step": 88, "test_error": 11.0}])
    assert [one.error for one in tables.measured()] == [11.0]


def test_the_error_of_a_run_selected_on_validation_is_that_of_its_selected_weights():
    finished(ROWS, held_out="validation", test_error=7.0)
    assert [one.error for one in tables.measured()] == [7.0]


def test_a_run_without_a_test_error_has_no_figure():
    finished(ROWS, held_out="validation")
    assert tables.measured() == []


def test_counts_are_printed_as_in_the_thesis():
    assert [tables.printed(count) for count in (682_000, 1_600_000, 15_000_000)] == ["682K", "1.6M", "15M"]
