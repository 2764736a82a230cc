"""The training loop learns, obeys, resumes exactly and explains itself when it cannot go on."""

import numpy as np
import pytest
import torch

from core import datasets, weights
from core.errors import UserError
from core.models import catalogue
from core.runs.folder import Run, Writer
from core.trainers import recipe as recipes
from core.trainers import trained
from core.trainers.classifier import train
from core.trainers.evaluation import evaluate, predict, scores
from core.trainers.recipe import Recipe, Settings
from core.trainers.schedule import learning_rate


@pytest.fixture(autouse=True)
def runs_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_RUNS", str(tmp_path / "runs"))


def make(**changes) -> Run:
    wanted = {"epochs": 1, "batch_size": 64, "precision": "float32", "threads": 1} | changes
    settings = recipes.settings("digits", wanted.pop("model", "baseline"), **wanted)
    return Run.create("classifier", settings.to_json())


def stop_at(step: int, monkeypatch) -> None:
    """Ask for a stop through the run folder once `step` steps are taken."""
    obey, calls = Writer.obey, []

    def counting(self, before_pause):
        calls.append(1)
        if len(calls) > step:
            self.run.ask("stop")
        return obey(self, before_pause)

    monkeypatch.setattr(Writer, "obey", counting)


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
    assert run.status().progress["step"] == run.data["steps"]
    found = trained.open_run(Run.open(run.id))
    assert found.classes == tuple("0123456789")


@pytest.mark.parametrize("optimizer", ["nesterov", "adam", "adagrad", "adadelta", "rmsprop"])
def test_stopping_and_resuming_gives_the_weights_of_an_uninterrupted_run(optimizer, monkeypatch):
    changes = {"optimizer": optimizer, "learning_rate": 0.01, "augment": True, "epochs": 2, "batch_size": 256}
    whole, parts = make(**changes), make(**changes)
    train(whole)
    with monkeypatch.context() as patch:
        stop_at(3, patch)  # in the middle of the first epoch
        train(parts)
    assert parts.status().state == "stopped"
    assert parts.status().progress["step"] < whole.status().progress["step"]
    train(parts)
    expected, got = (
        weights.read(whole.path / "model.safetensors"),
        weights.read(parts.path / "model.safetensors"),
    )
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    without_time = [
        {k: v for k, v in row.items() if k not in ("seconds", "images_per_second")} for row in whole.metrics()
    ]
    assert [
        {k: row[k] for k in other} for row, other in zip(parts.metrics(), without_time, strict=True)
    ] == without_time


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
    with pytest.raises(UserError, match=r"no longer a number at step \d+ .*10 or less"):
        train(run)
    assert run.status().state == "failed"
    assert "diverged" in run.status().message


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 100_000}, "batch size is 100000"),
        ({"learning_rate": float("nan")}, "learning rate is nan"),
        ({"optimizer": "magic"}, 'no optimiser "magic": choose one of sgd'),
        ({"precision": "int3"}, 'no precision "int3"'),
        ({"epochs": 1.5}, "expected int"),
        ({"weight_average": 1.0}, "weight average is 1;"),
        ({"flip": "never"}, 'no way to flip "never": choose one of random, alternating'),
        ({"padding": 29}, "padding is 29; .* 0 and 28"),
        ({"mirror": 1}, "mirror is 1; expected bool"),
        ({"bias_rate": -1.0}, "bias rate is -1"),
        ({"test_views": 4}, "no 4 views: choose one of 1, 2, 3, 6"),
        ({"colour": 3}, "no setting named colour"),
    ],
)
def test_what_cannot_work_is_refused_before_it_starts(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        make(**changes)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UserError, match=r'no data set "cats": .*digits'):
        recipes.settings("cats", "baseline")
    with pytest.raises(UserError, match=r'no net "alexnet": .*baseline'):
        recipes.settings("digits", "alexnet")
    with pytest.raises(UserError, match=r'no recipe "slow" .*quick'):
        recipes.settings("digits", "baseline", "slow")


