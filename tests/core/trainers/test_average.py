"""The average of the weights is the one that its formula says, from the first step on."""

import pytest
import torch
from torch import nn

from core.trainers.average import WeightAverage


def test_the_average_is_the_weighted_sum_of_the_formula():
    net, decay = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), 0.8
    average = WeightAverage(net, decay)
    states: dict[str, list[torch.Tensor]] = {name: [] for name in net.state_dict()}
    for step in range(1, 6):
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.normal_()
        net(torch.randn(4, 3))  # moves the running statistics, and counts
        average.update(step)
        for name, tensor in net.state_dict().items():
            states[name].append(tensor.clone())
    shares = torch.tensor([decay ** (5 - step) for step in range(1, 6)])
    shares /= shares.sum()
    for name, tensor in average.net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            assert tensor == 5
        else:
            expected = sum(share * value for share, value in zip(shares, states[name], strict=True))
            assert torch.allclose(tensor, expected, atol=1e-6), name


def test_the_first_step_replaces_the_random_weights_whatever_the_decay():
    net = nn.Linear(2, 2)
    average = WeightAverage(net, 0.9999)
    with torch.no_grad():
        net.weight.fill_(7)
    average.update(1)
    assert (average.net.weight == 7).all()
    with torch.no_grad():
        net.weight.fill_(9)
    average.update(2)
    assert average.net.weight[0, 0].item() == pytest.approx(8, abs=1e-3)
