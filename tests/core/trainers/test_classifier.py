"""The training loop learns, follows requests, resumes exactly and gives a reason where it fails."""

import threading
import time

import pytest
import torch

from core import datasets, weights
from core.errors import UserError
from core.models import catalogue
from core.runs.run import Run
from core.runs.writer import FolderWriter
from core.trainers import evaluation, saving, trained
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from core.trainers.evaluation import evaluate, predict

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def runs_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_RUNS", str(tmp_path / "runs"))


def make(**changes) -> Run:
    wanted = {"epochs": 1, "batch_size": 64, "precision": "float32", "threads": 1} | changes
    settings = recipes.settings(wanted.pop("dataset", "digits"), wanted.pop("model", "baseline"), **wanted)
    return Run.create("classifier", settings.to_json())


def stop_at(step: int, monkeypatch) -> None:
    """Request a stop through the run folder after `step` steps."""
    begin_step, calls = FolderWriter.begin_step, []

    def counting(self, before_pause):
        calls.append(1)
        if len(calls) > step:
            self.run.request("stop")
        return begin_step(self, before_pause)

    monkeypatch.setattr(FolderWriter, "begin_step", counting)


def test_a_short_training_learns_digits_and_fills_the_folder():
    run = make(epochs=2, learning_rate=0.05)
    train(run)
    rows = run.metrics()
    measured = [row for row in rows if "test_error" in row]
    assert [row["epoch"] for row in measured] == [1, 2]
    assert measured[-1]["test_error"] < 40
    assert all(row["images_per_second"] > 0 for row in rows)
    assert len(rows) > 10, "a curve needs more than one point an epoch"
    assert run.status().state == "finished"
    assert run.status().progress.step == run.data["steps"]
    net = trained.open_run(Run.open(run.id))
    assert net.classes == tuple("0123456789")


def compare(run: Run, whole: Run) -> None:
    """Both runs have the same weights bit for bit, and the same rows but for the time they took."""
    expected, got = (weights.read(one.path / "model.safetensors") for one in (whole, run))
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    timeless = [
        [{key: row[key] for key in row if key not in ("seconds", "images_per_second")} for row in one.metrics()]
        for one in (run, whole)
    ]
    assert timeless[0] == timeless[1]


SMALL = {"dataset": "digits?images=200", "batch_size": 20, "learning_rate": 0.01, "schedule": "constant"}
AVERAGED = {"weight_average": 0.9, "flip": "alternating", "padding": 2, "mirror": True}
SPEEDRUN = {"model": "speedrun", "schedule": "linear", "padding": 2, "flip": "alternating", "border": "reflect"}


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "nesterov"},
        {"optimizer": "adam"},
        {"optimizer": "adagrad"},
        {"optimizer": "adadelta"},
        {"optimizer": "rmsprop"},
        AVERAGED,
        {**AVERAGED, "model": "bn_nin", "bias_rate": 8.0, "dataset": "digits?images=100", "batch_size": 50},
        {**SPEEDRUN, "dataset": "digits?images=100", "batch_size": 25},
    ],
    ids=["nesterov", "adam", "adagrad", "adadelta", "rmsprop", "averaged", "normalised", "speedrun"],
)
def test_stopping_and_resuming_gives_the_weights_of_an_uninterrupted_run(changes, monkeypatch):
    changes = {**SMALL, "augment": True, "epochs": 2, "batch_size": 40} | changes
    whole, parts = make(**changes), make(**changes)
    train(whole)
    with monkeypatch.context() as patch:
        stop_at(3, patch)  # in the middle of the first epoch
        train(parts)
    assert parts.status().state == "stopped"
    assert parts.status().progress.step < whole.status().progress.step
    train(parts)
    compare(parts, whole)


def test_other_seeds_give_other_weights():
    runs = [make(seed_order=0), make(seed_order=1), make(seed_initialisation=1)]
    for run in runs:
        train(run)
    first, *others = [weights.read(run.path / "model.safetensors")["conv1.weight"] for run in runs]
    assert not any(torch.equal(first, other) for other in others)


def test_the_recipe_s_dropout_reaches_the_net():
    runs = [make(), make(dropout=0.5), make(dropout=0.0)]  # 0.5 is the baseline's own
    for run in runs:
        train(run)
    own, same, none = [weights.read(run.path / "model.safetensors")["hidden.weight"] for run in runs]
    assert torch.equal(own, same) and not torch.equal(own, none)


