import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from core import datasets
from core.datasets import folder
from core.datasets.folder import Pictures
from core.errors import UserError

RED, GREEN, BLUE = (250, 0, 0), (0, 250, 0), (0, 0, 250)


def picture(colour: tuple[int, int, int] = RED, width: int = 40, height: int = 30, format: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, format=format)
    return stream.getvalue()


def files(**classes: int) -> dict[str, bytes]:
    """So many pictures of each class, every class in a colour of its own."""
    colours = dict(zip(classes, (RED, GREEN, BLUE), strict=False))
    return {f"{name}/{i}.png": picture(colours[name]) for name, count in classes.items() for i in range(count)}


def in_folder(contents: dict[str, bytes], place: Path) -> Path:
    for name, data in contents.items():
        path = place / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (place / "pictures").mkdir(exist_ok=True)
    return place / "pictures"


def in_zip(contents: dict[str, bytes], place: Path) -> Path:
    path = place / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


Put = Callable[[dict[str, bytes], Path], Path]
both = pytest.mark.parametrize("put", [in_folder, in_zip])


@both
def test_sub_folders_are_classes(put: Put, tmp_path: Path) -> None:
    contents = {**files(cat=20, dog=10), "dog/more/11.png": picture(GREEN), "notes.txt": b"loose", "cat/.hidden": b"x"}
    path = put(contents, tmp_path)
    data = datasets.load(f"folder:{path}?side=24&seed=1")
    assert (data.title, data.classes, data.side, data.channels) == ("pictures", ("cat", "dog"), 24, 3)
    assert data.validation is not None and data.held_out == "validation" and data.remarks == ()
    splits = (data.train, data.validation, data.test)
    assert [split.labels.bincount().tolist() for split in splits] == [[14, 7], [3, 2], [3, 2]]
    for split in splits:
        assert split.images.dtype == torch.uint8 and split.images.is_contiguous()
        assert (split.images[split.labels == 0] == torch.tensor(RED).view(3, 1, 1)).all()
        assert (split.images[split.labels == 1] == torch.tensor(GREEN).view(3, 1, 1)).all()
    known = datasets.info(f"folder:{path}?side=24&seed=1")
    assert (known.train_size, known.validation_size, known.test_size) == (21, 5, 5)
    assert known.name == data.name and known.embedded


@both
def test_a_lone_folder_around_everything_is_looked_through(put: Put, tmp_path: Path) -> None:
    contents = {f"holiday/{name}": data for name, data in files(cat=5, dog=6).items()}
    path = put(contents | {"__MACOSX/holiday/._0.png": b"left behind"}, tmp_path)
    assert folder.look(Pictures(path)).classes == ("cat", "dog")


def test_the_seed_decides_the_split(tmp_path: Path) -> None:
    contents = {f"{name}/{i:02}.png": picture((i, i, 90 * (name == "a"))) for name in "ab" for i in range(30)}
    path = in_folder(contents, tmp_path)
    first, again, other = (folder.read(Pictures(path, 8, seed)) for seed in (0, 0, 1))
    assert torch.equal(first.test.images, again.test.images)
    assert not torch.equal(first.test.images, other.test.images)
    everyone = torch.cat([first.train.images, first.test.images, first.validation.images])[:, :, 0, 0]
    assert len({tuple(pixel) for pixel in everyone.tolist()}) == 60  # each picture is in one split


@both
def test_what_is_no_picture_is_left_out_counted_and_named(put: Put, tmp_path: Path) -> None:
    bad = {"cat/notes.txt": b"only words", "dog/cut.png": picture()[:50], "dog/tiny.png": picture(width=2)}
    path = put({**files(cat=6, dog=6), **bad, "dog/empty.jpg": b""}, tmp_path)
    data = datasets.load(f"folder:{path}")
    assert len(data.train) == 8
    (remark,) = data.remarks
    assert remark.startswith("4 of 16 files are no readable picture and left out. cat/notes.txt: ")
    assert "dog/cut.png: " in remark and remark.endswith("And 1 more.")


@both
def test_when_too_few_can_be_read_it_says_which_cannot(put: Put, tmp_path: Path) -> None:
    path = put({**files(cat=6, dog=4), "dog/x.png": b"only words"}, tmp_path)
    with pytest.raises(UserError, match=r'"dog" in .* has 4 pictures .* because 1 cannot be read \(.*dog/x.png: .*\)'):
        datasets.load(f"folder:{path}")


@both
@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ({}, "has no sub-folder with pictures: put the pictures of each class"),
        ({"1.png": picture()}, "has no sub-folder with pictures"),
        (files(cat=9), 'has one class only, "cat"'),
        (files(cat=9, dog=4), 'The class "dog" in .* has 4 pictures to learn from, and 5 are the fewest'),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(
    put: Put, contents: dict[str, bytes], sentence: str, tmp_path: Path
) -> None:
    path = put(contents, tmp_path)
    for ask in (datasets.info, datasets.load):
        with pytest.raises(UserError, match=sentence):
            ask(f"folder:{path}")


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no folder or \.zip .*gone: check the path"):
        datasets.load(f"folder:{tmp_path}/gone")
    with pytest.raises(UserError, match="Which pictures\\? Give the path"):
        datasets.info("folder")
    with pytest.raises(UserError, match="whole number from 8 to 256"):
        datasets.info(f"folder:{tmp_path}?side=1000")


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    for data in (b"", b"PK\3\4 and nothing more", picture(), in_zip(files(a=5, b=5), tmp_path).read_bytes()[:-30]):
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"pictures.zip is not a whole .zip archive"):
            folder.look(Pictures(path))


