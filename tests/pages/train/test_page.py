"""The Train page, without a browser: which run it shows, and what damaged folders do to it."""

import json

import pytest

from tests.pages.app import button, in_link, texts, visit
from tests.runs_on_disk import digits_run
from web.formats import escape_markdown


def notes(app):
    return [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]


def test_without_a_run_a_recorded_one_is_shown_and_the_button_that_trains(started):
    app = visit("train")
    assert not app.exception and not app.error
    assert in_link(app, "run") == "bn_nin_digits"
    assert "recorded earlier" in texts(app) and "**Train** starts one of your own" in texts(app)
    assert not [b for b in app.button if b.key in ("pause", "stop", "restart")], "it is not ours to stop"
    button(app, "Train").click().run()
    assert [(run.settings["model"], run.settings["keep_epochs"]) for run in started] == [("bn_nin", 8)]
    assert app.query_params["run"] == started[0].id
    assert "Starting" in texts(app)


def test_the_run_of_ones_own_is_the_usual_one_even_after_a_look_at_a_recorded_one():
    run = digits_run()
    app = visit("train", run="bn_nin_digits")
    assert "recorded earlier" in texts(app)
    del app.query_params["run"]
    assert in_link(app.run(), "run") == run.id


def test_without_an_address_the_run_under_way_is_shown_before_a_newer_one():
    under_way = digits_run("running")
    digits_run("finished")
    app = visit("train")
    assert in_link(app, "run") == under_way.id


def test_a_damaged_run_is_named_and_harms_nothing_else():
    good = digits_run()
    damaged = digits_run()
    (damaged.path / "run.json").write_text('{"version": 1, "kind"')
    app = visit("train", run=good.id)
    assert not app.exception
    assert "Finished" in texts(app)
    assert f"The run {damaged.id} is damaged" in texts(app)
    app = visit("train", run=damaged.id)
    assert f"The run {escape_markdown(damaged.id)} is damaged" in notes(app)[0]
    assert app.metric and not app.error, "the next best is shown"


@pytest.mark.parametrize("id", ["gone", "", "x" * 5000, "![x](http://elsewhere/p.png)", "../..", "\0", "pastiche"])
def test_an_address_of_no_run_gets_a_sentence_and_the_next_best(id):
    run = digits_run()
    app = visit("train", run=id)
    assert not app.exception and not app.error
    (note,) = notes(app)
    assert f"Shown is {escape_markdown(run.name)}" in note and "![x]" not in note and len(note) < 300
    assert app.query_params["run"] in (id, [id]), "so that a reload says it again"
    assert {metric.label: metric.value for metric in app.metric}["Test error"] == "12.50%"


def test_an_address_of_several_runs_shows_the_last_and_says_so():
    runs = [digits_run(), digits_run()]
    app = visit("train", run=[run.id for run in runs])
    assert not app.exception and "names 2 runs" in notes(app)[0]


def test_an_address_opens_no_folder_outside_of_the_runs(tmp_path):
    run = digits_run()
    run.rename("Kept elsewhere")
    elsewhere = run.path.rename(tmp_path / "elsewhere")
    app = visit("train", run=str(elsewhere))
    assert "There is no run named elsewhere" in notes(app)[0]
    assert "Kept elsewhere" not in texts(app)


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
