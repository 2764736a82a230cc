"""What a checkpoint keeps of a net that Adam trains: weights, Adam's memory and the random numbers."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

MEMORY = ("step", "exp_avg", "exp_avg_sq")  # that Adam has of each parameter after its first step


def tensors_of(net: nn.Module, optimiser: torch.optim.Adam, generator: torch.Generator) -> dict[str, Tensor]:
    """All of it by name: `net.NAME`, `adam.KEY.NAME`, `generator`."""
    tensors = {f"net.{name}": tensor for name, tensor in net.state_dict().items()}
    for name, parameter in net.named_parameters():
        memory = optimiser.state.get(parameter, {})  # empty before the first step
        tensors |= {f"adam.{key}.{name}": value for key, value in memory.items()}
    return tensors | {"generator": generator.get_state()}


def restore(
    net: nn.Module, optimiser: torch.optim.Adam, generator: torch.Generator, tensors: Mapping[str, Tensor], step: int
) -> None:
    """Take up what `tensors_of` gave after `step` steps. Raises KeyError or RuntimeError where it is of another net."""
    generator.set_state(tensors["generator"])
    load(net, tensors, "net")
    for name, parameter in net.named_parameters() if step else ():
        memory = {key: tensors[f"adam.{key}.{name}"] for key in MEMORY}
        # Adam counts on the CPU.
        optimiser.state[parameter] = {k: v if k == "step" else v.to(parameter.device) for k, v in memory.items()}


def load(net: nn.Module, tensors: Mapping[str, Tensor], part: str) -> None:
    """Take the weights `part.NAME`. Raises KeyError or RuntimeError where they are of another net."""
    net.load_state_dict({name: tensors[f"{part}.{name}"] for name in net.state_dict()})
