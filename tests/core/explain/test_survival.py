"""Mistakes that a mirror or a shift mends, on a net that looks at one column."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.explain import survival
from tests.nets import a_net

IMAGE = torch.arange(1, 17, dtype=torch.uint8).view(1, 1, 4, 4)


class LeftHalf(nn.Module):
    """Class 1 where the left half is brighter than the right."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        left, right = (part.mean((1, 2, 3)) for part in x.tensor_split(2, -1))
        return torch.stack([right, left], 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((False, 0, 0), [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]),
        ((True, 0, 0), [[4, 3, 2, 1], [8, 7, 6, 5], [12, 11, 10, 9], [16, 15, 14, 13]]),
        ((False, 1, 0), [[1, 1, 2, 3], [5, 5, 6, 7], [9, 9, 10, 11], [13, 13, 14, 15]]),
        ((False, -2, 0), [[3, 4, 4, 4], [7, 8, 8, 8], [11, 12, 12, 12], [15, 16, 16, 16]]),
        ((False, 0, 1), [[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]),
        ((False, 0, -1), [[5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16], [13, 14, 15, 16]]),
    ],
)
def test_copies_by_hand(change, expected):
    found = survival.altered(IMAGE, *change)
    assert found[0, 0].tolist() == expected and found.dtype == torch.uint8


def test_flipping_corrects_a_mistake_that_depends_on_the_side():
    trained = replace(a_net(), net=LeftHalf().eval(), classes=("a", "b"), mean=(0.0,), std=(0.01,))
    images = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    images[0, ..., 0] = 250  # the left edge: class 1
    found = survival.survival(trained, images, torch.tensor([0, 1]))
    assert found.predicted.shape == (2, len(survival.COPIES))
    by_copy = dict(zip(survival.COPIES, found.wrong[0].tolist(), strict=True))
    assert by_copy["as it is"] and not by_copy["flipped"] and by_copy["2 px to the right"]
    assert found.survives.tolist() == [False, True]  # the other is dark all over, whatever is done to it
    assert (found.confidence >= 0.5).all()
