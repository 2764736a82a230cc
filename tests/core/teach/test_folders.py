"""Folders that are classes: of a .zip and of a folder that a browser hands over."""

import io
import zipfile

import numpy as np
import pytest

from core import images
from core.errors import UserError
from core.teach import folders
from core.teach.taught import TaughtSet


def a_file(seed: int) -> bytes:
    picture = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    return images.encode(picture, "PNG")


def a_zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_folders_become_classes_and_those_that_are_there_get_more() -> None:
    files = {"pets/cat/1.png": a_file(1), "pets/cat/2.png": a_file(2), "pets/Dog/1.png": a_file(3)}
    files |= {"pets/dog.txt": b"a note", "__MACOSX/pets/cat/1.png": b"x"}
    content, _ = TaughtSet().with_class("dog").with_samples("dog", [])
    entries = folders.of_zip(a_zip(files), "pets.zip")
    content, pictures, remarks = folders.add(content, entries)
    assert content.classes == ("dog", "cat") and remarks == []
    assert (len(content.of("cat")), len(content.of("dog"))) == (2, 1)
    assert {picture.file for picture in pictures} == content.files
    again, _, remarks = folders.add(content, [("cat/1.png", a_file(1)), ("cat/9.png", a_file(9))])
    assert len(again.of("cat")) == 3 and "already, and counted once" in remarks[0]


def test_unreadable_files_are_named_and_the_others_taken() -> None:
    files = [
        ("cat/1.png", a_file(1)),
        ("dog/1.png", a_file(2)),
        ("dog/2.png", b"\x89PNG"),
        ("none/1.png", b"text only"),
    ]
    content, _, remarks = folders.add(TaughtSet(), files)
    assert content.classes == ("cat", "dog"), "a folder without a picture is no class"
    assert len(remarks) == 1 and "2.png is not a picture" in remarks[0] and "1.png is text" in remarks[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no archive", "pets.zip is not a whole .zip archive"),
        (a_zip({"1.png": a_file(1)}), "No picture is in a folder"),
        (a_zip({"../../evil/1.png": a_file(1)}), "which leads out of it"),
        (a_zip({"bad<name>/1.png": a_file(1), "cat/1.png": a_file(2)}), "cannot have “<”"),
        (a_zip({}), "No picture is in a folder"),
    ],
)
def test_what_is_no_folder_of_classes_is_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UserError) as error:
        folders.add(TaughtSet(), folders.of_zip(data, "pets.zip"))
    assert words in str(error.value) and "/tmp" not in str(error.value)
