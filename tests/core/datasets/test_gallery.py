import pytest
import torch

from core.datasets import gallery
from core.datasets.split import Split


@pytest.fixture
def split() -> Split:
    images = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1).expand(10, 3, 8, 8).contiguous()
    return Split(images, torch.tensor([0, 1, 0, 0, 1, 0, 3, 0, 0, 0]))


def test_samples_are_of_their_class_and_every_turn_shows_others(split: Split) -> None:
    assert gallery.samples(split, 0, 3).tolist() == [0, 2, 3]
    assert gallery.samples(split, 0, 3, turn=1).tolist() == [5, 7, 8]
    assert gallery.samples(split, 0, 3, turn=2).tolist() == [9, 0, 2]
    assert gallery.samples(split, 1, 3, turn=5).tolist() == [1, 4]
    assert gallery.samples(split, 2, 3).tolist() == []


def test_balance_counts_every_class(split: Split) -> None:
    assert gallery.balance(split, 5) == [7, 2, 0, 1, 0]


def test_shares_of_values_add_up_channel_by_channel() -> None:
    images = torch.zeros(4, 2, 8, 8, dtype=torch.uint8)
    images[:, 1] = 255
    images[0, 1] = 4
    shares = gallery.shares_of_values(images)
    assert shares.shape == (2, 64) and torch.equal(shares.sum(1), torch.ones(2, dtype=torch.float64))
    assert shares[0, 0] == 1 and shares[1, 63] == 0.75 and shares[1, 1] == 0.25


def test_tiles_are_enlarged_without_smoothing_and_grey_becomes_rgb() -> None:
    image = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8)
    first, _ = gallery.tiles(image)
    assert gallery.zoom(28) == 4 and first.shape == (112, 112, 3)
    assert (first[::4, ::4, 2] == image[0, 0].numpy()).all() and (first[3::4, 3::4, 0] == image[0, 0].numpy()).all()
    assert gallery.tiles(torch.zeros(1, 3, 200, 200, dtype=torch.uint8))[0].shape == (200, 200, 3)


def test_augmented_crops_repeat_with_their_seed_and_show_the_frame() -> None:
    image = torch.full((3, 8, 8), 200, dtype=torch.uint8)
    crops = gallery.augmented(image, 20, True, 3)
    assert crops.shape == (20, 3, 8, 8) and torch.equal(crops, gallery.augmented(image, 20, True, 3))
    assert not torch.equal(crops, gallery.augmented(image, 20, True, 4))
    assert crops.unique().tolist() == [0, 200]