def test_a_diverged_training_says_where_and_keeps_its_checkpoint():
    run = make(learning_rate=100.0, epochs=20)
    with pytest.raises(UserError, match=r"The loss .* at step \d+ .* learning rate of 0\.\d+ or less"):
        train(run)
    assert run.status().state == "failed"
    assert "diverged" in run.status().message


def request_at(step: int, monkeypatch, command: str = "run", **values) -> None:
    """Make a request through the run folder before step `step`, counted from 0."""
    begin_step, calls = FolderWriter.begin_step, []

    def counting(self, before_pause):
        if len(calls) == step:
            self.run.request(command, **values)
        calls.append(1)
        return begin_step(self, before_pause)

    monkeypatch.setattr(FolderWriter, "begin_step", counting)


def test_a_loss_that_grows_absurd_ends_the_run_and_the_last_good_checkpoint_stays(monkeypatch):
    run = make(**SMALL, epochs=20)
    monkeypatch.setattr(saving, "CHECKPOINT_SECONDS", 0.0)  # save as often as can be
    request_at(15, monkeypatch, rate_factor=3000.0)
    with pytest.raises(UserError, match=r"The loss .*at step \d+ \(learning rate 30\).* 3 or less"):
        train(run)
    tensors, state = run.checkpoint()
    assert state["step"] == 15, "the state behind the first step at that rate is none to keep"
    assert all(tensor.abs().max() < 100 for name, tensor in tensors.items() if name.startswith("net."))
    with monkeypatch.context() as patch:
        request_at(0, patch, "stop")
        run.request("run", rate_factor=None)
        train(run)  # it can be resumed, at another rate
    assert run.status().state == "stopped"


def test_weights_that_are_no_longer_numbers_do_not_replace_a_checkpoint(monkeypatch):
    run = make(**SMALL)
    train(run)
    before = run.checkpoint()[1]
    more = Run.open(run.id)
    more.settings["recipe"]["epochs"] = 2
    step = torch.optim.SGD.step

    def overflow(self):
        step(self)
        self.param_groups[0]["params"][0].data.fill_(float("inf"))

    monkeypatch.setattr(torch.optim.SGD, "step", overflow)
    request_at(1, monkeypatch, "stop")
    with pytest.raises(UserError, match=r"A weight is no longer a number at step 11"):
        train(more)
    assert run.checkpoint()[1] == before


def test_the_average_of_the_weights_is_what_is_measured_and_saved():
    run = make(**SMALL, weight_average=0.9, epochs=2)
    train(run)
    model, (checkpoint, _) = weights.read(run.path / "model.safetensors"), run.checkpoint()
    assert all(torch.equal(model[name], checkpoint[f"average.{name}"]) for name in model)
    assert not torch.equal(model["conv1.weight"], checkpoint["net.conv1.weight"])
    net, data = trained.open_run(run), datasets.load(SMALL["dataset"])
    loss, _ = evaluate(net.net, data.test, net.mean, net.std)
    assert loss == pytest.approx(run.metrics()[-1]["test_loss"], rel=1e-5)


def test_shifts_of_normalisation_layers_have_a_rate_of_their_own():
    plain, biased = (make(**SMALL | {"model": "bn_nin"}, bias_rate=rate) for rate in (1.0, 0.0))
    for run in (plain, biased):
        train(run)
    moved = [
        {name for name, tensor in weights.read(run.path / "model.safetensors").items() if tensor.abs().max() > 0}
        for run in (plain, biased)
    ]
    still = moved[0] - moved[1]
    norms = {
        f"{name}.bias"
        for name, layer in catalogue.build("bn_nin", classes=10, channels=1, side=28).named_modules()
        if isinstance(layer, torch.nn.BatchNorm2d)
    }
    assert still == norms and len(norms) > 5


def test_a_net_is_prepared_once_before_the_first_step(monkeypatch):
    shown = []
    net = type(catalogue.build("baseline", classes=10, channels=1, side=28))
    monkeypatch.setattr(net, "prepare", lambda self, images: shown.append(images), raising=False)
    run = make(**SMALL)
    with monkeypatch.context() as patch:
        request_at(4, patch, "stop")
        train(run)
    train(run)
    train(make(**SMALL, start_from=run.id))
    assert [(len(images), images.dtype, images.shape[1:]) for images in shown] == [(200, torch.float32, (1, 28, 28))]
    assert abs(shown[0].mean()) < 0.01, "they are to be normalised"


