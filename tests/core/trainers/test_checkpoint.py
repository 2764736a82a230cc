"""Optimiser state survives a checkpoint bit for bit, under the names that older run folders have."""

import pytest
import torch
from torch import Tensor, nn

from core.trainers import checkpoint

CPU = torch.device("cpu")


def a_net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))


def steps(net: nn.Module, optimizer: torch.optim.Optimizer, count: int = 2) -> None:
    """Step towards zero outputs on inputs drawn by torch's generator."""
    for _ in range(count):
        optimizer.zero_grad()
        net(torch.rand(4, 3)).square().mean().backward()
        optimizer.step()


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return set(ours) == set(theirs) and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad])
def test_a_classifiers_optimiser_and_random_numbers_continue_where_they_were(kind):
    net = a_net()
    optimizer = kind(net.parameters(), lr=0.1)
    steps(net, optimizer)
    saved = checkpoint.copied(checkpoint.optimizer_state(optimizer) | checkpoint.random_state(CPU) | net.state_dict())
    steps(net, optimizer)
    other = a_net(seed=1)
    fresh = kind(other.parameters(), lr=0.1)
    other.load_state_dict({name: saved[name] for name in net.state_dict()})
    checkpoint.restore_optimizer(fresh, saved)
    checkpoint.restore_random(saved, CPU)
    steps(other, fresh)
    assert same(net.state_dict(), other.state_dict())
    assert same(checkpoint.optimizer_state(optimizer), checkpoint.optimizer_state(fresh))


def test_a_network_with_its_adam_and_generator_continues_where_it_was():
    net, generator = a_net(), torch.Generator().manual_seed(3)
    adam = torch.optim.Adam(net.parameters())
    steps(net, adam)
    saved = checkpoint.copied(checkpoint.network_state(net, adam, generator))
    drawn = torch.rand(2, generator=generator)
    other, another = a_net(seed=1), torch.Generator()
    fresh = torch.optim.Adam(other.parameters())
    checkpoint.restore_network(other, fresh, another, saved, step=2)
    assert torch.equal(torch.rand(2, generator=another), drawn)
    another.set_state(saved["generator"])
    assert same(checkpoint.network_state(other, fresh, another), saved)


def test_a_network_before_its_first_step_has_no_optimiser_state():
    net, generator = a_net(), torch.Generator()
    adam = torch.optim.Adam(net.parameters())
    saved = checkpoint.network_state(net, adam, generator)
    assert set(saved) == {"generator", *(f"net.{name}" for name in net.state_dict())}
    checkpoint.restore_network(net, adam, generator, saved, step=0)
    assert not adam.state


def test_weights_of_another_net_are_refused():
    net = a_net()
    saved = {f"net.{name}": tensor for name, tensor in nn.Sequential(nn.Linear(3, 5)).state_dict().items()}
    with pytest.raises((KeyError, RuntimeError)):
        checkpoint.load_weights(net, saved, "net")


def an_optimiser(kind: str, x: Tensor) -> torch.optim.Optimizer:
    if kind == "adam":
        return torch.optim.Adam([x], lr=0.1)
    return torch.optim.LBFGS([x], max_iter=1, history_size=5, line_search_fn="strong_wolfe")


def descend(optimizer: torch.optim.Optimizer, x: Tensor, count: int) -> None:
    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (x**4 - x).sum()
        loss.backward()
        return loss

    for _ in range(count):
        optimizer.step(closure)


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize("kind", ["adam", "lbfgs"])
def test_the_optimiser_of_a_picture_continues_where_it_was(kind, before):
    x = torch.linspace(0, 2, 8).requires_grad_()
    optimizer = an_optimiser(kind, x)
    descend(optimizer, x, before)
    tensors, numbers = checkpoint.picture_state(optimizer, x)
    tensors, other = checkpoint.copied(tensors), x.detach().clone().requires_grad_()
    descend(optimizer, x, 3)
    fresh = an_optimiser(kind, other)
    checkpoint.restore_picture(fresh, other, tensors, numbers)
    descend(fresh, other, 3)
    assert torch.equal(x, other)


def test_the_names_on_disk_stay_those_of_older_run_folders():
    net, x = a_net(), torch.ones(4, requires_grad=True)
    optimizer, adam, lbfgs = (
        torch.optim.SGD(net.parameters(), momentum=0.9),
        torch.optim.Adam(net.parameters()),
        an_optimiser("lbfgs", x),
    )
    for each in (optimizer, adam):
        steps(net, each)
    descend(lbfgs, x, 3)
    assert set(checkpoint.optimizer_state(optimizer)) == {f"optimizer.{i}.momentum_buffer" for i in range(4)}
    assert set(checkpoint.random_state(CPU)) == {"rng"}
    named = checkpoint.network_state(net, adam, torch.Generator())
    assert {"net.0.weight", "adam.step.0.weight", "adam.exp_avg.1.bias", "adam.exp_avg_sq.1.bias"} < set(named)
    tensors, numbers = checkpoint.picture_state(lbfgs, x)
    assert {"optimizer.d", "optimizer.prev_flat_grad", "optimizer.old_dirs.0", "optimizer.ro.0"} < set(tensors)
    assert {"func_evals", "n_iter"} < set(numbers)
