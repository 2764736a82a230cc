"""Crops of photographs, and the easel on which each of them is painted several times."""

import pytest
import torch

from core.errors import UserError
from core.style import photographs
from core.style.photographs import Crop, Easel, Photographs
from tests.painting import picture


def some() -> Photographs:
    return Photographs([torch.from_numpy(picture(40 + 4 * seed, 50, seed)) for seed in range(3)])


def easel(seen: list, repeats: int = 3, jitter: int = 2, side: int = 16) -> Easel:
    """An easel whose content features are the picture itself; `seen` is told of every one."""

    def content(x: torch.Tensor) -> dict[str, torch.Tensor]:
        seen.append(x)
        return {"itself": x}

    return Easel(some(), side, 0.5, jitter, repeats, content)


def paint(work: Easel, count: int, generator: torch.Generator) -> list[Crop]:
    """So many crops, drawn and cut."""
    return [work.crop(seed) for seed in work.draw(count, generator).tolist()]


def test_crops_are_parts_of_the_photographs_and_follow_the_generator():
    flat = Photographs(
        [torch.full((40, 60, 3), 51, dtype=torch.uint8), torch.full((30, 30, 3), 204, dtype=torch.uint8)]
    )
    found = flat.crops(24, 16, 0.5, torch.Generator().manual_seed(0))
    assert found.shape == (24, 3, 16, 16)
    assert set(found.mean((1, 2, 3)).mul(5).round().tolist()) == {1.0, 4.0}
    again = some().crops(3, 20, 0.3, torch.Generator().manual_seed(3))
    torch.testing.assert_close(again, some().crops(3, 20, 0.3, torch.Generator().manual_seed(3)))


def test_half_of_the_crops_are_mirrored():
    ramp = torch.arange(40, dtype=torch.uint8)[None, :, None].expand(40, 40, 3)
    found = Photographs([ramp]).crops(60, 16, 0.5, torch.Generator().manual_seed(0))
    mirrored = (found[:, 0, 0, 0] > found[:, 0, 0, -1]).float().mean()
    assert 0.3 < mirrored < 0.7


def test_no_photographs_are_told():
    with pytest.raises(UserError, match="no photographs"):
        Photographs([])


def test_a_crop_is_painted_so_often_and_its_content_is_computed_once():
    seen: list[torch.Tensor] = []
    work = easel(seen, repeats=3)
    generator = torch.Generator().manual_seed(0)
    drawn = [crop for _ in range(3) for crop in paint(work, photographs.PLACES, generator)]
    assert len(seen) == photographs.PLACES == len({id(crop) for crop in drawn})
    paint(work, photographs.PLACES, generator)
    assert len(seen) == 2 * photographs.PLACES


def test_with_one_repeat_every_crop_is_a_new_one():
    seen: list[torch.Tensor] = []
    work = easel(seen, repeats=1)
    generator = torch.Generator().manual_seed(0)
    drawn = [crop for _ in range(50) for crop in paint(work, 2, generator)]
    assert len(seen) == len(drawn) == 100
    assert len({id(crop) for crop in drawn}) == 100


def test_a_draw_has_no_crop_twice_while_there_are_places():
    work = easel([])
    drawn = paint(work, photographs.PLACES, torch.Generator().manual_seed(1))
    assert len({id(crop) for crop in drawn}) == photographs.PLACES
    assert len(work.draw(photographs.PLACES + 5, torch.Generator().manual_seed(1))) == photographs.PLACES + 5


def test_the_loss_networks_see_a_part_whose_place_is_drawn():
    seen: list[torch.Tensor] = []
    drawn = paint(easel(seen), 30, torch.Generator().manual_seed(2))
    assert {(crop.down, crop.right) for crop in drawn} == {(a, b) for a in range(3) for b in range(3)}
    for crop, looked_at in zip(drawn, seen, strict=True):
        part = crop.picture[:, :, crop.down : crop.down + 14, crop.right : crop.right + 14]
        assert torch.equal(looked_at, part) and torch.equal(crop.seen(crop.picture), part)
        assert torch.equal(crop.content["itself"], part)
    assert paint(easel([], jitter=0), 1, torch.Generator())[0].content["itself"].shape == (1, 3, 16, 16)


def test_an_easel_goes_on_from_its_state():
    first, second = easel([]), easel([])
    generator = torch.Generator().manual_seed(3)
    paint(first, 20, generator)
    paint(first, 20, generator)
    second.restore(first.state())
    again = torch.Generator()
    again.set_state(generator.get_state())
    for _ in range(5):
        for ours, theirs in zip(paint(second, 20, again), paint(first, 20, generator), strict=True):
            assert torch.equal(ours.picture, theirs.picture)
            assert (ours.down, ours.right) == (theirs.down, theirs.right)


def test_what_others_paint_is_drawn_and_not_cut():
    seen: list[torch.Tensor] = []
    alone, one, other = easel([]), easel(seen), easel([])
    generators = [torch.Generator().manual_seed(4) for _ in range(3)]
    for _ in range(40):
        whole, first, second = (work.draw(3, each) for work, each in zip((alone, one, other), generators, strict=True))
        assert torch.equal(whole, first) and torch.equal(whole, second)
        expected = [alone.crop(seed) for seed in whole.tolist()]
        shared = one.crop(first[0].item()), other.crop(second[1].item()), one.crop(first[2].item())
        assert all(torch.equal(ours.picture, theirs.picture) for ours, theirs in zip(shared, expected, strict=True))
        assert len(one.crops) <= photographs.PLACES
    assert torch.equal(alone.state(), one.state()) and len(seen) < 40 * 2
