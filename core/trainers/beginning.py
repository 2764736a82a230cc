"""What a net is before its first step: whose weights it starts from, what stays frozen, how much is dropped."""

from typing import Any

from torch import Tensor, nn

from core import weights
from core.errors import UserError
from core.models.layers import is_of_head
from core.runs.run import Run
from core.trainers.optimizers import NORMALISATIONS


def freeze(net: nn.Module) -> list[nn.Module]:
    """Let training change nothing but the net's head; returns the layers that must stay in evaluation mode for that."""
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and is_of_head(net, name))
    layers = net.named_modules()
    return [layer for name, layer in layers if isinstance(layer, NORMALISATIONS) and not is_of_head(net, name)]


def _fill(net: nn.Module, tensors: dict[str, Tensor], what: str, new_head: bool) -> None:
    """Give `net` these weights, but for its head where that is to be new."""
    if new_head:
        own = {name: tensor for name, tensor in net.state_dict().items() if is_of_head(net, name)}
        tensors = {name: tensor for name, tensor in tensors.items() if not is_of_head(net, name)} | own
    weights.fill(net, tensors, what)


def start_from(name: str, net: nn.Module, new_head: bool) -> dict[str, Any]:
    """Give `net` the weights of a run or a shipped net, those of its head or not; returns how those came about.

    A run's epochs and seconds stand in its own folder; those of a shipped net are told too.
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
    """Give every dropout layer this drop probability; None leaves each its own."""
    for layer in net.modules():
        if isinstance(layer, nn.Dropout) and probability is not None:
            layer.p = probability
