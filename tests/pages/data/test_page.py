"""The Data page without a browser: what it shows of each kind of data set, and its messages where it cannot."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import datasets, uploads
from core.datasets import toybox
from tests.pages.app import button, texts, visit


@pytest.fixture(autouse=True)
def nothing_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))


@pytest.fixture
def small_toybox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toybox, "SIZES", {"train": 500, "validation": 500, "test": 500})


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder of six red cats and nine blue dogs, and a text that is no picture."""
    for name, colour, count in (("cat", "red", 6), ("dog", "blue", 9)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (20, 20), colour).save(tmp_path / "pets" / name / f"{i}.png")
    (tmp_path / "pets" / "dog" / "notes.txt").write_text("only words")
    return tmp_path / "pets"


def gallery(app: AppTest) -> str:
    """The samples as HTML."""
    (body,) = [element.proto.body for element in app.get("html") if 'class="gallery"' in element.proto.body]
    return body


def crops(app: AppTest) -> list[str]:
    """The addresses of the pictures of augmentation."""
    return [image.url for images in app.get("image") for image in images.proto.imgs]


def plain(app: AppTest) -> str:
    """Everything that is read, without the marks that keep it from being read as Markdown."""
    return texts(app).replace("\\", "")


def test_it_opens_with_digits_their_statistics_and_their_crops():
    app = visit("data")
    assert not app.exception
    data = datasets.load("digits")
    assert "1,437 train images of 10 classes" in texts(app)
    assert f"grey: mean {data.mean[0]:.4f}, standard deviation {data.std[0]:.4f}" in texts(app)
    assert gallery(app).count("<img") == 1 and gallery(app).count("<span") == 10
    assert len(crops(app)) == 2
    assert app.toggle("flip_grey").value is False  # flipped digits mislead
    assert not [toggle for toggle in app.toggle if toggle.label == "True boxes"]


def test_the_address_carries_data_set_and_split():
    app = visit("data", dataset="digits", split="test")
    assert "360 test images of 10 classes" in texts(app)
    app.selectbox("choice of split").set_value("train").run()
    assert "1,437 train images" in texts(app)
    assert app.query_params["split"] in ("train", ["train"])


def test_the_toybox_shows_its_true_boxes(small_toybox):
    app = visit("data", dataset="toybox", split="validation")
    assert not app.exception and not app.error
    assert "500 validation images of 10 classes" in texts(app)
    assert ">duck</span>" in gallery(app) and "blue: mean" in texts(app)
    assert app.toggle("boxes").value is True
    with_boxes, before = gallery(app), crops(app)
    app.toggle("boxes").set_value(False).run()
    assert gallery(app) != with_boxes and crops(app) == before
    assert app.query_params["boxes"] in ("false", ["false"])


