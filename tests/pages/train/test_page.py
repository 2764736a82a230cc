"""The Train page, without a browser: which run it shows, and what damaged folders do to it."""

import json

import pytest

from tests.pages.app import button, errors, texts, visit
from tests.runs_on_disk import digits_run


def test_without_a_run_it_shows_digits_and_the_button_that_trains_on_them(started):
    app = visit("train")
    assert not app.exception
    assert "No run yet" in texts(app)
    button(app, "Train BN-NiN on digits").click().run()
    assert [(run.settings["model"], run.settings["keep_epochs"]) for run in started] == [("bn_nin", 8)]
    assert app.query_params["run"] == started[0].id
    assert "Starting" in texts(app)


def test_without_an_address_the_run_under_way_is_shown_before_a_newer_one():
    under_way = digits_run("running")
    digits_run("finished")
    app = visit("train")
    assert app.query_params["run"] == under_way.id


def test_a_damaged_run_is_named_and_harms_nothing_else():
    good = digits_run()
    damaged = digits_run()
    (damaged.path / "run.json").write_text('{"version": 1, "kind"')
    app = visit("train", run=good.id)
    assert not app.exception
    assert "Finished" in texts(app)
    assert f"The run {damaged.id} is damaged" in texts(app)
    assert f"The run {damaged.id} is damaged" in errors(visit("train", run=damaged.id))[0]


def test_an_address_of_no_run_gets_a_sentence():
    app = visit("train", run="gone")
    assert not app.exception
    assert "There is no run named gone" in app.error[0].value


def test_an_address_opens_no_folder_outside_of_the_runs(tmp_path):
    run = digits_run()
    elsewhere = run.path.rename(tmp_path / "elsewhere")
    app = visit("train", run=str(elsewhere))
    assert "There is no run named elsewhere" in app.error[0].value


@pytest.mark.parametrize(
    "vandalism",
    [
        {"metrics.jsonl": '{"epoch": "one", "test_error": [], "train_loss": null}\n[1]\nnonsense\n{"epoch"'},
        {"metrics.jsonl": ""},
        {"status.json": "[]"},
        {"status.json": json.dumps({"state": "finished", "heartbeat": 0, "progress": {"step": "?", "steps": None}})},
        {"control.json": "{"},
    ],
)
def test_a_folder_edited_by_hand_never_shows_a_traceback(vandalism):
    run = digits_run("running")
    for name, text in vandalism.items():
        (run.path / name).write_text(text)
    app = visit("train", run=run.id)
    assert not app.exception
    assert not app.error


def test_edited_settings_are_shown_all_the_same():
    run = digits_run()
    record = json.loads((run.path / "run.json").read_text())
    record["settings"] = {"recipe": "gone"}
    (run.path / "run.json").write_text(json.dumps(record))
    app = visit("train", run=run.id)
    assert not app.exception
    assert not app.error


def test_an_earlier_run_is_one_click_away():
    older = digits_run()
    newer = digits_run()
    app = visit("train", run=newer.id)
    app.button(f"show {older.id}").click().run()
    assert app.query_params["run"] == older.id
