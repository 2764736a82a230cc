"""Learning-rate schedules at chosen steps."""

import pytest

from core.trainers import recipe as recipes
from core.trainers.recipe import ClassifierRecipe
from core.trainers.schedule import learning_rate


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
    recipe = ClassifierRecipe(schedule=schedule, learning_rate=1.0, epochs=10)
    assert [learning_rate(recipe, step, 10) for step in (0, 25, 50, 75)] == pytest.approx(rates)
