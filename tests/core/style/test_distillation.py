"""The distillation of `compact`: it learns, and its transfers advance."""

import math
from dataclasses import replace

import pytest
import torch

from core.errors import UserError
from core.style import compact, distillation
from tests.distillation import TINY, held_out, training
from tests.painting import loss_networks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def teachers():
    return loss_networks()


def test_it_learns_its_teacher_s_features():
    learner = training(compact.fresh(7), replace(TINY, steps=100, learning_rate=2e-2, transfers=0))
    errors = [learner.advance() for _ in range(16)]
    assert errors[-1]["loss"] < 0.7 * errors[0]["loss"]
    assert errors[-1]["train/vgg19.relu1_1"] < errors[0]["train/vgg19.relu1_1"]


def test_a_net_that_is_its_own_teacher_has_no_error():
    net = compact.fresh(1)
    figures = distillation.evaluate(net, net, held_out())
    assert set(figures) == {f"error/{layer}" for layer in compact.SOURCES} | {
        f"gram/{layer}" for layer in distillation.GRAM_LAYERS
    }
    assert max(figures.values()) == 0


def test_transfers_lower_their_loss_and_are_replaced_after_their_last_step(teachers):
    learner = training(teachers, replace(TINY, transfer_steps=3))
    learner.advance()
    first = learner.transfers.pictures[0].clone()
    assert learner.transfers.ages.tolist() == [1, 3]
    for _ in range(3):
        learner.advance()
    assert learner.transfers.ages.tolist() == [2, 2]
    assert not torch.equal(first, learner.transfers.pictures[0])
    assert learner.transfers.pictures.min() >= 0
    assert learner.transfers.pictures.max() <= 1


def test_a_checkpoint_of_another_recipe_is_refused(teachers):
    tensors, state = training(teachers).checkpoint()
    with pytest.raises(UserError, match="does not belong to this net and recipe"):
        training(teachers, replace(TINY, pool=4)).restore(tensors, state)


def test_a_loss_that_is_not_finite_raises_an_error(teachers):
    learner = training(teachers)
    with torch.no_grad():
        learner.net.blocks["vgg19_relu1_1"][0].bias.fill_(math.inf)
    with pytest.raises(UserError, match="loss of step 1 is no longer a number"):
        learner.advance()