def test_settings_return_from_json_and_an_edited_file_is_a_sentence():
    settings = recipes.settings("mnist", "baseline", "thesis")
    assert Settings.from_json(settings.to_json()) == settings
    broken = settings.to_json()
    broken["recipe"]["milestones"] = "soon"
    with pytest.raises(UserError, match="settings of this run are damaged"):
        Settings.from_json(broken)


def test_settings_from_before_a_field_was_there_still_open():
    settings = recipes.settings("mnist", "baseline", "thesis")
    saved = settings.to_json()
    for later in ("weight_average", "flip", "padding", "mirror", "bias_rate", "test_views"):
        del saved["recipe"][later]
    assert Settings.from_json(saved) == settings


def test_the_recipe_of_table_4_1():
    recipe = recipes.settings("mnist", "baseline", "thesis").recipe
    assert (recipe.optimizer, recipe.learning_rate, recipe.momentum) == ("nesterov", 0.1, 0.9)
    assert (recipe.weight_decay, recipe.batch_size, recipe.epochs) == (1e-5, 128, 30)
    rates = [learning_rate(recipe, epoch * 468, 468) for epoch in (0, 19, 20, 29)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_a_step_schedule_stretches_with_the_epochs():
    recipe = recipes.settings("mnist", "baseline", "thesis", epochs=3).recipe
    assert [learning_rate(recipe, step, 10) for step in (19, 20)] == pytest.approx([0.1, 0.01])


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", [1.0, 1.0, 1.0, 1.0]),
        ("cosine", [1.0, 0.5 + 0.5 * 0.5**0.5, 0.5, 0.5 - 0.5 * 0.5**0.5]),
        ("one_cycle", [0.05, 0.9375, 0.625, 0.3125]),
    ],
)
def test_schedules_at_the_quarters_of_a_training(schedule, rates):
    recipe = Recipe(schedule=schedule, learning_rate=1.0, epochs=10)
    assert [learning_rate(recipe, step, 10) for step in (0, 25, 50, 75)] == pytest.approx(rates)


def test_scores_on_a_hand_made_example():
    logits = torch.tensor([[9.0, -9.0], [9.0, -9.0], [-9.0, 9.0], [9.0, -9.0]])
    loss, error = scores(logits, torch.tensor([0, 0, 1, 1]))
    assert error == 25.0
    assert loss == pytest.approx(18 / 4, abs=1e-3)


def test_predictions_do_not_depend_on_the_batch_and_leave_the_mode_alone():
    run = make()
    train(run)
    found, data = trained.open_run(run), datasets.load("digits")
    images = data.test.images[:50]
    found.net.train()
    one = predict(found.net, images, found.mean, found.std, batch=50)
    assert found.net.training
    other = predict(found.net, images, found.mean, found.std, batch=7)
    assert torch.allclose(one, other, atol=1e-5)
    _, error = evaluate(found.net, data.test, found.mean, found.std)
    assert error == pytest.approx([row for row in run.metrics() if "test_error" in row][-1]["test_error"], abs=0.01)


def test_a_run_without_weights_yet_is_a_sentence():
    with pytest.raises(UserError, match="no weights yet"):
        trained.open_run(make())


def test_weights_of_another_net_are_a_sentence():
    run = make(model="baseline")
    train(run)
    other = catalogue.build("bn_nin", classes=10, channels=1, side=28)
    weights.write(run.path / "model.safetensors", other.state_dict())
    with pytest.raises(UserError, match="does not fit this net"):
        trained.open_run(run)


def test_a_picture_becomes_what_the_net_wants():
    run = make()
    train(run)
    found = trained.open_run(run)
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, 20:60] = 200  # exactly the central square
    small = found.prepare_picture(picture)
    assert small.shape == (1, 1, 28, 28)
    assert small.unique().tolist() == [200]
    assert found.prepare(small).dtype == torch.float32


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
