"""The optimiser of a recipe, and which of a net's parameters it changes at which rate (section 3.2)."""

from typing import Any

import torch
from torch import nn

from core.trainers.muon import Muon
from core.trainers.recipe import ClassifierRecipe

_ADAPTIVE: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
}

NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)


def optimizer(recipe: ClassifierRecipe, net: nn.Module) -> torch.optim.Optimizer:
    """Return the recipe's optimiser (section 3.2); hyperparameters that the recipe lacks have torch's values."""
    groups = _groups(recipe, net)
    if recipe.optimizer in _ADAPTIVE:
        adaptive: Any = _ADAPTIVE[recipe.optimizer]
        return adaptive(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "muon":
        return Muon(net, recipe.learning_rate, recipe.momentum, recipe.weight_decay, recipe.bias_rate)
    momentum = 0.0 if recipe.optimizer == "sgd" else recipe.momentum
    return torch.optim.SGD(
        groups,
        recipe.learning_rate,
        momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.optimizer == "nesterov" and momentum > 0,
    )


def _groups(recipe: ClassifierRecipe, net: nn.Module) -> list[dict[str, Any]]:
    """Return the trainable parameters, biases of normalisation layers in a group of their own where their rate differs.

    Their decay is divided by as much as their rate is multiplied by: each step shrinks them as it does the others.
    """
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    if recipe.bias_rate == 1:
        return [{"params": trained}]
    layers = (layer for layer in net.modules() if isinstance(layer, NORMALISATIONS) and layer.bias is not None)
    biases = {id(layer.bias) for layer in layers}
    decay = recipe.weight_decay / recipe.bias_rate if recipe.bias_rate else 0.0
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in trained if id(parameter) not in biases]},
        {
            "params": [parameter for parameter in trained if id(parameter) in biases],
            "rate_factor": recipe.bias_rate,
            "weight_decay": decay,
        },
    ]
    return [group for group in groups if group["params"]]
