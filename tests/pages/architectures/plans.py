"""Blueprints of nets for images of CIFAR's size."""

import torch

from core.models import blueprint, catalogue
from core.models.blueprint import Blueprint


def plan_of(name: str) -> Blueprint:
    """Return the blueprint of a net of the catalogue, for ten classes and colour images of 32 x 32 pixels."""
    with torch.device("meta"):
        net = catalogue.build(name, classes=10, channels=3, side=32)
    return blueprint.read(net, 3, 32)
