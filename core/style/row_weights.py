"""Rows of scales and shifts that were learnt alone, put into the net whose convolutions they were learnt for."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from core.errors import UserError

NORM = ".norm."  # in the names of the tensors that have a row for each style

Weights = Mapping[str, Tensor]


def with_rows(net: Weights, names: Sequence[str], learnt: Weights, learnt_names: Sequence[str]) -> dict[str, Tensor]:
    """Return the weights of a net with the rows `learnt_names` replaced by those of another net.

    `names` are the rows of `net`, `learnt_names` those of `learnt`; all other tensors stay as they are. Raises
    UserError where the convolutions of the two differ, or `net` has no such row.
    """
    if unknown := [name for name in learnt_names if name not in names]:
        raise UserError(f"The net has no row {unknown[0]}; it has {', '.join(names)}.")
    convolutions = [name for name in net if NORM not in name]
    if net.keys() != learnt.keys() or not all(torch.equal(net[name], learnt[name]) for name in convolutions):
        raise UserError("The rows were learnt for other convolutions than this net's; start their training from it.")
    places = [names.index(name) for name in learnt_names]
    result = {name: tensor.clone() for name, tensor in net.items()}
    for name in net.keys() - set(convolutions):
        result[name][places] = learnt[name]
    return result
