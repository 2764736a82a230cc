"""The recipe of the distillation of `compact`: its learning rate, and what it refuses."""

import math

import pytest

from core.errors import UserError
from core.style.distillation_recipe import DistillationRecipe


def test_the_rate_rises_stays_and_falls():
    recipe = DistillationRecipe(steps=1000, decay=0.5, learning_rate=1.0)
    assert recipe.rate(0) == pytest.approx(0.01)
    assert recipe.rate(300) == 1.0
    assert recipe.rate(750) == pytest.approx(0.5)
    assert recipe.rate(999) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"crop": 32}, "Crops of 32 px"),
        ({"transfers": 6}, "6 cannot come from 8 transfers"),
        ({"transfers": 4, "pool": 2}, "4 cannot come from 2 transfers"),
        ({"teacher_forcing": 1.5}, "teacher_forcing is 1.5"),
        ({"gram": -1.0}, "gram is -1.0"),
        ({"learning_rate": math.nan}, "learning rate is nan"),
    ],
)
def test_impossible_settings_are_refused(setting, sentence):
    with pytest.raises(UserError, match=sentence):
        DistillationRecipe(**setting)
