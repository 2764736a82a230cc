import pytest
import torch
from torch import nn

from core.trainers.muon import MOMENTUM_OF_THE_REST, Muon, orthogonal


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.hardware.bf16_is_fast", lambda: False)


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (12, 12)])
def test_orthogonal_keeps_the_directions_and_evens_out_their_weights(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    few = min(shape)
    left = torch.linalg.qr(torch.randn(shape[0], few, generator=generator)).Q
    right = torch.linalg.qr(torch.randn(shape[1], few, generator=generator)).Q
    matrix = left @ torch.diag(torch.linspace(100, 5, few)) @ right.T
    turned = left.T @ orthogonal(matrix) @ right  # diagonal where the singular vectors are kept
    values = turned.diagonal()
    assert torch.allclose(turned, torch.diag(values), atol=1e-3)
    assert values.min() > 0.5 and values.max() < 1.3


def test_orthogonal_does_not_mind_the_size_of_a_matrix() -> None:
    matrix = torch.randn(6, 9, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(orthogonal(matrix), orthogonal(1e-6 * matrix), atol=1e-4)
    assert torch.equal(orthogonal(torch.zeros(3, 4)), torch.zeros(3, 4))


def _net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(32, 4))


def _learn(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    x, y = torch.randn(16, 3, 4, 4, generator=torch.Generator().manual_seed(1)), torch.arange(16) % 4
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_it_learns() -> None:
    net = _net()
    losses = _learn(net, Muon(net, 0.05, 0.6, 0.0, rest=2.0), 30)
    assert losses[-1] < losses[0] / 4


def test_a_step_has_the_same_length_in_every_direction_of_the_filters() -> None:
    net = _net()
    _learn(net, Muon(net, 0.05, 0.6, 0.1, rest=0.0), 1)
    before = net[0].weight.detach().clone()
    _learn(net, Muon(net, 0.05, 0.6, 0.1, rest=0.0), 1)
    scaled = before * 8**0.5 / before.norm()
    values = torch.linalg.svdvals((net[0].weight - scaled).flatten(1))
    assert values.min() > 0.5 * 0.05 and values.max() < 1.3 * 0.05


def test_the_rest_is_trained_by_nesterov_at_its_own_rate() -> None:
    ours, peer = _net(), _net()
    for net in (ours, peer):
        net[0].weight.requires_grad_(False)
    rest = [parameter for parameter in peer.parameters() if parameter.requires_grad]
    _learn(ours, Muon(ours, 0.01, 0.6, 0.3, rest=3.0), 3)
    _learn(peer, torch.optim.SGD(rest, 0.03, MOMENTUM_OF_THE_REST, weight_decay=0.1, nesterov=True), 3)
    for one, other in zip(ours.parameters(), peer.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_it_goes_on_from_its_saved_state_as_if_never_stopped() -> None:
    whole, stopped = _net(), _net()
    _learn(whole, Muon(whole, 0.05, 0.6, 0.1, rest=2.0), 6)
    first = Muon(stopped, 0.05, 0.6, 0.1, rest=2.0)
    _learn(stopped, first, 3)
    second = Muon(stopped, 0.05, 0.6, 0.1, rest=2.0)
    second.load_state_dict(first.state_dict())
    _learn(stopped, second, 3)
    for one, other in zip(whole.parameters(), stopped.parameters(), strict=True):
        assert torch.equal(one, other)
