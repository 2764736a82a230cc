"""The pool of crops, each of which is painted several times."""

import torch

from core.style import crop_pool as crop_pools
from core.style.crop_pool import Crop, CropPool
from core.style.pastiche_recipe import PasticheRecipe
from core.style.photographs import Photographs
from tests.painting import picture


def some() -> Photographs:
    return Photographs([torch.from_numpy(picture(40 + 4 * seed, 50, seed)) for seed in range(3)])


def crop_pool(seen: list, uses: int = 3, jitter: int = 2) -> CropPool:
    """A pool of crops of 32 px whose content features are the picture itself, which is appended to `seen`."""

    def content(x: torch.Tensor) -> dict[str, torch.Tensor]:
        seen.append(x)
        return {"itself": x}

    recipe = PasticheRecipe(("any",), crop=32, jitter=jitter, uses_per_crop=uses)
    return CropPool(some(), recipe, content)


def paint(pool: CropPool, count: int, generator: torch.Generator) -> list[Crop]:
    """So many crops, drawn and cut."""
    return [pool.crop(seed) for seed in pool.draw(count, generator).tolist()]


def test_a_crop_is_painted_so_often_and_its_content_is_computed_once():
    seen: list[torch.Tensor] = []
    pool = crop_pool(seen, uses=3)
    generator = torch.Generator().manual_seed(0)
    drawn = [crop for _ in range(3) for crop in paint(pool, crop_pools.PLACES, generator)]
    assert len(seen) == crop_pools.PLACES == len({id(crop) for crop in drawn})
    paint(pool, crop_pools.PLACES, generator)
    assert len(seen) == 2 * crop_pools.PLACES


def test_with_one_use_every_crop_is_a_new_one():
    seen: list[torch.Tensor] = []
    pool = crop_pool(seen, uses=1)
    generator = torch.Generator().manual_seed(0)
    drawn = [crop for _ in range(50) for crop in paint(pool, 2, generator)]
    assert len(seen) == len(drawn) == 100
    assert len({id(crop) for crop in drawn}) == 100


def test_a_draw_has_no_crop_twice_while_there_are_places():
    pool = crop_pool([])
    drawn = paint(pool, crop_pools.PLACES, torch.Generator().manual_seed(1))
    assert len({id(crop) for crop in drawn}) == crop_pools.PLACES
    assert len(pool.draw(crop_pools.PLACES + 5, torch.Generator().manual_seed(1))) == crop_pools.PLACES + 5


def test_the_loss_netpools_see_a_part_whose_place_is_drawn():
    seen: list[torch.Tensor] = []
    drawn = paint(crop_pool(seen), 30, torch.Generator().manual_seed(2))
    assert {(crop.down, crop.right) for crop in drawn} == {(a, b) for a in range(3) for b in range(3)}
    for crop, visible in zip(drawn, seen, strict=True):
        part = crop.picture[:, :, crop.down : crop.down + 30, crop.right : crop.right + 30]
        assert torch.equal(visible, part) and torch.equal(crop.visible(crop.picture), part)
        assert torch.equal(crop.content["itself"], part)
    assert paint(crop_pool([], jitter=0), 1, torch.Generator())[0].content["itself"].shape == (1, 3, 32, 32)


def test_a_pool_goes_on_from_its_state():
    first, second = crop_pool([]), crop_pool([])
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
    alone, one, other = crop_pool([]), crop_pool(seen), crop_pool([])
    generators = [torch.Generator().manual_seed(4) for _ in range(3)]
    for _ in range(40):
        whole, first, second = (pool.draw(3, each) for pool, each in zip((alone, one, other), generators, strict=True))
        assert torch.equal(whole, first) and torch.equal(whole, second)
        expected = [alone.crop(seed) for seed in whole.tolist()]
        shared = one.crop(first[0].item()), other.crop(second[1].item()), one.crop(first[2].item())
        assert all(torch.equal(ours.picture, theirs.picture) for ours, theirs in zip(shared, expected, strict=True))
        assert len(one.crops) <= crop_pools.PLACES
    assert torch.equal(alone.state(), one.state()) and len(seen) < 40 * 2
