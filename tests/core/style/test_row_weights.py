"""Rows that were learnt alone, put into the net that they were learnt for."""

import pytest
import torch

from core.errors import UserError
from core.style import row_weights
from tests.painting import STYLES, net


def test_only_the_rows_of_that_name_change():
    large, learnt = net(0).state_dict(), net(0, 2).state_dict()
    for name in learnt:
        if row_weights.NORM not in name:
            learnt[name] = large[name]
    joined = row_weights.with_rows(large, STYLES, learnt, ("night", "stripes"))
    for name, tensor in joined.items():
        if row_weights.NORM in name:
            expected = torch.stack([learnt[name][1], large[name][1], learnt[name][0]])
            assert torch.equal(tensor, expected), name
        else:
            assert torch.equal(tensor, large[name]), name
    assert torch.equal(large["enter.norm.scale"], net(0).state_dict()["enter.norm.scale"]), "the first is left alone"


def test_rows_of_another_net_are_refused():
    large = net(0).state_dict()
    with pytest.raises(UserError, match="no row gogh; it has stripes, dots, night"):
        row_weights.with_rows(large, STYLES, large, ("stripes", "gogh", "night"))
    with pytest.raises(UserError, match="learnt for other convolutions"):
        row_weights.with_rows(large, STYLES, net(1).state_dict(), STYLES)
