"""The classifiers that are shipped: their cards say what is measured, where the data comes with Atelier."""

import pytest

from core import datasets, weights
from core.datasets import Split, digits, toybox
from core.trainers import evaluation, trained

pytestmark = pytest.mark.slow

TRAINED_HERE = tuple(weights.cards("classifier"))
WITH_DATA = [name for name in TRAINED_HERE if datasets.info(trained.open_shipped(name).dataset).embedded]
BOUNDS = {"bn_nin_digits": 1.0, "resnet20_toybox": 4.0}  # per cent


def held_back(dataset: str) -> Split:
    """The test split of embedded data."""
    return toybox.draw("test", 4000, toybox.Scenes()) if dataset == "toybox" else digits.read()[1]


@pytest.mark.parametrize("name", WITH_DATA)
def test_the_card_says_the_error_that_is_measured(name):
    net = trained.open_shipped(name)
    _, error = evaluation.evaluate(net.net, held_back(net.dataset), net.mean, net.std)
    assert error == pytest.approx(net.card["error"], abs=0.06)
    assert error < BOUNDS.get(name, 100)


@pytest.mark.parametrize("name", TRAINED_HERE)
def test_a_card_says_how_the_weights_came_about_and_on_which_terms(name):
    card = trained.open_shipped(name).card
    assert card["epochs"] > 0 and card["training_seconds"] > 0 and card["hardware"]
    assert card["selection"] and card["trained_on"] and "MIT" in card["licence"]
