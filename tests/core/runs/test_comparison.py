"""Runs side by side: their line of figures, their curves, and where their settings differ."""

import json

import pytest

from core.runs import comparison
from core.runs.run import Run
from core.runs.writer import writing
from tests.runs_on_disk import ROWS, digits_run


def put(run: Run, rows: list[dict]) -> None:
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_summary_has_what_was_trained_and_its_last_figures():
    line = comparison.summary(digits_run())
    assert (line.name, line.net, line.dataset, line.recipe) == ("BN-NiN on Digits", "bn_nin", "digits", "quick")
    assert (line.held_out, line.error, line.train_error, line.epochs) == ("test", 12.5, 40.0, 1.0)
    assert line.created is not None and line.created.tzinfo is not None


def test_a_summary_follows_its_files():
    run = digits_run()
    comparison.summary(run)
    put(run, [*ROWS, {"epoch": 2.0, "test_error": 7.0}])
    run.rename("Another")
    run.set_note("Better.")
    line = comparison.summary(run)
    assert (line.name, line.note, line.error, line.epochs) == ("Another", "Better.", 7.0, 2.0)


def test_the_error_of_a_selection_is_that_of_the_weights_selected():
    run = digits_run()
    with writing(run) as writer:
        writer.facts(held_out="validation", selection="validation", test_error=9.5)
    line = comparison.summary(Run.open(run.path))
    assert (line.error, line.held_out) == (9.5, "test")


def test_the_error_is_found_however_far_back_it_stands():
    run = digits_run()
    put(run, [*ROWS, *({"step": step, "epoch": 1.5, "train_error": 1.0} for step in range(3000))])
    assert comparison.summary(run).error == 12.5


def test_a_damaged_folder_gives_an_empty_summary():
    run = Run.create("classifier", {"model": 3, "dataset": None}, name="Odd")
    record = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(record | {"created": "yesterday", "data": {"held_out": 5}}))
    put(run, [{"epoch": "x", "train_error": True, "test_error": "low", "seconds": []}])
    line = comparison.summary(Run.open(run.path))
    assert (line.net, line.dataset, line.error, line.train_error, line.seconds) == ("classifier", "", None, None, None)
    assert line.created is None


def test_curves_by_epoch_and_by_minutes():
    run = digits_run()
    put(run, [row | {"seconds": 60.0 * row["step"]} for row in ROWS])
    train, test = comparison.curves(run, "error", "epoch", 100)
    assert (train.split, train.points) == ("train", [(0.5, 60.0), (1.0, 40.0)])
    assert (test.split, test.points) == ("test", [(1.0, 12.5)])
    (rate,) = comparison.curves(run, "learning_rate", "time", 100)
    assert (rate.run, rate.split, rate.points) == (run.id, "", [(22.0, 0.05), (44.0, 0.1)])


def test_a_run_without_such_figures_has_no_curve():
    run = Run.create("pastiche", {})
    put(run, [{"step": 1, "content": 3.0}])
    assert comparison.curves(run, "error", "epoch", 100) == []


def test_a_study_of_many_trainings_is_no_curve_of_one():
    study = Run.create("transfer", {"dataset": "toybox"})
    put(study, [{"step": 1, "way": "scratch", "epoch": 16.0, "train_error": 3.0, "test_error": 9.0, "seconds": 60.0}])
    assert not any(comparison.side_by_side([study], "epoch", 100).values())
    line = comparison.summary(study)
    assert (line.error, line.train_error, line.epochs, line.seconds) == (None, None, None, 60.0)


def test_runs_of_styles_have_curves_over_steps_where_there_are_no_epochs():
    painted, transfer = Run.create("pastiche", {}), Run.create("iterative", {})
    terms = {"content": 3.0, "style": 2.0, "variation": 0.1}
    put(
        painted, [{"step": 50, "seconds": 30.0, "learning_rate": 0.1, **terms}, {"step": 100, "seconds": 90.0, **terms}]
    )
    put(transfer, [{"step": 1, "loss": 9.0, **terms}])
    curves = comparison.side_by_side([painted, transfer], "epoch", 100)
    assert [(curve.run, curve.axis, curve.points) for curve in curves["content"]] == [
        (painted.id, "step", [(50, 3.0), (100, 3.0)]),
        (transfer.id, "step", [(1, 3.0)]),
    ]
    assert [curve.points for curve in curves["objective"]] == [[(1, 9.0)]]
    assert curves["loss"] == [], "what a transfer minimises is no cross-entropy"
    (over_time,) = comparison.side_by_side([painted, transfer], "time", 100)["style"]
    assert (over_time.axis, over_time.points) == ("time", [(0.5, 2.0), (1.5, 2.0)])
    mixed = comparison.side_by_side([digits_run(), painted], "epoch", 100)
    assert [curve.axis for curve in mixed["learning_rate"]] == ["epoch"], "a chart has one axis"
    assert [curve.axis for curve in mixed["style"]] == ["step"]


def test_thinning_keeps_ends_and_spikes_and_their_order():
    points = [(float(x), 1.0) for x in range(3000)]
    points[1234] = (1234.0, 9.0)
    points[2345] = (2345.0, 0.1)
    few = comparison.thinned(points, 100)
    assert len(few) <= 100
    assert few[0] == points[0] and few[-1] == points[-1]
    assert (1234.0, 9.0) in few and (2345.0, 0.1) in few
    assert few == sorted(few)
    assert comparison.thinned(points[:50], 100) == points[:50]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 101])
def test_thinning_few_points_to_fewer(count):
    points = [(float(x), float(x % 3)) for x in range(count)]
    few = comparison.thinned(points, 4)
    assert few[0] == points[0] and few[-1] == points[-1] and len(few) <= max(4, min(count, 4))


def test_the_difference_of_settings_shows_only_what_differs():
    settings = {
        "a": {"model": "nin", "recipe": {"learning_rate": 0.1, "augment": True, "milestones": [[1, 0.1]]}},
        "b": {"model": "nin", "recipe": {"learning_rate": 0.01, "augment": False, "milestones": []}, "threads": 2},
    }
    assert comparison.difference(settings) == {
        "recipe.learning_rate": {"a": "0.1", "b": "0.01"},
        "recipe.augment": {"a": "yes", "b": "no"},
        "recipe.milestones": {"a": "(1, 0.1)", "b": "–"},
        "threads": {"a": "–", "b": "2"},
    }
    assert comparison.difference({"a": settings["a"], "b": settings["a"]}) == {}
