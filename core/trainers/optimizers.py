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
    """The optimiser of that name (section 3.2); what the recipe does not hold has torch's value."""
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
    """What may change of a net, and beside it the shifts of its normalisation layers where their rate is another.

    Their decay is divided by as much as their rate is multiplied by: each step shrinks them as it does the others.
    """
    learnt = [parameter for parameter in net.parameters() if parameter.requires_grad]
    if recipe.bias_rate == 1:
        return [{"params": learnt}]
    layers = (layer for layer in net.modules() if isinstance(layer, NORMALISATIONS) and layer.bias is not None)
    shifts = {id(layer.bias) for layer in layers}
    decay = recipe.weight_decay / recipe.bias_rate if recipe.bias_rate else 0.0
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in learnt if id(parameter) not in shifts]},
        {
            "params": [parameter for parameter in learnt if id(parameter) in shifts],
            "rate_factor": recipe.bias_rate,
            "weight_decay": decay,
        },
    ]
    return [group for group in groups if group["params"]]
