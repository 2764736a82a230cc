"""The small results of other pages: each page has one, and the pictures are small files that can be read."""

import pytest

from core import images
from pages.home import record, tiles
from ui.menu import HOME, MENU

LARGEST_BYTES = 40_000


def test_every_page_without_a_place_above_has_a_tile():
    assert {tile.page for tile in tiles.TILES} == set(MENU) - {HOME, "train", "explain", "stylize"}


@pytest.mark.parametrize("tile", [tile for tile in tiles.TILES if tile.html is None], ids=lambda tile: tile.page)
def test_a_picture_is_small_has_the_size_of_the_others_and_says_what_it_is(tile):
    data = (tiles.FOLDER / f"{tile.page}.jpg").read_bytes()
    assert len(data) <= LARGEST_BYTES and tile.alt
    assert images.decode(data).shape == (record.HEIGHT, record.WIDTH, 3)


def test_recording_gives_the_same_picture_again(monkeypatch, tmp_path):
    before = images.decode((tiles.FOLDER / "optimise.jpg").read_bytes()).astype(int)
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    record.main(["optimise"])
    assert abs(images.decode((tmp_path / "optimise.jpg").read_bytes()) - before).max() <= 8
    assert (tmp_path / "architectures.json").read_text() == (tiles.FOLDER / "architectures.json").read_text()
