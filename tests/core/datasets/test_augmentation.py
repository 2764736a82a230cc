import pytest
import torch

from core.datasets.augmentation import alternately_flipped, crop_and_flip, normalise


def _windows(image: torch.Tensor, pad: int) -> list[torch.Tensor]:
    """Every window and its flipped copy that a random crop could cut from `image` (C, H, W)."""
    _, height, width = image.shape
    padded = torch.nn.functional.pad(image, (pad,) * 4)
    cuts = [padded[:, y : y + height, x : x + width] for y in range(2 * pad + 1) for x in range(2 * pad + 1)]
    return cuts + [cut.flip(2) for cut in cuts]


def test_every_output_is_a_window_of_its_own_image_and_all_windows_occur() -> None:
    image = torch.randint(1, 256, (3, 5, 6), dtype=torch.uint8)
    images = torch.stack([image, 255 - image]).repeat(300, 1, 1, 1)
    out = crop_and_flip(images, 1, True, torch.Generator().manual_seed(0))
    assert out.shape == images.shape and out.dtype == torch.uint8
    for start in (0, 1):
        windows = _windows(images[start], 1)
        found = [[torch.equal(cut, window) for window in windows].index(True) for cut in out[start::2]]
        counts = torch.tensor(found).bincount(minlength=18)
        assert counts.min() > 0 and counts[:9].sum() == pytest.approx(150, abs=40)


def test_without_flip_nothing_is_flipped() -> None:
    images = torch.arange(1, 7, dtype=torch.uint8).expand(50, 1, 2, 6).contiguous()
    out = crop_and_flip(images, 0, False)
    assert torch.equal(out, images)
    flipped = crop_and_flip(images, 0, True)
    assert all(torch.equal(got, images[0]) or torch.equal(got, images[0].flip(2)) for got in flipped)


def test_the_generator_makes_it_repeatable_and_leaves_the_input_alone() -> None:
    images = torch.randint(256, (16, 3, 8, 8), dtype=torch.uint8)
    before = images.clone()
    first = crop_and_flip(images, 2, True, torch.Generator().manual_seed(5))
    assert torch.equal(first, crop_and_flip(images, 2, True, torch.Generator().manual_seed(5)))
    assert not torch.equal(first, crop_and_flip(images, 2, True, torch.Generator().manual_seed(6)))
    assert torch.equal(images, before)


@pytest.mark.parametrize("pad", [1, 4])
def test_a_reflecting_border_shows_what_lies_inside_it(pad: int) -> None:
    image = torch.randint(256, (3, 5, 6), dtype=torch.uint8)
    padded = torch.nn.functional.pad(image.float(), (pad,) * 4, mode="reflect").to(torch.uint8)
    windows = [padded[:, y : y + 5, x : x + 6] for y in range(2 * pad + 1) for x in range(2 * pad + 1)]
    out = crop_and_flip(image.expand(400, -1, -1, -1), pad, True, torch.Generator().manual_seed(0), reflect=True)
    found = [any(torch.equal(seen, window) for window in windows) for cut in out for seen in (cut, cut.flip(2))]
    assert all(one or other for one, other in zip(found[::2], found[1::2], strict=True))
    assert len({tuple(cut.flatten().tolist()) for cut in out}) > len(windows) / 2


def test_any_memory_order_gives_the_same_pixels() -> None:
    images = torch.randint(256, (8, 3, 8, 8), dtype=torch.uint8)
    ordered = crop_and_flip(images, 2, True, torch.Generator().manual_seed(1))
    other = images.to(memory_format=torch.channels_last)
    assert torch.equal(ordered, crop_and_flip(other, 2, True, torch.Generator().manual_seed(1)))


def test_normalise_gives_mean_0_and_std_1() -> None:
    images = torch.randint(256, (40, 3, 8, 8), dtype=torch.uint8)
    real = images.double() / 255
    out = normalise(images, real.mean((0, 2, 3)).tolist(), real.std((0, 2, 3), correction=0).tolist())
    assert out.dtype == torch.float32 and out.is_contiguous(memory_format=torch.channels_last)
    assert out.mean((0, 2, 3)).abs().max() < 1e-5 and (out.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-5
    assert torch.allclose(normalise(images, (0.5,) * 3, (0.25,) * 3), ((real - 0.5) / 0.25).float(), atol=1e-6)


def test_normalise_in_bfloat16() -> None:
    images = torch.randint(256, (2, 1, 4, 4), dtype=torch.uint8)
    assert normalise(images, (0.1,), (0.3,), torch.bfloat16).dtype == torch.bfloat16


def test_selected_images_are_flipped() -> None:
    images = torch.arange(4 * 9, dtype=torch.uint8).reshape(4, 1, 3, 3)
    out = crop_and_flip(images, 0, torch.tensor([True, False, False, True]))
    assert torch.equal(out[[0, 3]], images[[0, 3]].flip(3)) and torch.equal(out[[1, 2]], images[[1, 2]])


def test_every_image_is_flipped_every_second_epoch() -> None:
    epochs = [alternately_flipped(1000, epoch, seed=3) for epoch in range(4)]
    assert 400 < epochs[0].sum() < 600
    assert torch.equal(epochs[1], ~epochs[0])
    assert torch.equal(epochs[2], epochs[0]) and torch.equal(epochs[3], epochs[1])
    assert not torch.equal(epochs[0], alternately_flipped(1000, 0, seed=4))
