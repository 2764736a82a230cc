"""The card of a style network: the training behind it, and behind the net that it started from."""

import dataclasses

import pytest
import torch

from core.errors import UserError
from core.runs.run import Run
from core.style import (
    pastiche_card,
    pastiche_recipe,
)
from core.style.origin import origin_of
from tests.painting import loss_networks
from tests.pastiche import STYLES, TINY, go, start, training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def networks():
    return loss_networks()


def test_a_training_can_start_from_another_s_weights(networks):
    first = start(dataclasses.replace(TINY, steps=3))
    go(first, networks)
    second = Run.create(
        "pastiche", pastiche_recipe.settings_of(dataclasses.replace(TINY, steps=2, seed=9), start=first.id)
    )
    go(second, networks, facts={"photographs": 3, "styles": STYLES})
    begun = training(networks)
    assert begun.start_from(origin_of(first.id))["steps"] == 3
    assert torch.equal(begun.net.enter.convolution.weight, first.checkpoint()[0]["net.enter.convolution.weight"])
    card = pastiche_card.card_of(Run.open(second.id), "for research")
    assert card["steps"] == 5
    assert card["before"]["recipe"]["steps"] == 3
    go(second, networks)  # nothing is left to do, and what was before is not forgotten
    assert Run.open(second.id).data["before"]["steps"] == 3
    third = Run.create("pastiche", pastiche_recipe.settings_of(dataclasses.replace(TINY, steps=1), start=second.id))
    go(third, networks, facts={"photographs": 3, "styles": STYLES})
    card = pastiche_card.card_of(Run.open(third.id), "for research")
    assert card["steps"] == 6
    assert (card["before"]["steps"], card["before"]["before"]["steps"]) == (5, 3)
    assert card["before"]["training_seconds"] is not None


def test_a_card_describes_the_weights_and_holds_no_path(networks):
    run = Run.create("pastiche", pastiche_recipe.settings_of(TINY, photos_folder="/somewhere/photos"))
    with pytest.raises(UserError, match="no weights yet"):
        pastiche_card.card_of(run, "for research")
    go(run, networks, facts={"photographs": 3, "styles": STYLES})
    card = pastiche_card.card_of(Run.open(run.id), "for research")
    assert (card["kind"], card["steps"], card["licence"]) == ("pastiche", 4, "for research")
    assert card["title"] == "2 paintings" and card["training_seconds"] is not None
    assert card["styles"][0]["losses"]["style"] > 0
    assert "somewhere" not in str(card)
