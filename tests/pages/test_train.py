"""The train page, without a browser: what it shows of runs in every state, and what its controls ask for."""

import json

import numpy as np
import pytest

from core import images
from core.runs import job
from core.runs.folder import Run, list_runs
from tests.pages.app import texts, visit
from tests.runs_on_disk import digits_run, put_status


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs whose process the page would have started; none is."""
    runs: list[Run] = []

    def start(run: Run) -> int:
        runs.append(run)
        run.is_starting(1)
        return 1

    monkeypatch.setattr(job, "start", start)
    return runs


def button(app, label):
    return next(button for button in app.button if button.label == label)


def test_without_a_run_it_shows_digits_and_the_button_that_trains_on_them(started):
    app = visit("train")
    assert not app.exception
    assert "No run yet" in texts(app)
    button(app, "Train BN-NiN on digits").click().run()
    assert [run.settings["model"] for run in started] == ["bn_nin"]
    assert app.query_params["run"] == started[0].id
    assert "Starting" in texts(app)


def test_the_choices_become_the_settings_of_the_run(started):
    app = visit("train", dataset="mnist", net="baseline")
    assert app.selectbox("train_dataset").value == "mnist"
    app.selectbox("recipe baseline mnist").set_value("quick").run()
    app.number_input("epochs baseline mnist quick").set_value(7).run()
    button(app, "Train").click().run()
    (run,) = started
    assert run.name == "Baseline on MNIST"
    assert (run.settings["dataset"], run.settings["model"]) == ("mnist", "baseline")
    assert (run.settings["recipe_name"], run.settings["recipe"]["epochs"]) == ("quick", 7)
    assert run.settings["recipe"]["schedule"] == "one_cycle"


def test_a_choice_goes_into_the_address():
    app = visit("train")
    app.selectbox("train_net").set_value("baseline").run()
    assert app.query_params["net"] == "baseline"


def test_the_address_may_name_the_users_own_pictures(started, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(30):
            (tmp_path / "pets" / name / f"{i}.png").write_bytes(images.encode(np.zeros((9, 9, 3), np.uint8), "PNG"))
    own = f"folder:{tmp_path}/pets?side=32&seed=0"
    app = visit("train", dataset=own, net="resnet20")
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    assert started[0].settings["dataset"] == own and started[0].name == "ResNet-20 on pets"
    assert started[0].settings["recipe"]["batch_size"] <= 44
    app = visit("train", dataset=own, net="resnet20")
    assert "44 images to learn from, 8 to be judged by" in texts(app)
    app = visit("train", dataset=f"folder:{tmp_path}/gone")
    assert "There is no folder or .zip" in app.error[0].value and not app.exception


@pytest.mark.parametrize(
    ("state", "word", "sentence", "enabled"),
    [
        ("starting", "Starting", "first figures come within seconds", set()),
        ("running", "Running", "a process of its own", {"Pause", "Stop", "Restart"}),
        ("paused", "Paused", "the very next step", {"Resume", "Stop", "Restart"}),
        ("finished", "Finished", "to its end", {"Restart"}),
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
    controls = {b.label for b in app.button if b.label in ("Pause", "Resume", "Stop", "Restart") and not b.disabled}
    assert controls == enabled


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
        "Test error": "12.50 %",
        "Train error": "40.00 %",  # the mean of the rows of its last epoch
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
    assert "Downloading train-images: 3.0 of 9.9 MB" in [bar.proto.text for bar in app.get("progress")]


def test_pause_and_stop_are_asked_for():
    run = digits_run("running")
    app = visit("train", run=run.id)
    button(app, "Pause").click().run()
    assert run.control()[0] == "pause"
    button(app, "Stop").click().run()
    assert run.control()[0] == "stop"
    assert "stops as soon as" in texts(app)


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
    assert f"The run {damaged.id} is damaged" in visit("train", run=damaged.id).error[0].value


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


def test_the_side_of_every_page_shows_what_is_under_way():
    digits_run("running", seconds_left=30.0)
    app = visit("home")
    assert "Step 44 of 88, 0:30 left" in [bar.proto.text for bar in app.sidebar.get("progress")]


def test_the_side_tells_of_a_run_that_has_just_ended_and_forgets_it_later():
    run = digits_run("finished")
    assert "Finished" in [bar.proto.text for bar in visit("home").sidebar.get("progress")]
    put_status(run, "finished", age=3600.0)
    assert not visit("home").sidebar.get("progress")


def test_an_earlier_run_is_one_click_away():
    older = digits_run()
    newer = digits_run()
    app = visit("train", run=newer.id)
    app.button(f"show {older.id}").click().run()
    assert app.query_params["run"] == older.id
