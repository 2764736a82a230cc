"""The recipes against the numbers of the thesis' tables, and whether every one of them can be started."""

from collections.abc import Callable
from itertools import combinations

import pytest
import torch
from torch import nn

from core import datasets
from core.errors import UserError
from core.models import catalogue
from core.trainers import beginning, optimizers, thesis
from core.trainers import recipe as recipes
from core.trainers.hyperparameters import OPTIMIZERS, ClassifierRecipe
from core.trainers.schedule import learning_rate
from core.trainers.thesis import RECIPES

pytestmark = pytest.mark.slow


def rates(recipe: ClassifierRecipe, *epochs: int) -> list[float]:
    return [learning_rate(recipe, epoch * 10, 10) for epoch in epochs]


# Net, data, recipe: epochs, batch size, weight decay, {epoch: rate from its start on}.
TABLES = [
    ("baseline", "mnist", "thesis", 30, 128, 1e-5, {0: 0.1, 19: 0.1, 20: 0.01, 29: 0.01}),
    ("nin", "mnist", "thesis", 60, 128, 1e-4, {0: 0.02, 40: 0.01, 50: 0.002}),
    ("nin", "cifar10", "thesis", 260, 64, 1e-4, {0: 0.025, 199: 0.025, 200: 0.0025, 230: 0.00025}),
    ("nin", "cifar100", "thesis+", 260, 64, 1e-4, {0: 0.025, 200: 0.0025, 230: 0.00025}),
    ("nin", "svhn", "thesis", 40, 64, 1e-4, {0: 0.025, 20: 0.0025, 30: 0.00025}),
    ("bn_nin", "mnist", "thesis", 30, 128, 1e-4, {0: 0.1, 20: 0.01}),
    ("bn_nin", "cifar10", "thesis", 250, 64, 1e-4, {0: 0.1, 25: 0.05, 50: 0.025, 249: 0.1 / 512}),
    ("bn_nin", "cifar100", "thesis+", 250, 64, 1e-4, {0: 0.1, 25: 0.05}),
    ("bn_nin", "svhn", "thesis", 40, 64, 1e-4, {0: 0.1, 20: 0.01, 30: 0.001}),
    ("bn_vgg", "cifar10", "thesis", 250, 64, 5e-4, {0: 0.1, 24: 0.1, 25: 0.05, 225: 0.1 / 512}),
    ("resnet110", "cifar10", "thesis+", 164, 64, 1e-4, {0: 0.1, 82: 0.01, 123: 0.001}),
    ("wrn_28_10", "cifar10", "thesis+", 200, 64, 5e-4, {0: 0.1, 60: 0.02, 120: 0.004, 160: 0.0008}),
    ("densenet_40_12", "cifar10", "thesis", 300, 64, 1e-4, {0: 0.1, 150: 0.01, 225: 0.001}),
    ("densenet_40_12", "svhn", "thesis", 40, 64, 1e-4, {0: 0.1, 20: 0.01, 30: 0.001}),
    ("densenet_bc_100_12", "cifar100", "thesis+", 300, 64, 1e-4, {0: 0.1, 150: 0.01, 225: 0.001}),
]


@pytest.mark.parametrize(("net", "data", "name", "epochs", "batch", "decay", "schedule"), TABLES)
def test_the_recipes_of_the_tables(net, data, name, epochs, batch, decay, schedule):
    recipe = RECIPES[net, data][name]
    assert (recipe.optimizer, recipe.momentum, recipe.label_smoothing) == ("nesterov", 0.9, 0.0)
    assert (recipe.epochs, recipe.batch_size, recipe.weight_decay) == (epochs, batch, decay)
    assert rates(recipe, *schedule) == pytest.approx(list(schedule.values()))


def test_every_row_of_table_4_6_has_its_recipe_plain_and_augmented_where_the_thesis_has_both():
    for row in catalogue.rows():
        known, thesis_errors = RECIPES[row["name"], row["dataset"]], row["thesis"]
        assert ("thesis" in known) == (thesis_errors["error"] is not None)
        assert ("thesis+" in known) == (thesis_errors["error_augmented"] is not None)
        assert not known.get("thesis", ClassifierRecipe()).augment
        assert known.get("thesis+", ClassifierRecipe(augment=True)).augment
        assert "quick" in known


@pytest.mark.parametrize("net", catalogue.names())
def test_a_quick_recipe_takes_a_tenth_of_the_epochs_in_one_cycle(net):
    for (name, data), known in RECIPES.items():
        if name == net and data != "digits" and net != "speedrun":
            whole = known.get("thesis") or known["thesis+"]
            assert known["quick"].epochs == whole.epochs // 10
            assert known["quick"].schedule == "one_cycle"


def test_only_a_densenet_without_augmentation_has_dropout_of_the_recipe():
    for (net, _), known in RECIPES.items():
        for name in known.keys() - {"muon"}:
            assert known[name].dropout == (0.2 if net.startswith("densenet") and name == "thesis" else None)


def test_digits_and_house_numbers_are_never_mirrored():
    for (_, data), known in RECIPES.items():
        if not data.startswith("cifar"):
            assert not any(recipe.augment and recipe.mirror for recipe in known.values())
            assert not any(recipe.test_views in (2, 6) for recipe in known.values())


def test_nets_without_normalisation_stay_in_float32():
    for (net, _), known in RECIPES.items():
        assert {recipe.bfloat16 for recipe in known.values()} == {net not in ("baseline", "nin")}


