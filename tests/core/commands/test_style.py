"""`python -m core stylize` and `python -m core styles`: files, figures and sentences."""

import json

import numpy as np
import pytest

from core import images
from core.__main__ import main
from core.style import painter
from tests.painting import STYLES, picture, ship


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    yield
    painter.shipped.cache_clear()


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "photo.png"
    images.save(picture(40, 60), path)
    return str(path)


def test_a_blend_is_painted_into_a_file(tmp_path, photograph, capsys):
    out = tmp_path / "painting.png"
    assert main(["stylize", photograph, str(out), "--style", "dots=0.5", "--style", "night=1.5"]) == 0
    expected = painter.stylise(picture(40, 60), {"dots": 1, "night": 3})
    assert np.array_equal(images.decode(out), expected)
    assert "60 x 40 px, 25% dots, 75% night" in capsys.readouterr().out


def test_a_style_without_a_number_weighs_one_and_the_size_can_be_bounded(tmp_path, photograph):
    out = tmp_path / "painting.jpg"
    assert main(["stylize", photograph, str(out), "--style", "dots", "--max-side", "30"]) == 0
    assert images.decode(out).shape == (20, 30, 3)


def test_the_photograph_can_be_mixed_in(tmp_path, photograph):
    out = tmp_path / "painting.png"
    assert main(["stylize", photograph, str(out), "--style", "dots", "--photograph", "1"]) == 0
    assert np.array_equal(images.decode(out), picture(40, 60))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--style", "monet=1"], "no style 'monet'; the styles are stripes, dots, night"),
        (["--style", "dots=much"], "'dots=much' is not of the form NAME=WEIGHT"),
        (["--style", "dots=-1"], "weight of dots is -1.0"),
        (["--style", "dots=nan"], "weight of dots is nan"),
        (["--style", "dots=0"], "All style weights are zero"),
        (["--style", "dots=1", "--style", "dots=2"], "dots is given twice"),
        (["--style", "dots=1", "--max-side", "3"], "--max-side is 3"),
        (["--style", "dots=1", "--photograph", "2"], "must be from 0 to 1"),
    ],
)
def test_bad_options_are_told_in_a_sentence(tmp_path, photograph, capsys, options, sentence):
    out = tmp_path / "painting.png"
    assert main(["stylize", photograph, str(out), *options]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
    assert not out.exists()


def test_a_bad_picture_is_told_in_a_sentence(tmp_path, capsys):
    broken = tmp_path / "photo.jpg"
    broken.write_text("not a picture")
    assert main(["stylize", str(broken), str(tmp_path / "out.png"), "--style", "dots"]) == 2
    assert "photo.jpg is text, not a picture" in capsys.readouterr().err


def test_styles_are_listed_as_a_table_and_as_json(capsys):
    assert main(["styles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "title", "artist", "year", "net"]
    assert len(lines) == 1 + len(STYLES)
    assert main(["styles", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [set(row) for row in rows] == [{"name", "title", "artist", "year", "net"}] * 3
