"""Settings of a training: what is refused, and how they return from a run folder."""

import pytest

from core.errors import UserError
from core.trainers import recipe as recipes
from core.trainers.recipe import Settings
from core.trainers.schedule import learning_rate


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
        recipes.settings("digits", "baseline", **changes)


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


def test_digits_are_cropped_but_not_mirrored_unless_that_is_asked_for():
    assert recipes.settings("digits", "baseline", augment=True).recipe.mirror is False
    assert recipes.settings("digits", "baseline", augment=True, mirror=True).recipe.mirror is True
    assert recipes.settings("fashion_mnist", "baseline", augment=True).recipe.mirror is True


def test_the_recipe_of_table_4_1():
    recipe = recipes.settings("mnist", "baseline", "thesis").recipe
    assert (recipe.optimizer, recipe.learning_rate, recipe.momentum) == ("nesterov", 0.1, 0.9)
    assert (recipe.weight_decay, recipe.batch_size, recipe.epochs) == (1e-5, 128, 30)
    rates = [learning_rate(recipe, epoch * 468, 468) for epoch in (0, 19, 20, 29)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01])