def test_other_samples_and_other_crops_are_one_click_away():
    app = visit("data")
    first, before = gallery(app), crops(app)
    button(app, "Other samples").click().run()
    other = gallery(app)
    assert other != first and crops(app) == before
    button(app, "Draw again").click().run()
    assert crops(app) != before and gallery(app) == other
    again = visit("data", samples="1", crops="1")
    assert gallery(again) == other and crops(again) == crops(app), "the address carries both"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"dataset": "moon"}, "Data set in the address is “moon”, which cannot be used"),
        ({"split": ""}, "Split in the address is empty"),
        ({"split": ["train", "test"]}, "Split in the address has several values"),
        ({"samples": "-1"}, "The draw of samples in the address is “-1”"),
        ({"crops": "9" * 5000}, "The draw of crops in the address is “9999"),
        ({"page": "7"}, "The page in the address is “7”"),
        ({"flip_grey": "![](//a.b/c)"}, "Horizontal flip in the address is “![](//a.b/c)”"),
        ({"dataset": "own", "archive": "A" * 22}, "The archive of pictures in the address is no longer here"),
        ({"dataset": "own", "archive": "../../etc"}, "The archive of pictures in the address is no longer here"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence_and_digits_are_shown(query, sentence):
    app = visit("data", **query)
    assert not app.exception and not app.error
    assert sentence in plain(app) and "1,437 train images" in texts(app)


def test_a_teacher_s_link_hides_controls_and_keeps_what_they_are_set_to():
    app = visit("data", split="test", hide="data,split,actions,augmentation")
    assert "360 test images" in texts(app)
    assert "Other samples" not in [button.label for button in app.button]


def test_data_that_is_not_here_is_offered_for_download():
    app = visit("data", dataset="svhn")
    assert "SVHN are not on this computer yet" in texts(app)
    assert any(button.label == "Download SVHN (1,576 MB)" for button in app.button)
    assert not app.exception
    assert "Until then Digits (scikit-learn) are shown" in texts(app) and gallery(app)


def test_without_a_folder_it_describes_the_layout_of_the_pictures():
    app = visit("data", dataset="own")
    assert "Put the pictures of each class into a folder" in texts(app) and not app.exception


def test_a_folder_of_pictures_is_shown_with_a_warning_of_what_was_left_out(pets):
    app = visit("data", dataset="own", path=str(pets), side="48")
    assert not app.exception
    assert "11 train images of 2 classes" in texts(app)
    assert "2 classes, 48 x 48 pixels, colour" in texts(app)
    (warning,) = app.warning
    assert "1 of 16 files is no readable picture" in warning.value
    (link,) = [link for link in app.get("page_link") if link.label == "Train on it"]
    assert "folder%3A" in link.proto.query_string and "pets" in link.proto.query_string


def zipped(pets: Path, pattern: str = "*.png") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file in sorted(pets.rglob(pattern)):
            archive.write(file, file.relative_to(pets.parent))
    return stream.getvalue()


def uploaded(data: bytes) -> AppTest:
    app = visit("data", dataset="own")
    app.get("file_uploader")[0].upload("pets.zip", data, "application/zip").run()
    assert not app.exception
    return app


def id_of(app: AppTest) -> str:
    value = app.query_params["archive"]
    return value if isinstance(value, str) else value[0]


def test_an_uploaded_archive_is_shown_and_its_link_opens_the_same(pets):
    app = uploaded(zipped(pets))
    assert not app.error and "11 train images of 2 classes" in texts(app)
    again = visit("data", dataset="own", archive=id_of(app))
    assert gallery(again) == gallery(app)
    (link,) = [link for link in again.get("page_link") if link.label == "Train on it"]
    assert id_of(app) in link.proto.query_string
    assert uploads.find(id_of(app)).expires is None, "runs are trained on it"


def test_two_visitors_archives_of_one_name_never_meet(pets):
    first = uploaded(zipped(pets))
    second = uploaded(zipped(pets, "[0-6].png"))
    assert id_of(first) != id_of(second)
    assert "11 train images" in texts(visit("data", dataset="own", archive=id_of(first)))
    assert "9 train images" in texts(visit("data", dataset="own", archive=id_of(second)))


def test_an_archive_that_cannot_be_used_is_refused_and_not_kept(pets, uploads_folder):
    app = uploaded(zipped(pets, "cat/*.png"))
    assert "pets.zip has one class only" in app.error[0].value.replace("\\", "")
    assert "archive" not in app.query_params and not list(uploads_folder.glob("*/*"))


def test_a_deleted_archive_is_said_to_be_gone(pets):
    app = uploaded(zipped(pets))
    upload = uploads.find(id_of(app))
    uploads.delete(upload.id, upload.owner)
    app = visit("data", dataset="own", archive=upload.id)
    assert "no longer here: it was deleted" in plain(app) and gallery(app)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    app = visit("data", dataset="own", path=str(tmp_path / "gone"))
    assert "There is no folder or .zip" in app.error[0].value and not app.exception
