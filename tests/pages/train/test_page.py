"""The train page, without a browser: what it shows of runs in every state, and what its controls ask for."""

import json

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates

from core import images
from core.figures import training_curves as figures
from core.runs import job, queue
from core.runs.control import Control
from core.runs.run import Run, list_runs
from core.trainers import recipe
from tests.pages.app import texts, visit
from tests.runs_on_disk import digits_run, put_status

CONTROLS = ["resume", "pause", "step", "stop", "restart"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs whose process the page would have started; none is. There is room for one at a time."""
    runs: list[Run] = []
    monkeypatch.setenv("ATELIER_JOBS", "1")

    def start(run: Run) -> int:
        runs.append(run)
        run.report("starting", pid=1)
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
    assert [(run.settings["model"], run.settings["keep_epochs"]) for run in started] == [("bn_nin", 8)]
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
        ("running", "Running", "a process of its own", {"Pause", "Step", "Stop", "Restart"}),
        ("paused", "Paused", "the very next step", {"Resume", "Step", "Stop", "Restart"}),
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
    assert run.control().command == "pause"
    button(app, "Stop").click().run()
    assert run.control().command == "stop"
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


def queued(name: str, place: int) -> Run:
    run = digits_run()
    run.rename(name)
    run.report("queued", place=place)
    return run


def test_every_value_behind_more_becomes_one_of_the_run(started):
    app = visit("train", dataset="digits", net="bn_nin")
    key = "{} bn_nin digits quick".format
    app.number_input(key("dropout")).set_value(0.25)
    app.number_input(key("label_smoothing")).set_value(0.1)
    app.number_input(key("weight_average")).set_value(0.99)
    app.number_input(key("momentum")).set_value(0.8)
    app.number_input(key("bias_rate")).set_value(64.0)
    assert "Epochs 0, 1, 2, 3, 4, 5, 7, 10, 15: 6.5 MB on the disk." in texts(app)
    app.number_input(key("keep_epochs")).set_value(3)
    app.selectbox(key("test_views")).set_value(2)
    app.selectbox(key("precision")).set_value("float32")
    app.selectbox(key("start")).set_value("bn_nin_digits")
    app.toggle(key("augment")).set_value(True)
    for number, what in enumerate(("initialisation", "order", "noise"), 1):
        app.number_input(f"seed {what}").set_value(number)
    app.run()
    app.number_input(key("padding")).set_value(2)
    app.selectbox(key("border")).set_value("reflect")
    app.selectbox(key("flip")).set_value("alternating").run()
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    settings = started[0].settings
    assert (
        settings["recipe"]
        | {
            "dropout": 0.25,
            "label_smoothing": 0.1,
            "weight_average": 0.99,
            "momentum": 0.8,
            "bias_rate": 64.0,
            "test_views": 2,
            "augment": True,
            "padding": 2,
            "border": "reflect",
            "flip": "alternating",
        }
        == settings["recipe"]
    )
    assert (settings["precision"], settings["start_from"]) == ("float32", "bn_nin_digits")
    assert settings["keep_epochs"] == 3
    assert [settings[f"seed_{what}"] for what in ("initialisation", "order", "noise")] == [1, 2, 3]


def test_names_are_written_as_people_write_them():
    app = visit("train")
    assert {"Nesterov momentum", "AdaGrad", "AdaDelta", "RMSProp", "Adam", "SGD"} <= set(
        app.selectbox("optimizer bn_nin digits quick").options
    )


def test_the_steps_of_a_schedule_can_be_set_and_a_wrong_one_is_refused(started):
    app = visit("train", dataset="mnist", net="baseline")
    steps = "milestones baseline mnist thesis"
    assert app.text_input(steps).value == "20: 0.1"
    app.text_input(steps).set_value("10: 0.5, nonsense").run()
    assert "no step of a schedule" in app.error[0].value and "Train" not in [b.label for b in app.button]
    app.text_input(steps).set_value("10: 0.5, 25: 0.1").run()
    button(app, "Train").click().run()
    assert started[0].settings["recipe"]["milestones"] == [[10.0, 0.5], [25.0, 0.1]]


def test_what_cannot_work_is_refused_before_the_start():
    app = visit("train", dataset="digits", net="bn_vgg")
    assert "its pooling would leave nothing" in app.error[0].value
    assert "Train" not in [b.label for b in app.button]


def test_before_the_start_it_says_how_long_and_by_which_images_a_net_is_judged():
    said = texts(visit("train", dataset="mnist", net="baseline"))
    assert "30 epochs with Nesterov momentum, about" in said
    assert "The last epoch counts; this data set has no validation split." in said
    assert "Judged on validation; test measured once, at the end." in texts(visit("train", dataset="svhn", net="nin"))


def test_a_second_training_waits_and_is_told_so(started):
    digits_run("running")
    app = visit("train")
    assert "this one waits for it" in texts(app)
    button(app, "Train").click().run()
    assert not started and "Waiting (1)" in texts(app)
    assert "1 waiting" in [link.proto.label for link in app.sidebar.get("page_link")]


def test_a_figure_is_queued_whole_at_full_length(started):
    app = visit("train", figure="4.5")
    assert "the fixed rates end at about 0.8 %" in texts(app)
    app.radio("length of the figure").set_value("Full length").run()
    assert "epochs and schedules as in the thesis" in texts(app)
    button(app, "Train its 3 runs").click().run()
    assert [run.name for run in started] == ["Figure 4.5: fixed 0.1"]
    assert [run.name for run in queue.waiting()] == ["Figure 4.5: fixed 0.01", "Figure 4.5: scheduled"]
    for run, (_, settings) in zip((*started, *queue.waiting()), figures.figure("4.5").runs, strict=True):
        assert recipe.Settings.from_json(run.settings).recipe == settings.recipe
    assert app.query_params["run"] == started[0].id
    assert "Waiting (2)" in texts(app)


def test_a_figure_is_scaled_to_minutes_and_says_what_was_left_out(started):
    app = visit("train", figure="4.7")
    app.number_input("minutes for the figure").set_value(10).run()
    said = texts(app)
    assert "epochs instead of 250 to 260" in said and "of the 50,000 images as a stand-in" in said
    button(app, "Train its 2 runs").click().run()
    settings = started[0].settings
    assert settings["recipe"]["epochs"] < 250 and settings["dataset"].startswith("cifar10?images=")
    assert started[0].name == "Figure 4.7: NiN, scaled"


def test_a_waiting_run_can_only_be_taken_out_of_the_line(started):
    digits_run("running")
    run = queued("patient", 1)
    app = visit("train", run=run.id)
    assert "starts by itself when its turn comes" in texts(app)
    assert [b.label for b in app.button if b.key in CONTROLS and not b.disabled] == ["Cancel"]
    assert [b.key for b in app.button if b.key in CONTROLS] == CONTROLS, "one place, one button"
    app.button("stop").click().run()
    assert run.status().state == "stopped" and not queue.waiting()


def test_a_page_starts_what_waits_when_there_is_room(started):
    run = queued("patient", 1)
    visit("home")
    assert [again.id for again in started] == [run.id]


def test_the_line_of_waiting_runs_can_be_changed(started):
    running = digits_run("running")
    first, second = queued("first", 1), queued("second", 2)
    app = visit("train", run=running.id)
    assert app.button(f"Sooner {first.id}").disabled and app.button(f"Later {second.id}").disabled
    app.button(f"Sooner {second.id}").click().run()
    assert [run.name for run in queue.waiting()] == ["second", "first"]
    app.button(f"Cancel {first.id}").click().run()
    assert [run.name for run in queue.waiting()] == ["second"]
    assert first.status().state == "stopped"


def test_the_learning_rate_is_steered_and_let_go():
    run = digits_run("running")
    app = visit("train", run=run.id)
    slider = app.select_slider[0]
    assert slider.value == 1.0 and button(app, "As scheduled").disabled
    slider.set_value(0.5).run()
    assert run.control() == Control("run", {"rate_factor": 0.5})
    button(app, "As scheduled").click().run()
    assert run.control() == Control("run", {})
    assert app.select_slider[0].value == 1.0


def test_a_reset_rate_is_not_undone_by_what_the_browser_still_tells_of_the_old_slider():
    run = digits_run("running")
    app = visit("train", run=run.id)
    app.select_slider[0].set_value(0.5).run()
    late = WidgetStates(widgets=[app.select_slider[0]._widget_state])
    button(app, "As scheduled").click().run()
    app._run(late)
    assert run.control() == Control("run", {})
    assert app.select_slider[0].value == 1.0


def test_a_factor_on_the_rate_lets_a_paused_run_pause():
    run = digits_run("paused")
    run.request("step")
    app = visit("train", run=run.id)
    app.select_slider[0].set_value(0.1).run()
    assert run.control() == Control("pause", {"rate_factor": 0.1}, steps=1)


def test_a_single_step_is_asked_for():
    run = digits_run("paused")
    app = visit("train", run=run.id)
    button(app, "Step").click().run()
    button(app, "Step").click().run()
    assert run.control().command == "step" and run.control().steps == 2


def test_the_rate_of_the_next_step_is_said():
    run = digits_run("running", step=44)
    record = json.loads((run.path / "run.json").read_text())
    record["data"] = {"steps_per_epoch": 44}
    (run.path / "run.json").write_text(json.dumps(record))
    run.request("run", rate_factor=10)
    # One cycle over 2 epochs: half of the way lies 5/8 of the peak.
    peak = run.settings["recipe"]["learning_rate"]
    assert f"taken at {6.25 * peak:.3g} = {0.625 * peak:.3g} × 10" in texts(visit("train", run=run.id))


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
        ({"held_out": "test"}, "The last epoch counts; this data set has no validation split."),
        ({"held_out": "test", "test_views": 6, "test_error_views": 1.5}, "split. Averaged over 6 views: 1.50 %."),
        ({"held_out": "validation", "selection": "validation"}, "test split is measured once, at the end."),
        (
            {"held_out": "validation", "selection": "validation", "selected_epoch": 7, "test_error": 2.5},
            "measured once, at the end: 2.50 % error. The weights are those of epoch 7.",
        ),
    ],
)
def test_the_card_says_by_which_images_the_net_is_judged(data, sentence):
    run = digits_run()
    record = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(record | {"data": data}))
    assert sentence in texts(visit("train", run=run.id))
