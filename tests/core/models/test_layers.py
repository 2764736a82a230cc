"""SAME pooling against a plain loop over the windows that the definition gives."""

import pytest
import torch

from core.models.layers import same_average_pool, same_max_pool

SIDES = [(1, 1), (2, 2), (3, 3), (4, 6), (7, 8), (28, 28), (5, 9)]


def _windows(side: int) -> list[range]:
    """A 3-wide window's positions, stride 2, SAME: ceil(side / 2) of them, missing pixels split, the odd one last."""
    outputs = -(-side // 2)
    before = max((outputs - 1) * 2 + 3 - side, 0) // 2
    return [range(max(0, 2 * i - before), min(side, 2 * i - before + 3)) for i in range(outputs)]


def _pooled(x: torch.Tensor, reduce) -> torch.Tensor:
    rows, columns = _windows(x.shape[0]), _windows(x.shape[1])
    return torch.stack([torch.stack([reduce(x[r.start : r.stop, c.start : c.stop]) for c in columns]) for r in rows])


@pytest.mark.parametrize("sides", SIDES)
def test_max(sides: tuple[int, int]) -> None:
    x = torch.randn(sides) - 10  # all negative: padding with zeros would win
    assert torch.equal(same_max_pool(x[None, None])[0, 0], _pooled(x, torch.max))


@pytest.mark.parametrize("sides", SIDES)
def test_average(sides: tuple[int, int]) -> None:
    x = torch.randn(sides)
    assert torch.allclose(same_average_pool(x[None, None])[0, 0], _pooled(x, torch.mean), atol=1e-6)
