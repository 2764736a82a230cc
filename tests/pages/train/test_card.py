"""The card of a run on the Train page: what it shows in every state, and what its buttons do."""

import json

import pytest

from core.runs.run import Run, list_runs
from tests.pages.app import as_read, button, texts, visit
from tests.runs_on_disk import digits_run, put_status

CONTROLS = ["resume", "pause", "step", "stop", "restart"]


@pytest.mark.parametrize(
    ("state", "word", "sentence", "enabled"),
    [
        ("starting", "Starting", "first figures come within seconds", set()),
        ("running", "Running", "a process of its own", {"Pause", "Step", "Stop", "Restart"}),
        ("paused", "Paused", "the very next step", {"Resume", "Step", "Stop", "Restart"}),
        ("finished", "Finished", "Training finished", {"Restart"}),
        ("stopped", "Stopped", "from where it stopped", {"Resume", "Restart"}),
        ("failed", "Failed", "ended with an error", {"Resume", "Restart"}),
    ],
)
def test_every_state_has_a_word_a_sentence_and_its_controls(state, word, sentence, enabled):
    run = digits_run(state)
    app = visit("train", run=run.id)
    assert not app.exception
    assert word in texts(app)
    assert sentence in texts(app)
    controls = {button.label for button in app.button if button.key in CONTROLS and not button.disabled}
    assert controls == enabled
    assert [button.key for button in app.button if button.key in CONTROLS] == CONTROLS, "one place, one button"


def test_a_process_that_gives_no_sign_of_life_is_interrupted():
    run = digits_run()
    put_status(run, "running", age=14.0)
    app = visit("train", run=run.id)
    assert "Interrupted" in texts(app)
    assert "last checkpoint" in texts(app)
    assert not button(app, "Resume").disabled


def test_the_figures_of_a_run_are_shown():
    run = digits_run("running", images_per_second=4123.4, seconds_left=75.0)
    shown = {metric.label: metric.value for metric in visit("train", run=run.id).metric}
    assert shown == {
        "Test error": "12.50%",
        "Train error": "40.00%",  # the mean of the rows of its last epoch
        "Epoch": "1 of 2",
        "Speed": "4,123 images/s",
        "Time left": "1:15",
    }


def test_the_size_of_the_net_and_the_machine_are_shown():
    run = digits_run()
    record = json.loads((run.path / "run.json").read_text())
    record["data"] = {"parameters": 358228, "device": "CPU, 2 cores, bfloat16"}
    (run.path / "run.json").write_text(json.dumps(record))
    assert "358,228 parameters · CPU, 2 cores, bfloat16" in texts(visit("train", run=run.id))


def test_a_download_shows_what_arrives():
    run = digits_run()
    put_status(run, "running", downloading="train-images", bytes=3_000_000, bytes_total=9_900_000)
    app = visit("train", run=run.id)
    assert "Downloading train-images: 3.0 of 9.9 MB" in [as_read(bar.proto.text) for bar in app.get("progress")]


def test_pause_and_stop_become_requests():
    run = digits_run("running")
    app = visit("train", run=run.id)
    button(app, "Pause").click().run()
    assert run.control().command == "pause"
    button(app, "Stop").click().run()
    assert run.control().command == "stop"
    assert "stops as soon as" in texts(app)


def test_every_click_on_step_requests_one_step():
    run = digits_run("paused")
    app = visit("train", run=run.id)
    button(app, "Step").click().run()
    button(app, "Step").click().run()
    assert run.control().command == "step" and run.control().steps == 2


def test_resume_starts_the_same_run_and_restart_a_new_one(started):
    run = digits_run("stopped")
    app = visit("train", run=run.id)
    button(app, "Resume").click().run()
    assert [again.id for again in started] == [run.id]
    put_status(run, "stopped")
    app = visit("train", run=run.id)
    button(app, "Restart").click().run()
    assert len(list_runs()) == 2
    assert app.query_params["run"] == started[1].id != run.id
    assert Run.open(started[1].path).settings == Run.open(run.path).settings


def test_a_diverged_run_offers_to_start_again_at_the_lower_rate(started):
    run = digits_run("failed", "… the training has diverged. Start again with a learning rate of 0.02 or less.")
    app = visit("train", run=run.id)
    button(app, "Start again at 0.02").click().run()
    again = Run.open(started[0].path).settings["recipe"]
    assert again == Run.open(run.path).settings["recipe"] | {"learning_rate": 0.02}
    assert started[0].name == "BN-NiN on Digits, rate 0.02"
    assert app.query_params["run"] == started[0].id
    failed = digits_run("failed", "The disk broke.")
    assert not any(b.label.startswith("Start again") for b in visit("train", run=failed.id).button)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"held_out": "test"}, "Weights of the last epoch are used; this data set has no validation split."),
        (
            {"held_out": "test", "test_views": 6, "test_error_views": 1.5},
            "split. With test-time augmentation (6 views): 1.50%.",
        ),
        ({"held_out": "validation", "selection": "validation"}, "test split is measured once, at the end."),
        (
            {"held_out": "validation", "selection": "validation", "selected_epoch": 7, "test_error": 2.5},
            "measured once, at the end: 2.50% error. The weights are those of epoch 7.",
        ),
    ],
)
def test_the_card_shows_on_which_images_the_net_is_evaluated(data, sentence):
    run = digits_run()
    record = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(record | {"data": data}))
    assert sentence in texts(visit("train", run=run.id))
