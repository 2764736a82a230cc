"""Random crops of photographs in memory."""

import pytest
import torch

from core.errors import UserError
from core.style.photographs import Photographs
from tests.painting import picture


def some() -> Photographs:
    return Photographs([torch.from_numpy(picture(40 + 4 * seed, 50, seed)) for seed in range(3)])


def test_crops_are_parts_of_the_photographs_and_follow_the_generator():
    flat = Photographs(
        [torch.full((40, 60, 3), 51, dtype=torch.uint8), torch.full((30, 30, 3), 204, dtype=torch.uint8)]
    )
    crops = flat.crops(24, 16, 0.5, torch.Generator().manual_seed(0))
    assert crops.shape == (24, 3, 16, 16)
    assert set(crops.mean((1, 2, 3)).mul(5).round().tolist()) == {1.0, 4.0}
    again = some().crops(3, 20, 0.3, torch.Generator().manual_seed(3))
    torch.testing.assert_close(again, some().crops(3, 20, 0.3, torch.Generator().manual_seed(3)))


def test_half_of_the_crops_are_flipped():
    ramp = torch.arange(40, dtype=torch.uint8)[None, :, None].expand(40, 40, 3)
    crops = Photographs([ramp]).crops(60, 16, 0.5, torch.Generator().manual_seed(0))
    flipped = (crops[:, 0, 0, 0] > crops[:, 0, 0, -1]).float().mean()
    assert 0.3 < flipped < 0.7


def test_no_photographs_raise_an_error():
    with pytest.raises(UserError, match="no photographs"):
        Photographs([])
