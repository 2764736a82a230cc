from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from core import datasets, weights
from core.datasets import toybox
from core.datasets.toybox import Scenes
from core.errors import UserError

pytestmark = pytest.mark.slow

FEW = {"train": 1000, "validation": 500, "test": 500}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small toybox."""
    monkeypatch.setattr(toybox, "SIZES", FEW)


@pytest.fixture(scope="module")
def sheet() -> toybox.Sheet:
    return toybox.sheet_of("train", 0, Scenes())


def test_the_same_seed_gives_the_same_scenes() -> None:
    first, again = (toybox.draw("train", 500, Scenes(seed=3)) for _ in range(2))
    assert torch.equal(first.images, again.images) and torch.equal(first.labels, again.labels)
    assert first.boxes is not None and again.boxes is not None and torch.equal(first.boxes, again.boxes)


def test_other_seeds_splits_and_sheets_are_other_scenes(sheet: toybox.Sheet) -> None:
    for other in (("train", 0, Scenes(seed=1)), ("test", 0, Scenes()), ("train", 1, Scenes())):
        assert not torch.equal(toybox.sheet_of(*other).images, sheet.images)


def test_a_part_of_a_split_is_its_beginning() -> None:
    part, whole = toybox.draw("test", 120, Scenes()), toybox.draw("test", 600, Scenes())
    assert len(part) == 120 and torch.equal(part.images, whole.images[:120])


def test_labels_are_balanced_and_mixed(sheet: toybox.Sheet) -> None:
    assert sheet.labels.bincount().tolist() == [50] * 10
    assert sheet.labels[:50].unique().numel() == 10


def test_boxes_are_tight_around_what_is_visible(sheet: toybox.Sheet) -> None:
    boxes = toybox.tight_boxes(sheet.masks)
    for mask, (x0, y0, x1, y1) in zip(sheet.masks, boxes.tolist(), strict=True):
        covered = mask >= 0.5
        assert 0 <= x0 < x1 <= 32 and 0 <= y0 < y1 <= 32
        assert covered.sum() == covered[y0:y1, x0:x1].sum()
        assert covered[y0].any() and covered[y1 - 1].any()
        assert covered[:, x0].any() and covered[:, x1 - 1].any()


def test_boxes_of_masks_written_by_hand() -> None:
    masks = torch.zeros(3, 4, 6)
    masks[0, 2, 3] = 1  # one pixel
    masks[1, 0, 0] = masks[1, 3, 5] = 0.5  # two corners
    masks[2, 1:3, 1:4] = 0.7
    masks[2, 0, 0] = 0.4  # covered by less than half
    assert toybox.tight_boxes(masks).tolist() == [[3, 2, 4, 3], [0, 0, 6, 4], [1, 1, 4, 3]]


def test_the_toy_is_where_its_mask_is(sheet: toybox.Sheet) -> None:
    # The mask is of the toy alone: inside its box it covers a good part, and occluders leave most of it to be seen.
    boxes = toybox.tight_boxes(sheet.masks)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    share = sheet.masks.sum((1, 2)) / area
    assert share.min() > 0.15 and 0.4 < share.mean() < 0.9
    assert area.min() >= 20 and area.float().std() > 60  # of 1024: toys are small and large


def test_toys_at_the_sides_are_of_other_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = toybox.Sampler(torch.Generator().manual_seed(0), 20)
    labels = torch.arange(10).repeat_interleave(2)
    # Every toy a plain square in the grey of its class, in the middle of black scenes.
    cover = torch.zeros(20, 32, 32)
    cover[:, 8:24, 8:24] = 1
    colour = ((labels + 1) / 10).view(-1, 1, 1, 1) * cover.unsqueeze(1).repeat(1, 3, 1, 1)
    still = torch.zeros(20, 1, 1)
    poses = toybox._Poses(x=still, y=still, size=still, turn=still, mirror=still, stretch=still, shear=still)
    image = toybox._with_neighbours(torch.zeros(20, 3, 32, 32), colour, cover, poses, sampler)
    seen = 0
    for label, scene in zip(labels.tolist(), image, strict=True):
        greys = {round(value * 10) - 1 for value in scene.unique().tolist() if value > 0}
        assert label not in greys
        assert (scene[:, :, 10:22] == 0).all()  # they stay at the sides
        seen += len(greys)
    assert seen > 8


def test_colours_alone_do_not_tell_the_class(sheet: toybox.Sheet) -> None:
    images = torch.cat([sheet.images] + [toybox.sheet_of("train", number, Scenes()).images for number in (1, 2, 3)])
    labels = torch.cat([sheet.labels] + [toybox.sheet_of("train", number, Scenes()).labels for number in (1, 2, 3)])
    means = torch.cat([images.mean((2, 3)), images[:, :, 8:24, 8:24].mean((2, 3))], 1)
    places = (images * 3.999).long()  # of every pixel among 4 x 4 x 4 colours
    places = places[:, 0] * 16 + places[:, 1] * 4 + places[:, 2]
    histograms = torch.stack([(places == colour).float().mean((1, 2)) for colour in range(64)], 1)
    for colours in (means.numpy(), histograms.sqrt().numpy()):
        learnt = LogisticRegression(max_iter=1000).fit(colours[:1000], labels[:1000].numpy())
        assert learnt.score(colours[1000:], labels[1000:].numpy()) < 0.18  # of ten classes


def test_shape_does_tell_the_class(sheet: toybox.Sheet) -> None:
    images, labels = sheet.masks.flatten(1).numpy(), sheet.labels.numpy()
    learnt = LogisticRegression(max_iter=300).fit(images[:400], labels[:400])
    assert learnt.score(images[400:], labels[400:]) > 0.2  # where it stands and how large it is, is by lot


@pytest.mark.parametrize("side", [33, 128])
def test_the_side_is_a_choice(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toybox, "_SHEET", 20)
    split = toybox.draw("test", 20, Scenes(side))
    assert split.images.shape == (20, 3, side, side) and split.images.dtype == torch.uint8
    assert split.boxes is not None and split.boxes.max() <= side and split.boxes.max() > side // 2


def test_it_is_drawn_once_and_kept(few: None, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    first = toybox.read(Scenes(), tmp_path, lambda *news: heard.append(news))
    assert heard[0] == ("Toybox: drawing scenes", 0, 2000 * 3072) and heard[-1][1] > 0
    assert first.validation is not None
    assert [len(split) for split in first[:3]] == [1000, 500, 500]
    heard.clear()
    again = toybox.read(Scenes(), tmp_path, lambda *news: heard.append(news))
    assert not heard and torch.equal(again.train.images, first.train.images)
    assert again.test.boxes is not None and torch.equal(again.test.boxes, first.test.boxes)


def test_a_damaged_file_is_drawn_again(few: None, tmp_path: Path) -> None:
    first = toybox.read(Scenes(), tmp_path)
    (path,) = (tmp_path / "toybox").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    assert torch.equal(toybox.read(Scenes(), tmp_path).train.images, first.train.images)
    weights.write(path, {"something": torch.zeros(3)})
    assert torch.equal(toybox.read(Scenes(), tmp_path).test.images, first.test.images)


def test_without_a_place_to_keep_it_it_is_drawn_all_the_same(few: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where the folder should be")
    assert len(toybox.read(Scenes(), tmp_path / "file").train) == 1000


def test_it_loads_by_its_name(few: None, tmp_path: Path) -> None:
    data, known = datasets.load("toybox?seed=5", tmp_path), datasets.info("toybox?seed=5")
    assert (data.name, data.classes, data.side, data.held_out) == ("toybox?seed=5", toybox.CLASSES, 32, "validation")
    assert (len(data.train), len(data.test)) == (known.train_size, known.test_size)
    assert not torch.equal(data.train.images, datasets.load("toybox", tmp_path).train.images)
    assert np.allclose(data.mean, (data.train.images.double().mean((0, 2, 3)) / 255).tolist())


def test_a_side_that_cannot_be_drawn_is_refused() -> None:
    for side in ("31", "129", "x"):
        with pytest.raises(UserError, match="whole number from 32 to 128"):
            datasets.info(f"toybox?side={side}")
