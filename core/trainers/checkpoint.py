"""State of optimisers and random numbers as named tensors and back, so that a resumed training goes on bit for bit.

The names are those of the files on disk, which older run folders hold too: `optimizer.INDEX.KEY` for a classifier,
`adam.KEY.NAME` for a style or loss network, `optimizer.KEY` for a picture that is optimised itself.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

ADAM_KEYS = ("step", "exp_avg", "exp_avg_sq")  # Adam's state of each parameter after its first step
LBFGS_HISTORY = ("old_dirs", "old_stps", "ro")


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors to the CPU, detached, so that further steps leave them as they are."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's state as `optimizer.INDEX.KEY`, parameters counted as `state_dict` does."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{index}.{key}": value for index, entries in state.items() for key, value in entries.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Load what `optimizer_state` returned, out of all tensors of a checkpoint."""
    saved = optimizer.state_dict()
    for name, tensor in part(tensors, "optimizer.").items():
        index, key = name.split(".", 1)
        saved["state"].setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict(saved)


def random_state(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's generators: `rng`, and on a GPU `rng_cuda`."""
    state = {"rng": torch.get_rng_state()}
    return state | {"rng_cuda": torch.cuda.get_rng_state()} if device.type == "cuda" else state


def restore_random(tensors: Mapping[str, Tensor], device: torch.device) -> None:
    """Load what `random_state` returned; a checkpoint of a CPU leaves a GPU's generator alone."""
    torch.set_rng_state(tensors["rng"])
    if "rng_cuda" in tensors and device.type == "cuda":
        torch.cuda.set_rng_state(tensors["rng_cuda"])


def network_state(net: nn.Module, adam: torch.optim.Adam, generator: torch.Generator) -> dict[str, Tensor]:
    """Return a net, its Adam and its generator as `net.NAME`, `adam.KEY.NAME` and `generator`."""
    tensors = {f"net.{name}": tensor for name, tensor in net.state_dict().items()}
    for name, parameter in net.named_parameters():
        entries = adam.state.get(parameter, {})  # empty before the first step
        tensors |= {f"adam.{key}.{name}": value for key, value in entries.items()}
    return tensors | {"generator": generator.get_state()}


def restore_network(
    net: nn.Module, adam: torch.optim.Adam, generator: torch.Generator, tensors: Mapping[str, Tensor], step: int
) -> None:
    """Load what `network_state` returned after `step` steps.

    Raises KeyError or RuntimeError where it belongs to another net.
    """
    generator.set_state(tensors["generator"])
    load_weights(net, tensors, "net")
    learnt = [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]
    for name, parameter in learnt if step else ():
        entries = {key: tensors[f"adam.{key}.{name}"] for key in ADAM_KEYS}
        adam.state[parameter] = {key: _placed(key, value, parameter) for key, value in entries.items()}


def load_weights(net: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Load the weights `prefix.NAME`. Raises KeyError or RuntimeError where they belong to another net."""
    net.load_state_dict({name: tensors[f"{prefix}.{name}"] for name in net.state_dict()})


def picture_state(optimizer: torch.optim.Optimizer, x: Tensor) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the state of an optimiser, Adam or L-BFGS, of the picture `x` alone.

    Tensors are named `optimizer.KEY`, those of a list `optimizer.KEY.PLACE`; plain numbers come by their key.
    """
    tensors, numbers = {}, {}
    for key, value in optimizer.state.get(x, {}).items():
        if isinstance(value, Tensor):
            tensors[f"optimizer.{key}"] = value
        elif isinstance(value, list):  # the history of L-BFGS; entries of its scratch space can be None
            tensors |= {f"optimizer.{key}.{i}": entry for i, entry in enumerate(value) if isinstance(entry, Tensor)}
        else:
            numbers[key] = value
    return tensors, numbers


def restore_picture(
    optimizer: torch.optim.Optimizer, x: Tensor, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]
) -> None:
    """Load what `picture_state` returned, out of all tensors of a checkpoint, for an equal picture `x`."""
    state: dict[str, Any] = dict(numbers)
    lists: dict[str, dict[int, Tensor]] = {}
    for name, tensor in part(tensors, "optimizer.").items():
        key, dot, place = name.partition(".")
        # Copies lie where torch puts its own tensors: sums over memory aligned otherwise differ in the last bit.
        value = _placed(key, tensor.clone(), x)
        if dot:
            lists.setdefault(key, {})[int(place)] = value
        else:
            state[key] = value
    state |= {key: [entries[place] for place in range(len(entries))] for key, entries in lists.items()}
    if state and isinstance(optimizer, torch.optim.LBFGS):
        state = {key: [] for key in LBFGS_HISTORY} | state
        state["al"] = [None] * optimizer.param_groups[0]["history_size"]  # scratch space, of no meaning between steps
    if state:
        optimizer.state[x] = state


def _placed(key: str, value: Tensor, parameter: Tensor) -> Tensor:
    """Move an entry of an optimiser's state to its parameter's device, but for Adam's count, which stays on the CPU."""
    return value if key == "step" else value.to(parameter.device)
