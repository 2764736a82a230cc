"""Splits of a net's data set and evenly spaced parts of them."""

import torch

from core.explain import splits
from tests.nets import a_net


def test_part_is_evenly_spread():
    split = splits.named(a_net(), "test")
    some = splits.part(split, 10)
    assert torch.equal(some.images, split.images[[36 * i for i in range(10)]])
    assert splits.part(split, 0) is split and splits.part(split, 10**6) is split
