"""A taught set is kept for its visitor, pictures and all, and found again by an id that cannot be guessed."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from core import images, uploads
from core.errors import UserError
from core.teach import store
from core.teach.store import SetGone
from core.teach.taught import TaughtSet
from core.uploads import LIFETIME


def a_picture(seed: int = 0, height: int = 40, width: int = 60) -> images.Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def a_set(*seeds: int, label: str = "cup") -> tuple[TaughtSet, list[store.Encoded]]:
    pictures = [store.encoded(a_picture(seed), f"{seed}.png") for seed in seeds]
    content, _ = TaughtSet().with_class(label).with_samples(label, [picture.sample(label) for picture in pictures])
    return content, pictures


def test_a_set_is_found_by_its_id_with_its_pictures() -> None:
    content, pictures = a_set(1, 2)
    upload = store.create("ann", content, pictures)
    assert store.read(store.find(upload.id)) == content
    np.testing.assert_array_equal(store.picture(upload, content.samples[1]), a_picture(2))
    assert uploads.owned("ann") == [upload]
    assert upload.size == len(content.to_json().encode()) + sum(len(picture.data) for picture in pictures)


def test_removed_pictures_leave_the_disk_and_the_owners_share() -> None:
    content, pictures = a_set(1, 2)
    upload = store.create("ann", content, pictures)
    less = content.without_sample("cup", pictures[0].file)
    changed = store.change(upload, less)
    assert changed.id == upload.id and changed.size < upload.size
    assert [path.name for path in (upload.path.parent / "beside").iterdir()] == [pictures[1].file]
    again = store.change(changed, content, pictures)
    assert again.size == upload.size


def test_large_photographs_are_kept_small_and_without_their_place() -> None:
    exif = Image.Exif()
    exif[0x010F], exif.get_ifd(0x8825)[1] = "a camera", "N"
    stream = io.BytesIO()
    Image.fromarray(a_picture(3, 900, 1200)).save(stream, "JPEG", exif=exif)
    (kept,), faults = store.decoded([("holiday.jpg", stream.getvalue())])
    assert not faults and kept.file.endswith(".jpg") and kept.name == "holiday.jpg"
    image = Image.open(io.BytesIO(kept.data))
    assert max(image.size) == store.SIDE and not dict(image.getexif())


def test_unreadable_pictures_are_sentences_and_the_others_are_taken() -> None:
    good = images.encode(a_picture(), "PNG")
    pictures, faults = store.decoded(
        [("a.png", good), ("b.jpg", b"no picture at all"), ("c.png", good[:100]), ("d", b"")]
    )
    assert len(pictures) == 1
    assert len(faults) == 3 and all(fault.endswith(".") for fault in faults)
    assert faults[0].startswith("b.jpg is text, not a picture") and faults[1].startswith("c.png starts as a PNG")


def test_an_id_of_nothing_of_a_picture_or_of_an_expired_set_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    content, pictures = a_set(1)
    upload = store.create("ann", content, pictures)
    other = uploads.keep(b"pixels", "cat.jpg", "ann")
    for id in ("../../etc", "A" * 22, other.id):
        with pytest.raises(SetGone, match="no longer kept"):
            store.find(id)
    upload.beside(pictures[0].file).write_bytes(b"another picture")
    with pytest.raises(SetGone):
        store.data(upload, content.samples[0])
    upload.beside(pictures[0].file).unlink()
    with pytest.raises(SetGone):
        store.picture(upload, content.samples[0])
    later = time.time() + LIFETIME.total_seconds() + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(SetGone):
        store.find(upload.id)


def test_a_copy_belongs_to_who_changes_it() -> None:
    content, pictures = a_set(1)
    upload = store.create("ann", content, pictures)
    copy = store.copied(upload, "bob")
    assert copy.owner == "bob" and copy.id != upload.id and store.read(copy) == content
    store.change(copy, content.with_class("pen"))
    assert store.read(store.find(upload.id)) == content
    with pytest.raises(UserError, match="Only the visitor"):
        uploads.amend(upload.id, "bob", b"{}", add={})


def test_the_owners_share_bounds_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    content, pictures = a_set(1)
    upload = store.create("ann", content, pictures)
    monkeypatch.setenv("ATELIER_UPLOAD_BYTES", str(10 * upload.size))
    more, added = a_set(1, 2, 3)
    with pytest.raises(UserError, match="Your uploads would exceed"):
        store.change(upload, more, added)
    assert store.read(store.find(upload.id)) == content
    record = json.loads((uploads.root() / upload.id / "upload.json").read_text())
    assert record["size"] == upload.size


def test_a_name_beside_an_upload_is_no_path() -> None:
    upload = store.create("ann", TaughtSet())
    for name in ("../upload.json", "a/b.jpg", ".hidden", "", "x" * 90 + ".jpg"):
        with pytest.raises(ValueError, match="no name"):
            upload.beside(name)