@pytest.mark.parametrize("net", catalogue.names())
@pytest.mark.parametrize("data", datasets.names())
def test_every_recipe_can_be_set_or_says_why_not(net, data):
    for name in recipes.recipes(net, data):
        if net == "bn_vgg" and datasets.info(data).side < 32:
            with pytest.raises(UserError, match="BN-VGG cannot take images of 28 x 28 pixels"):
                recipes.settings(data, net, name)
        else:
            settings = recipes.settings(data, net, name)
            assert recipes.Settings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("images", "epochs", "batch"), [(50_000, 20, 128), (598_388, 3, 128), (300, 40, 16), (5, 40, 2)]
)
def test_a_general_recipe_fits_the_size_of_the_data(images, epochs, batch):
    recipe = thesis.general("resnet20", images)
    assert (recipe.epochs, recipe.batch_size, recipe.augment) == (epochs, batch, False)
    assert recipe.learning_rate == pytest.approx(0.2 * batch / 128)


def test_what_looks_both_ways_is_mirrored():
    for data in ("toybox", "toybox?side=64"):
        (recipe,) = recipes.recipes("resnet20", data).values()
        assert (recipe.augment, recipe.mirror, recipe.epochs) == (True, True, 40)
    assert not any(recipe.augment for recipe in recipes.recipes("resnet20", "svhn").values())


def test_the_speedrun_has_its_recipe_on_every_data_set():
    for data in datasets.names():
        assert list(recipes.recipes("speedrun", data)) == ["speedrun"]
    digits = recipes.recipes("speedrun", "digits")["speedrun"]
    assert (digits.optimizer, digits.epochs, digits.augment, digits.test_views) == ("muon", 40, False, 1)
    assert (digits.batch_size, digits.learning_rate) == (125, pytest.approx(0.24 / 4))


def test_the_linear_schedule_falls_in_a_straight_line_to_nothing():
    recipe = ClassifierRecipe(schedule="linear", learning_rate=0.2, epochs=4)
    assert rates(recipe, 0, 1, 2, 3) == pytest.approx([0.2, 0.15, 0.1, 0.05])
    assert learning_rate(recipe, 39, 10) == pytest.approx(0.2 / 40)


def test_a_reflecting_border_is_narrower_than_the_image():
    side = datasets.info("digits").side
    assert recipes.settings("digits", "baseline", augment=True, padding=side).recipe.border == "black"
    with pytest.raises(UserError, match=f"The padding is {side}; choose one between 0 and {side - 1}"):
        recipes.settings("digits", "baseline", augment=True, padding=side, border="reflect")
    with pytest.raises(UserError, match='no border "white": choose one of black, reflect'):
        recipes.settings("digits", "baseline", border="white")


# What the trainer makes of a recipe.

PEERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, 0.01, weight_decay=0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, 0.01, 0.8, weight_decay=0.1),
    "nesterov": lambda parameters: torch.optim.SGD(parameters, 0.01, 0.8, weight_decay=0.1, nesterov=True),
    "adam": lambda parameters: torch.optim.Adam(parameters, 0.01, weight_decay=0.1),
    "adagrad": lambda parameters: torch.optim.Adagrad(parameters, 0.01, weight_decay=0.1),
    "adadelta": lambda parameters: torch.optim.Adadelta(parameters, 0.01, weight_decay=0.1),
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, 0.01, weight_decay=0.1),
    # There are no filters in that net.
    "muon": lambda parameters: torch.optim.SGD(parameters, 0.01, 0.85, weight_decay=0.1, nesterov=True),
}


def walk(make: Callable[[nn.Module], torch.optim.Optimizer]) -> torch.Tensor:
    """Where four steps of an optimiser take the same small net."""
    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    optimizer, x = make(net), torch.linspace(-1, 1, 12).view(4, 3)
    for _ in range(4):
        optimizer.zero_grad()
        net(x).square().sum().backward()
        optimizer.step()
    return net.weight.detach()


def ours(name: str) -> torch.Tensor:
    recipe = ClassifierRecipe(optimizer=name, learning_rate=0.01, momentum=0.8, weight_decay=0.1)
    return walk(lambda net: optimizers.optimizer(recipe, net))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimiser_walks_as_torch_s_of_that_name(name):
    assert torch.equal(ours(name), walk(lambda net: PEERS[name](net.parameters())))


def test_no_two_optimisers_walk_alike():
    ends = [ours(name) for name in OPTIMIZERS]
    assert not any(torch.allclose(one, other, rtol=1e-3) for one, other in combinations(ends, 2))


def drop_probabilities(net: nn.Module) -> list[float]:
    return [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)]


def test_the_dropout_of_a_recipe_replaces_the_net_s_own():
    net = catalogue.build("bn_nin", classes=10, channels=1, side=8)
    beginning.set_dropout(net, None)
    assert drop_probabilities(net) == [0.5]
    beginning.set_dropout(net, 0.0)
    assert drop_probabilities(net) == [0.0]
    dense = catalogue.build("densenet_40_12", classes=10, channels=1, side=8)
    beginning.set_dropout(dense, 0.2)
    assert drop_probabilities(dense) == [0.2] * (3 * 12 + 2)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_a_dropout_that_is_no_share_is_refused(dropout):
    with pytest.raises(UserError, match="The dropout is"):
        recipes.settings("digits", "baseline", dropout=dropout)


def test_a_dropout_that_is_no_number_is_refused():
    with pytest.raises(UserError, match="dropout is 'much'"):
        recipes.settings("digits", "baseline", dropout="much")


def test_dropout_for_a_net_without_is_refused(monkeypatch):
    monkeypatch.setattr(catalogue, "build", lambda *_, **__: nn.Linear(2, 2))
    assert recipes.settings("digits", "baseline", dropout=0.0).recipe.dropout == 0.0
    with pytest.raises(UserError, match="Baseline has no dropout layers"):
        recipes.settings("digits", "baseline", dropout=0.3)
