"""The optimiser Muon (Jordan et al., 2024, "Muon: An optimizer for hidden layers in neural networks")."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core import hardware

MOMENTUM_OF_THE_REST = 0.85
ROUNDS = 3  # of the iteration that makes a step orthogonal
# The authors' quintic. It does not converge: each round multiplies a small singular value by 3.4 and leaves the large
# ones between 0.6 and 1.2, which trains as well as 1 would and takes fewer rounds.
LINEAR, CUBIC, QUINTIC = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.Optimizer):
    """Steps in which every direction counts alike, for the filters of convolutions; Nesterov's for everything else.

    The Nesterov gradient of a convolution's filters (outputs, inputs, h, w), taken as a matrix of `outputs` rows, is
    replaced by the orthogonal matrix nearest to it, and before the step the filters are scaled to a norm of
    sqrt(outputs). That suits a net that normalises after every convolution, where the filters' own scale says nothing.
    """

    def __init__(self, net: nn.Module, rate: float, momentum: float, weight_decay: float, rest: float) -> None:
        """`rate` and `momentum` are the filters'. Biases and linear layers are trained at `rest * rate` with
        momentum 0.85. `weight_decay` is theirs alone: each step shrinks them by `rate * weight_decay`."""
        trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
        filters = [parameter for parameter in trained if parameter.dim() == 4]
        others = [parameter for parameter in trained if parameter.dim() != 4]
        groups: list[dict[str, Any]] = [
            {"params": filters, "rate_factor": 1.0, "momentum": momentum, "weight_decay": 0.0, "orthogonal": True},
            {
                "params": others,
                "rate_factor": rest,
                "momentum": MOMENTUM_OF_THE_REST,
                "weight_decay": weight_decay / rest if rest else 0.0,
                "orthogonal": False,
            },
        ]
        for group in groups:
            group["lr"] = rate * group["rate_factor"]
        super().__init__([group for group in groups if group["params"]], {})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, parameter.grad, group)

    def _step(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        if group["weight_decay"]:
            gradient = gradient.add(parameter, alpha=group["weight_decay"])
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        direction = gradient.add(state["momentum_buffer"], alpha=group["momentum"])
        if group["orthogonal"]:
            parameter.mul_(len(parameter) ** 0.5 / parameter.norm().clamp_min(1e-12))
            direction = orthogonal(direction.flatten(1)).view_as(direction)
        parameter.add_(direction, alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """Return roughly the orthogonal matrix nearest to `matrix` (rows, columns): its singular values become about 1.

    By the Newton-Schulz iteration, in bfloat16 where that is fast; in the type of `matrix`. Zeros stay zeros.
    """
    x = matrix.bfloat16() if hardware.bf16_is_fast() else matrix
    x = x / x.norm().clamp_min(1e-12)
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.T
    for _ in range(ROUNDS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=CUBIC, alpha=QUINTIC), x, beta=LINEAR)
    return (x if wide else x.T).to(matrix.dtype)
