"""The average of a net's weights over the steps of a training (Polyak and Juditsky, 1992), exponentially weighted."""

import copy

import torch
from torch import Tensor, nn


class WeightAverage:
    """A copy of a net whose weights are w = (1 - d) / (1 - d^t) * sum over steps i <= t of d^(t - i) * w_i.

    The quotient makes the factors sum to 1 from the first step on, so a short training is averaged over what there is
    of it, and never over the random weights it began with. The running statistics of normalisation layers are averaged
    like weights: they belong to them. Counters are copied.
    """

    def __init__(self, net: nn.Module, decay: float):
        self.net = copy.deepcopy(net).requires_grad_(False)
        self.decay = decay
        source, mine = net.state_dict(), self.net.state_dict()  # they share memory with the nets
        self._numbers = [(mine[name], source[name]) for name in mine if mine[name].is_floating_point()]
        self._counters = [(mine[name], source[name]) for name in mine if not mine[name].is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Add the weights after step `step`, counted from 1, to the average."""
        share = (1 - self.decay) / (1 - self.decay**step)
        if share == 1:
            self._copy()
            return
        mine, source = (list(tensors) for tensors in zip(*self._numbers, strict=True))
        torch._foreach_lerp_(mine, source, share)
        for counter, other in self._counters:
            counter.copy_(other)

    def _copy(self) -> None:
        # At a share of 1 `lerp` would keep what is not a number in the average, had it been there.
        for mine, source in self._numbers + self._counters:
            mine.copy_(source)

    def state(self) -> dict[str, Tensor]:
        """Return the averaged tensors by name."""
        return self.net.state_dict()
