"""The Data page without a browser: what it shows of each kind of data set, and its messages where it cannot."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import datasets
from core.datasets import toybox
from tests.pages.app import texts, visit


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


def pictures(app: AppTest) -> int:
    return sum(len(images.proto.imgs) for images in app.get("image"))


def test_it_opens_with_digits_their_statistics_and_their_crops():
    app = visit("data")
    assert not app.exception
    data = datasets.load("digits")
    assert "1,437 train images of 10 classes" in texts(app)
    assert f"grey: mean {data.mean[0]:.4f}, standard deviation {data.std[0]:.4f}" in texts(app)
    assert pictures(app) == 10 * 8 + 1 + 12
    assert app.toggle("flip 1").value is False  # flipped digits mislead
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
    assert "**duck**" in texts(app) and "blue: mean" in texts(app)
    assert app.toggle("boxes").value is True
    with_boxes = [image.url for images in app.get("image") for image in images.proto.imgs]
    app.toggle("boxes").set_value(False).run()
    without = [image.url for images in app.get("image") for image in images.proto.imgs]
    assert len(with_boxes) == len(without) == 10 * 8 + 1 + 12
    assert not set(with_boxes[:80]) & set(without[:80]) and with_boxes[80:] == without[80:]


def test_other_samples_and_other_crops_are_one_click_away():
    app = visit("data")
    before = [image.url for images in app.get("image") for image in images.proto.imgs]
    next(button for button in app.button if button.label == "Other samples").click().run()
    after = [image.url for images in app.get("image") for image in images.proto.imgs]
    assert not set(before[:80]) & set(after[:80]) and before[80:] == after[80:]
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert [image.url for images in app.get("image") for image in images.proto.imgs][80:] != after[80:]


def test_data_that_is_not_here_is_offered_for_download():
    app = visit("data", dataset="svhn")
    assert "SVHN are not on this computer yet" in texts(app)
    assert any(button.label == "Download SVHN (1,576 MB)" for button in app.button)
    assert not app.exception and not pictures(app)


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


def test_an_uploaded_archive_is_shown(pets, tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file in pets.rglob("*.png"):
            archive.write(file, file.relative_to(pets.parent))
    app = visit("data", dataset="own")
    app.get("file_uploader")[0].upload("pets.zip", stream.getvalue(), "application/zip").run()
    assert not app.exception and not app.error
    assert "11 train images of 2 classes" in texts(app)
    assert (tmp_path / "data" / "pictures" / "pets.zip").is_file()


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    app = visit("data", dataset="own", path=str(tmp_path / "gone"))
    assert "There is no folder or .zip" in app.error[0].value and not app.exception
