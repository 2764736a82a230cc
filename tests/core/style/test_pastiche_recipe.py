"""The recipe of a style network: what it refuses, its schedule, and its way through a run's settings."""

import json

import pytest

from core.errors import UserError
from core.style import compact, pastiche_recipe
from core.style.pastiche_recipe import PasticheRecipe


def test_the_rate_is_constant_and_then_falls():
    recipe = PasticheRecipe(("a",), steps=100, learning_rate=0.01, decay=0.2)
    assert recipe.rate(0) == recipe.rate(80) == 0.01
    assert recipe.rate(90) == pytest.approx(0.005)
    assert recipe.rate(100) == pytest.approx(0.0001)
    assert PasticheRecipe(("a",), steps=100, decay=0.0).rate(99) == 1e-3


def test_style_counts_half_in_the_warmup_steps():
    recipe = PasticheRecipe(("a",), style_warmup_steps=3)
    assert [recipe.style_part(step) for step in range(5)] == [0.5, 0.5, 0.5, 1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"styles": ()}, "no styles to train"),
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"crop": 8}, "at least 32 px"),
        ({"min_crop_scale": 0.0}, "from 0 to 1"),
        ({"jitter": -1}, "jitter is -1 px"),
        ({"style_factors": {"monet": 1.0}}, "A factor is given for 'monet', which is not among"),
        ({"style_shares": {"monet": 1.0}}, "A share is given for 'monet', which is not among"),
        ({"style_shares": {"a": -1.0}}, "drawing weight of a is -1.0"),
        ({"style_shares": {"a": 0.0}}, "none would be drawn"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(change, sentence):
    with pytest.raises(UserError, match=sentence):
        PasticheRecipe(**{"styles": ("a",), **change})


def test_settings_bring_the_recipe_back():
    recipe = PasticheRecipe(("stripes", "dots"), steps=4, style_factors={"dots": 0.5}, style_shares={"stripes": 2.0})
    assert pastiche_recipe.recipe_of(pastiche_recipe.settings_of(recipe, photos_folder="x")) == recipe
    with pytest.raises(UserError, match="name no styles"):
        pastiche_recipe.recipe_of({"dataset": "mnist"})


def test_weights_that_mean_nothing_are_told():
    with pytest.raises(UserError, match="loss weight of content is -1"):
        PasticheRecipe(("a",), content=-1.0)
    with pytest.raises(UserError, match="style weight of vgg19.relu1_1 is nan"):
        PasticheRecipe(("a",), style_layers={"vgg19.relu1_1": float("nan")})


def test_layer_weights_add_up_alike_and_old_settings_mean_both_networks():
    recipe = PasticheRecipe(("dots",), network="compact")
    both = pastiche_recipe.recipe_of({"styles": ["dots"]})
    assert both.layers.content == {"vgg19.relu3_1": 1.0, "squeezenet.fire4": 1.0}
    assert set(both.layers.style.values()) == {1.0} and len(both.layers.style) == 6
    assert set(recipe.layers.style) == set(compact.STYLE)
    assert sum(recipe.layers.style.values()) == pytest.approx(6.0)
    assert json.dumps(pastiche_recipe.settings_of(recipe))