@pytest.mark.parametrize("place", ["../dog/1.png", "/dog/1.png", "dog/../../1.png", "..\\dog\\1.png", "C:/dog/1.png"])
def test_a_path_that_leads_out_of_an_archive_is_refused(place: str, tmp_path: Path) -> None:
    path = in_zip({**files(cat=6, dog=6), place: picture()}, tmp_path)
    with pytest.raises(UserError, match="which leads out of it"):
        datasets.load(f"folder:{path}")


def test_an_archive_writes_nothing(tmp_path: Path) -> None:
    path = in_zip(files(cat=6, dog=6), tmp_path)
    before = sorted(tmp_path.rglob("*"))
    datasets.load(f"folder:{path}")
    assert sorted(tmp_path.rglob("*")) == before


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files(cat=6, dog=6).items():
            archive.writestr(name, data)
        archive.writestr("cat/bomb.png", bytes(1_000_000))
    monkeypatch.setattr(folder, "MAX_PICTURE_BYTES", 900_000)
    with pytest.raises(UserError, match=r"cat/bomb.png in bomb.zip would unpack to more than"):
        folder.look(Pictures(path))
    monkeypatch.setattr(folder, "MAX_PICTURE_BYTES", 2_000_000)
    monkeypatch.setattr(folder, "MAX_ZIP_BYTES", 900_000)
    with pytest.raises(UserError, match=r"^bomb.zip would unpack to more than"):
        folder.look(Pictures(path))


def test_an_archive_that_lies_about_a_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files(cat=6, dog=6).items():
            archive.writestr(name, data)
        archive.writestr("cat/liar.png", bytes(3_000_000))
    # In the table of contents and before the data it says that 3,000,000 bytes are 100.
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 100)))
    data = datasets.load(f"folder:{path}")
    assert "1 of 13 files is no readable picture" in data.remarks[0]


@both
def test_too_many_files_are_refused(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(files(cat=6, dog=6), tmp_path)
    monkeypatch.setattr(folder, "MAX_PICTURES", 11)
    with pytest.raises(UserError, match="holds more than 11 files"):
        folder.look(Pictures(path))


def test_what_memory_cannot_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = in_folder(files(cat=6, dog=6), tmp_path)
    monkeypatch.setattr(folder, "MAX_TENSOR_BYTES", 12 * 3 * 32 * 32)
    folder.look(Pictures(path, side=32))
    with pytest.raises(UserError, match="12 pictures of 33 px a side need more than .* choose a smaller side"):
        folder.look(Pictures(path, side=33))


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    path = in_zip(files(cat=6, dog=6), tmp_path)
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\1\2")
    data[first + 8] |= 1  # the flag of a password, in the table of contents
    path.write_bytes(data)
    with pytest.raises(UserError, match="locked by a password"):
        folder.look(Pictures(path))


def test_a_damaged_member_is_left_out(tmp_path: Path) -> None:
    path = in_zip({**files(cat=6, dog=6), "dog/broken.png": picture(BLUE)}, tmp_path)
    data = bytearray(path.read_bytes())
    start = data.index(b"dog/broken.png") + len("dog/broken.png")
    data[start + 40 : start + 60] = bytes(20)
    path.write_bytes(data)
    loaded = datasets.load(f"folder:{path}")
    assert "dog/broken.png: " in loaded.remarks[0]


def test_a_link_in_an_archive_is_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(BLUE))
    path = in_zip(files(cat=6, dog=6), tmp_path)
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "../secret.png")
    assert "cat/link.png" in datasets.load(f"folder:{path}").remarks[0]


def test_changed_pictures_are_read_anew(tmp_path: Path) -> None:
    path = in_folder(files(cat=6, dog=6), tmp_path)
    first = datasets.load(f"folder:{path}")
    assert datasets.load(f"folder:{path}") is first
    (path / "cat" / "new.png").write_bytes(picture(BLUE))
    assert len(datasets.load(f"folder:{path}").train) == len(first.train) + 1


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path = in_folder(files(cat=6, dog=6), tmp_path)
    heard: list[tuple[str, int, int]] = []
    folder.read(Pictures(path), lambda *news: heard.append(news))
    total = sum(len(data) for data in files(cat=6, dog=6).values())
    assert heard[0] == ("pictures: reading pictures", 0, total) and heard[-1][1:] == (total, total)


def test_an_archive_handed_over_is_checked_under_its_own_name(tmp_path: Path) -> None:
    folder.check(io.BytesIO(in_zip(files(cat=6, dog=6), tmp_path).read_bytes()), "pets.zip")
    with pytest.raises(UserError, match=r"^holiday.jpg is not a whole .zip archive"):
        folder.check(io.BytesIO(picture()), "holiday.jpg")
    with pytest.raises(UserError, match=r'^pets.zip has one class only, "cat"'):
        folder.check(io.BytesIO(in_zip(files(cat=9), tmp_path).read_bytes()), "pets.zip")


def test_an_archive_of_a_visitor_that_was_deleted_is_named_so(uploads_folder: Path) -> None:
    with pytest.raises(UserError, match=r"The archive pets.zip is no longer here: it was deleted"):
        datasets.info(f"folder:{uploads_folder}/abc/pets.zip?side=32")


def test_a_path_that_no_system_can_have_is_a_sentence() -> None:
    with pytest.raises(UserError, match="check the path") as refusal:
        datasets.info(f"folder:/{'a' * 9000}")
    assert len(str(refusal.value)) < 200
