"""Uploads are kept once, found by an id that cannot be guessed, and never meet those of another visitor."""

import hashlib
import json
import time
from pathlib import Path

import pytest

from core import uploads
from core.errors import UserError
from core.uploads import LIFETIME, UploadGone


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    monkeypatch.setenv("ATELIER_UPLOADS", str(folder))
    return folder


def test_an_upload_is_found_by_its_id_with_its_bytes() -> None:
    upload = uploads.keep(b"pixels", "cat.jpg", "ann")
    again = uploads.find(upload.id)
    assert again == upload and again.read() == b"pixels" and again.path.name == "cat.jpg"
    assert again.digest == hashlib.sha256(b"pixels").hexdigest() and again.size == 6
    assert len(upload.id) == 22  # 128 bits


def test_two_visitors_files_of_one_name_never_meet() -> None:
    ann, bob = uploads.keep(b"a", "pictures.zip", "ann"), uploads.keep(b"b", "pictures.zip", "bob")
    assert ann.id != bob.id and ann.path != bob.path
    assert (uploads.find(ann.id).read(), uploads.find(bob.id).read()) == (b"a", b"b")
    assert [one.id for one in uploads.owned("ann")] == [ann.id]


def test_the_same_file_again_is_the_same_upload_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uploads.keep(b"a", "cat.jpg", "ann")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    second = uploads.keep(b"a", "cat.jpg", "ann")
    assert second.id == first.id and second.created == first.created
    assert second.expires == pytest.approx(now + 3600 + LIFETIME.total_seconds())
    assert uploads.keep(b"a", "cat.jpg", "bob").id != first.id
    assert uploads.keep(b"b", "cat.jpg", "ann").id != first.id


def test_a_picture_expires_and_its_bytes_are_removed(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    upload = uploads.keep(b"a", "cat.jpg", "ann")
    data_set = uploads.keep(b"z", "pets.zip", "ann", lasting=True)
    later = time.time() + LIFETIME.total_seconds() + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(UploadGone, match="deleted or has expired"):
        uploads.find(upload.id)
    assert uploads.owned("ann") == [data_set]
    uploads.keep(b"c", "dog.jpg", "ann")
    assert not (root / upload.id).exists()
    assert uploads.find(data_set.id).read() == b"z" and data_set.kept_until == "you delete it"


def test_a_data_set_uploaded_again_as_a_picture_stays() -> None:
    uploads.keep(b"z", "pets.zip", "ann", lasting=True)
    assert uploads.keep(b"z", "pets.zip", "ann").expires is None


def test_only_the_owner_deletes() -> None:
    upload = uploads.keep(b"a", "cat.jpg", "ann")
    other = uploads.keep(b"o", "owl.jpg", "bob")
    with pytest.raises(UserError, match="Only the visitor"):
        uploads.delete(upload.id, "bob")
    assert uploads.find(upload.id).read() == b"a"
    uploads.delete(upload.id, "ann")
    with pytest.raises(UploadGone):
        uploads.find(upload.id)
    uploads.keep(b"1", "1.jpg", "ann"), uploads.keep(b"2", "2.jpg", "ann")
    assert uploads.delete_all("ann") == 2
    assert uploads.owned("ann") == [] and uploads.owned("bob") == [other]


def test_the_whole_and_each_owners_share_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_UPLOAD_BYTES", "400")
    with pytest.raises(UserError, match="at most"):
        uploads.keep(bytes(101), "large.jpg", "ann")
    uploads.keep(bytes(60), "a.jpg", "ann")
    with pytest.raises(UserError, match="delete your pictures"):
        uploads.keep(bytes(41), "b.jpg", "ann")
    for owner in ("bob", "cid", "dan", "eve"):
        if owner == "eve":
            with pytest.raises(UserError, match="space for uploads is full"):
                uploads.keep(bytes(41), "e.jpg", owner)
        else:
            uploads.keep(bytes(100), "x.jpg", owner)


@pytest.mark.parametrize("id", ["", "x", "../../etc/passwd", "a" * 22, "." * 22, "a" * 5000, "\x00" * 22])
def test_an_id_of_nothing_is_gone(id: str) -> None:
    with pytest.raises(UploadGone):
        uploads.find(id)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../x/cat.jpg", "cat.jpg"),
        ("C:\\pictures\\cat.jpg", "cat.jpg"),
        ("upload.json", "upload"),
        (".hidden", "hidden"),
        ("", "upload"),
        ("caf\udce9.jpg", "caf.jpg"),
        ("a\nb.png", "ab.png"),
        ("ü" * 300 + ".png", "ü" * 60 + ".png"),
    ],
)
def test_names_lose_what_a_file_system_refuses(name: str, plain: str) -> None:
    assert uploads.keep(b"a", name, "ann").name == plain


def test_a_record_that_was_edited_is_gone_and_harms_no_other(root: Path) -> None:
    good, bad = uploads.keep(b"a", "a.jpg", "ann"), uploads.keep(b"b", "b.jpg", "ann")
    record = json.loads((root / bad.id / "upload.json").read_text())
    for change in ({"name": "../" + good.id + "/a.jpg"}, {"size": "many"}, {"expires": []}, {"more": 1}):
        (root / bad.id / "upload.json").write_text(json.dumps({**record, **change}))
        with pytest.raises(UploadGone):
            uploads.find(bad.id)
    assert uploads.owned("ann") == [good]
