"""A net before its first step: built, prepared or given the weights to start from, and partly frozen."""

from typing import Any

import torch
from torch import Tensor, nn

from core import hardware, weights
from core.datasets import Dataset
from core.datasets.augmentation import normalise
from core.errors import UserError
from core.models import catalogue
from core.models.layers import is_of_head
from core.runs.run import Run
from core.trainers.optimizers import NORMALISATIONS
from core.trainers.recipe import Settings

PREPARATION_IMAGES = 5_000  # that a net may see before its first step


def build(settings: Settings, data: Dataset, device: torch.device) -> nn.Module:
    """Build the net of the settings for the data, its random weights drawn by their seed."""
    torch.manual_seed(settings.seed_initialisation)
    net = catalogue.build(
        settings.model,
        classes=len(data.classes),
        channels=data.channels,
        side=data.side,
        dataset=settings.dataset,
    )
    set_dropout(net, settings.recipe.dropout)
    return hardware.channels_last(net, device)


def prepare(net: nn.Module, images: Tensor, data: Dataset, seed: int) -> None:
    """Show a net that has a method `prepare` some of the training images, uint8 (N, C, H, W), drawn by the seed."""
    net_prepare: Any = getattr(net, "prepare", None)
    if net_prepare:
        draw = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(images), generator=draw)[:PREPARATION_IMAGES].to(images.device)
        with torch.no_grad():
            net_prepare(normalise(images[chosen], data.mean, data.std))


def freeze(net: nn.Module) -> list[nn.Module]:
    """Freeze all but the net's head; return the layers that must stay in evaluation mode for that."""
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and is_of_head(net, name))
    layers = net.named_modules()
    return [layer for name, layer in layers if isinstance(layer, NORMALISATIONS) and not is_of_head(net, name)]


def _fill(net: nn.Module, tensors: dict[str, Tensor], what: str, new_head: bool) -> None:
    """Load the weights into `net`, but for its head where that is to be new."""
    if new_head:
        own = {name: tensor for name, tensor in net.state_dict().items() if is_of_head(net, name)}
        tensors = {name: tensor for name, tensor in tensors.items() if not is_of_head(net, name)} | own
    weights.fill(net, tensors, what)


def start_from(name: str, net: nn.Module, new_head: bool) -> dict[str, Any]:
    """Load the weights of a run or a shipped net into `net`, those of its head or not; return how they came about.

    A run's epochs and seconds stand in its own folder; those of a shipped net are returned too.
    Raises UserError where there is no such run, or where its net is another.
    """
    if name in weights.cards("classifier"):
        card = weights.card(name)
        _fill(net, weights.read(weights.WEIGHTS / f"{name}.safetensors"), f"The weights of {name}", new_head)
        return {key: card[key] for key in ("settings", "epochs", "training_seconds")}
    run = Run.open(name)
    path = run.model_path()
    if path is None:
        raise UserError(f"The run {run.id} has saved no weights to start from; choose one that has.")
    _fill(net, weights.read(path), f"The weights of the run {run.id}", new_head)
    return {"settings": run.settings}


def set_dropout(net: nn.Module, probability: float | None) -> None:
    """Set the drop probability of every dropout layer; None leaves each its own."""
    for layer in net.modules():
        if isinstance(layer, nn.Dropout) and probability is not None:
            layer.p = probability
