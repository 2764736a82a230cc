"""The figures as presets: what each compares, and what is left out where time is short."""

import pytest

from core import datasets
from core.errors import UserError
from core.figures import training_curves
from core.trainers import pace, recipe
from core.trainers.recipe import Settings
from core.trainers.schedule import learning_rate

THESIS = [f"4.{number}" for number in (4, 5, *range(7, 15), 18, 19, 22, 23, 24, 26, 27)]


def per_image(settings: Settings) -> float:
    """Seconds of a training on a machine that takes a millisecond an image."""
    return settings.recipe.epochs * datasets.info(settings.dataset).train_size / 1000


def total(figure: training_curves.CurveFigure) -> float:
    return sum(per_image(settings) for _, settings in figure.runs)


def test_all_the_training_curves_of_chapter_4_are_there_and_can_be_trained() -> None:
    assert list(training_curves.names()) == THESIS
    for figure in training_curves.figures():
        assert len({label for label, _ in figure.runs}) == len(figure.runs)
        for _, settings in figure.runs:
            recipe.check(settings)
            assert Settings.from_json(settings.to_json()) == settings


def test_runs_of_a_figure_differ_in_what_it_compares_alone() -> None:
    dropout = [settings.recipe.dropout for _, settings in training_curves.figure("4.4").runs]
    assert dropout == [None, 0.0]  # the net's own is 0.5
    rates = {
        label: [learning_rate(settings.recipe, epoch * 468, 468) for epoch in (0, 19, 20, 29)]
        for label, settings in training_curves.figure("4.5").runs
    }
    assert rates["fixed 0.1"] == [0.1] * 4 and rates["fixed 0.01"] == [0.01] * 4
    assert rates["scheduled"] == pytest.approx([0.1, 0.1, 0.01, 0.01])
    plus = [(settings.dataset, settings.recipe.augment) for _, settings in training_curves.figure("4.23").runs]
    assert plus == [("cifar100", False), ("cifar100", True)]
    assert len(training_curves.figure("4.18").runs) == 8
    assert [settings.recipe.epochs for _, settings in training_curves.figure("4.12").runs] == [60, 30]


@pytest.mark.parametrize("name", THESIS)
@pytest.mark.parametrize("minutes", [10, 100])
def test_a_scaled_figure_takes_about_its_minutes(name: str, minutes: float) -> None:
    short = training_curves.scaled(training_curves.figure(name), minutes, per_image)
    assert 0.5 * minutes <= total(short) / 60 <= 1.25 * minutes
    for (label, settings), (again, whole) in zip(short.runs, training_curves.figure(name).runs, strict=True):
        assert label == again and settings.model == whole.model
        assert min(10, whole.recipe.epochs) <= settings.recipe.epochs <= whole.recipe.epochs
        recipe.check(settings)
        assert [learning_rate(settings.recipe, step, 30) for step in (0, settings.recipe.epochs * 30 - 1)] == [
            pytest.approx(learning_rate(whole.recipe, step, 30)) for step in (0, whole.recipe.epochs * 30 - 1)
        ]


def test_what_was_left_out_is_said() -> None:
    few_epochs = training_curves.scaled(training_curves.figure("4.5"), 50, per_image)
    assert "17 epochs instead of 30." in few_epochs.length and "stand-in" not in few_epochs.length
    few_images = training_curves.scaled(training_curves.figure("4.7"), 10, per_image)
    assert "14 to 15 epochs instead of 250 to 260, on 20,000 of the 50,000 images as a stand-in" in few_images.length
    assert all("?images=" in settings.dataset for _, settings in few_images.runs)
    too_short = training_curves.scaled(training_curves.figure("4.18"), 1, per_image)
    assert "does not fit into 1 min:" in too_short.length
    assert {settings.recipe.epochs for _, settings in too_short.runs} == {10}


def test_a_figure_that_is_short_enough_is_left_alone() -> None:
    assert training_curves.scaled(training_curves.figure("4.4"), 61, per_image) is training_curves.figure("4.4")


def test_what_is_no_figure_of_curves_is_refused() -> None:
    with pytest.raises(UserError, match='"4.25" is not one of training curves: choose one of 4.4, 4.5, 4.7'):
        training_curves.figure("4.25")
    with pytest.raises(UserError, match="fitted into 0 minutes"):
        training_curves.scaled(training_curves.figure("4.5"), 0, per_image)


@pytest.mark.parametrize(
    ("model", "dataset", "precision", "measured"),  # images a second on one core
    [
        ("baseline", "mnist", "float32", 2103),
        ("bn_nin", "cifar10", "bfloat16", 172),
        ("resnet20", "cifar10", "bfloat16", 648),
        ("resnet164", "cifar10", "float32", 45.5),
        ("densenet_bc_100_12", "cifar10", "bfloat16", 62.4),
        ("wrn_40_4", "cifar10", "float32", 22.0),
    ],
)
def test_the_pace_is_near_what_was_measured(monkeypatch, model, dataset, precision, measured) -> None:
    monkeypatch.setattr(pace.hardware, "device", lambda: pace.torch.device("cpu"))
    settings = recipe.settings(dataset, model, precision=precision, threads=1)
    assert pace.estimate(settings) == pytest.approx(measured, rel=0.45)
