"""The paintings that come with every copy, and their credits."""

import json

import pytest

from core import images
from core.errors import UserError
from core.style import paintings
from core.style.training_pictures import LISTED, chosen_paintings, titles


def test_twenty_paintings_of_512_px_in_about_two_megabytes():
    files = sorted(paintings.FOLDER.glob("*.jpg"))
    assert len(files) == 20 and {file.stem for file in files} == set(paintings.shipped())
    assert sum(file.stat().st_size for file in files) < 2_200_000
    assert {max(paintings.picture(file.stem).shape) for file in files} <= {511, 512}


def test_each_is_credited_and_in_the_public_domain():
    rows = json.loads((paintings.FOLDER / LISTED).read_text("utf-8"))
    assert all(row["title"] and row["artist"] and row["year"] and row["licence"] == "public domain" for row in rows)
    assert all(row["artist_died"] < 1956 for row in rows), "dead for seventy years"
    assert paintings.shipped()["munch_scream"].credit == "The Scream, Edvard Munch, 1893"
    assert paintings.shipped()["leonardo_mona_lisa"].credit.startswith("Mona Lisa (title attributed), Leonardo")


def test_a_painting_is_opened_by_name_where_a_file_could_stand(tmp_path):
    assert paintings.named("painting:munch_scream").shape == paintings.picture("munch_scream").shape
    images.save(paintings.picture("munch_scream"), tmp_path / "mine.png")
    assert (paintings.named(tmp_path / "mine.png") == paintings.picture("munch_scream")).all()
    with pytest.raises(UserError, match="no painting “gioconda”: choose one of vangogh_starry_night"):
        paintings.named("painting:gioconda")


def test_swatches_are_small_squares():
    swatch = images.decode(paintings.swatch("hokusai_great_wave"))
    assert swatch.shape == (160, 160, 3)
    assert paintings.swatch("dots") is None


def test_the_folder_can_be_learnt_from():
    paths = chosen_paintings(paintings.FOLDER, ["turner_shipwreck"])
    assert titles(paths)[0]["artist"] == "J. M. W. Turner"