def test_a_factor_on_the_rate_acts_from_the_next_step_and_outlives_the_process(monkeypatch):
    run = make(**SMALL, epochs=3)
    with monkeypatch.context() as patch:
        request_at(12, patch, rate_factor=0.5)
        train(run)
    rates = {row["step"]: row["learning_rate"] for row in run.metrics()}
    assert (rates[12], rates[13], rates[30]) == (0.01, 0.005, 0.005)
    again = Run.create("classifier", run.settings)
    with monkeypatch.context() as patch:
        request_at(5, patch, "stop", rate_factor=2)
        train(again)
    train(again)
    rates = {row["step"]: row["learning_rate"] for row in again.metrics()}
    assert (rates[5], rates[6]) == (0.01, 0.02)


@pytest.mark.parametrize("factor", ["much", True, 0, -1.0, 1e5, float("nan"), [2]])
def test_a_factor_that_makes_no_sense_is_ignored_with_a_sentence(factor, monkeypatch):
    run, messages = make(**SMALL), []
    monkeypatch.setattr(FolderWriter, "message", lambda self, sentence: messages.append(sentence))
    request_at(3, monkeypatch, rate_factor=factor)
    train(run)
    assert {row["learning_rate"] for row in run.metrics()} == {0.01}
    assert len(messages) == 1 and "is ignored: choose a number between 0.0001 and 10000" in messages[0]


def waited_for(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "nothing happened within 20 s"
        time.sleep(0.01)


def test_a_single_step_is_one_step(monkeypatch):
    run = make(**SMALL | {"batch_size": 100}, epochs=50)  # two steps an epoch
    request_at(2, monkeypatch, "pause")
    thread = threading.Thread(target=train, args=(run,))
    thread.start()
    waited_for(lambda: run.status().state == "paused")
    for step in (3, 4, 5):
        run.request("step")
        waited_for(lambda step=step: run.checkpoint()[1]["step"] == step)
        waited_for(lambda: run.status().state == "paused")
    assert [row["epoch"] for row in run.metrics() if "test_error" in row] == [1, 2], "an epoch's end is not held up"
    run.request("stop")
    thread.join(20)
    assert run.checkpoint()[1]["step"] == 5


def test_a_stop_does_not_wait_for_the_end_of_an_evaluation(monkeypatch):
    whole, parts = make(**SMALL, epochs=2), make(**SMALL, epochs=2)
    train(whole)
    predict, calls = evaluation.predict, []

    def interrupted(*arguments, **more):
        calls.append(1)
        parts.request("stop")
        return predict(*arguments, **more)

    monkeypatch.setattr(evaluation, "BATCH", 100)  # the 360 test images come in four parts
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "predict", interrupted)
        train(parts)
    assert (len(calls), parts.status().state, parts.checkpoint()[1]["step"]) == (1, "stopped", 10)
    assert not any("test_error" in row for row in parts.metrics())
    train(parts)
    compare(parts, whole)


def test_predictions_do_not_depend_on_the_batch_and_leave_the_mode_alone():
    run = make()
    train(run)
    net, data = trained.open_run(run), datasets.load("digits")
    images = data.test.images[:50]
    net.net.train()
    one = predict(net.net, images, net.mean, net.std, batch=50)
    assert net.net.training
    other = predict(net.net, images, net.mean, net.std, batch=7)
    assert torch.allclose(one, other, atol=1e-5)
    _, error = evaluate(net.net, data.test, net.mean, net.std)
    assert error == pytest.approx([row for row in run.metrics() if "test_error" in row][-1]["test_error"], abs=0.01)


def test_a_training_starts_from_the_weights_of_another_run_and_remembers_it():
    first = make()
    train(first)
    second = make(start_from=first.id, learning_rate=1e-8, weight_decay=0.0)
    train(second)
    before, after = (weights.read(run.path / "model.safetensors") for run in (first, second))
    assert all(torch.allclose(before[name], after[name], atol=1e-5) for name in before)
    assert Run.open(second.id).data["began_from"]["settings"] == Run.open(first.id).settings
    with pytest.raises(UserError, match="does not fit this net"):
        train(make(start_from=first.id, model="bn_nin"))
    with pytest.raises(UserError, match="no weights to start from"):
        train(make(start_from=make().id))
