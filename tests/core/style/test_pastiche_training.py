"""The training of a style network: its targets, its draws, and that a resumed one ends in the same weights."""

import dataclasses

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.style import painting_targets, pastiche_recipe, pastiche_training
from core.style.origin import origin_of
from core.style.pastiche_recipe import PasticheRecipe
from tests.painting import loss_networks
from tests.pastiche import PAINTINGS, TINY, go, start, training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def networks():
    return loss_networks()


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(networks):
    whole, first = training(networks), training(networks)
    for _ in range(5):
        whole.advance()
    for _ in range(2):
        first.advance()
    second = training(networks)
    second.restore(*first.checkpoint())
    for _ in range(3):
        second.advance()
    assert second.step == whole.step == 5
    for name, tensor in whole.net.state_dict().items():
        assert torch.equal(second.net.state_dict()[name], tensor), name


def test_a_checkpoint_from_before_the_first_step_is_loaded(networks):
    first, second = training(networks), training(networks, dataclasses.replace(TINY, seed=5))
    second.restore(*first.checkpoint())
    first.advance()
    second.advance()
    assert torch.equal(first.net.enter.convolution.weight, second.net.enter.convolution.weight)


def test_a_checkpoint_of_another_net_is_refused(networks):
    other = training(networks, dataclasses.replace(TINY, width=0.5))
    with pytest.raises(UserError, match="does not belong to this net"):
        training(networks).restore(*other.checkpoint())


def test_training_lowers_the_loss(networks):
    lowering = training(networks, dataclasses.replace(TINY, steps=60, style=3.0))
    totals = []
    for _ in range(40):
        _, terms = lowering.advance()
        totals.append(float((terms.content + 3 * terms.style).detach().mean()))
    assert np.mean(totals[-8:]) < 0.8 * np.mean(totals[:8])


def test_a_style_without_weight_is_left_to_the_content(networks):
    quiet = training(networks, dataclasses.replace(TINY, style_factors={"dots": 0.0}))
    assert quiet.losses.style_weights.tolist() == [TINY.style, 0.0]


def test_a_style_is_drawn_in_proportion_to_its_share(networks):
    often = training(networks, dataclasses.replace(TINY, batch=64, style_shares={"dots": 7.0}))
    drawn = torch.cat([often.advance()[0] for _ in range(4)])
    first = TINY.styles.index("dots")
    assert 0.8 < (drawn == first).float().mean() < 0.95  # 7 of 8
    never = training(networks, dataclasses.replace(TINY, batch=64, style_shares={"dots": 0.0}))
    assert first not in never.advance()[0]


def test_targets_are_grams_of_the_paintings_at_the_style_s_size(networks):
    small = painting_targets.style_targets(networks, list(PAINTINGS.values()), TINY)
    assert small["vgg19.relu1_1"].shape == (2, 64, 64)
    large = painting_targets.style_targets(networks, list(PAINTINGS.values()), dataclasses.replace(TINY, style_side=60))
    assert not torch.allclose(small["vgg19.relu3_1"], large["vgg19.relu3_1"])


def test_a_loss_that_is_not_finite_raises_an_error(networks):
    broken = training(networks)
    with torch.no_grad():
        broken.net.enter.convolution.weight.fill_(float("nan"))
    with pytest.raises(UserError, match="loss of step 1 is no longer a number"):
        broken.advance()


def test_an_older_checkpoint_without_a_crop_pool_is_loaded(networks):
    first = training(networks)
    first.advance()
    tensors, state = first.checkpoint()
    del tensors[pastiche_training.CROPS]
    second = training(networks)
    second.restore(tensors, state)
    second.advance()
    assert second.step == 2


def test_a_training_starts_from_a_net_with_only_some_of_its_styles(networks):
    other = start(dataclasses.replace(TINY, styles=("stripes",), steps=3))
    go(other, networks)
    tensors = other.checkpoint()[0]
    begun = training(networks, dataclasses.replace(TINY, styles=("dots", "stripes")))
    colours = begun.net.leave.norm.shift[0].clone()
    begun.start_from(origin_of(other.id))
    assert torch.equal(begun.net.enter.convolution.weight, tensors["net.enter.convolution.weight"])
    for name in ("enter.norm.shift", "leave.norm.scale"):
        assert torch.equal(begun.net.get_parameter(name)[1], tensors[f"net.{name}"][0])
    assert torch.equal(begun.net.enter.norm.shift[0], tensors["net.enter.norm.shift"][0])
    assert torch.equal(begun.net.leave.norm.shift[0], colours)


def test_rows_alone_are_learnt_and_go_on_bit_for_bit(networks):
    other = start(dataclasses.replace(TINY, steps=2))
    go(other, networks)
    before = other.checkpoint()[0]
    recipe = dataclasses.replace(TINY, rows_only=True, style_shares={"dots": 0.0}, average=0.5)
    whole, first = training(networks, recipe), training(networks, recipe)
    for one in (whole, first):
        one.start_from(origin_of(other.id))
        one.advance()
    second = training(networks, recipe)
    second.restore(*first.checkpoint())
    for one in (whole, second):
        one.advance()
    weights = whole.weights()
    assert weights.keys() == second.weights().keys()
    for name, tensor in weights.items():
        was = before[f"net.{name}"]
        assert torch.equal(second.weights()[name], tensor), name
        if ".norm." in name:
            assert not torch.equal(tensor[0], was[0]) and torch.equal(tensor[1], was[1]), name
        else:
            assert torch.equal(tensor, was), name


def test_a_training_does_not_start_from_a_net_of_another_width(networks):
    other = start(dataclasses.replace(TINY, width=0.5))
    go(other, networks)
    with pytest.raises(UserError, match="no weights of a style network of this width"):
        training(networks).start_from(origin_of(other.id))


def test_a_painting_of_one_colour_is_refused():
    with pytest.raises(UserError, match="The painting a is of one colour"):
        painting_targets.style_targets(loss_networks(), [np.full((40, 40, 3), 7, np.uint8)], PasticheRecipe(("a",)))


def test_a_step_is_timed():
    assert pastiche_training.seconds_a_step(TINY, loss_networks()) > 0
    of_styles = {name: {"dots": 64} for name in pastiche_recipe.BY_STYLE}
    assert pastiche_training.seconds_a_step(dataclasses.replace(TINY, **of_styles), loss_networks()) > 0
