"""`python -m core stylize` and `python -m core styles`: files, figures and sentences."""

import json

import numpy as np
import pytest

from core import images
from core.__main__ import main
from core.commands import commission
from core.runs.run import Run
from core.runs.writer import writing
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from tests.painting import STYLES, WIDTH, net, picture

pytestmark = pytest.mark.usefixtures("shipped")


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


@pytest.mark.parametrize(("size", "shape"), [("30", (20, 30, 3)), ("90", (60, 90, 3))])
def test_a_painting_has_the_size_that_is_given(tmp_path, photograph, monkeypatch, size, shape):
    out = tmp_path / "painting.png"
    monkeypatch.setattr(painter, "WHOLE_PIXELS", 1000)  # of the larger one, in strips
    assert main(["stylize", photograph, str(out), "--style", "dots", "--size", size]) == 0
    assert images.decode(out).shape == shape


def test_a_cancelled_painting_leaves_no_file(tmp_path, photograph, monkeypatch, capsys):
    def interrupted(part: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commission, "progress_of", lambda picture: interrupted)
    out = tmp_path / "painting.png"
    assert main(["stylize", photograph, str(out), "--style", "dots"]) == 130
    assert "cancelled; nothing was written" in capsys.readouterr().err
    assert not out.exists()


def test_strength_stroke_size_and_colours_are_options_and_stand_in_the_picture(tmp_path, photograph):
    out = tmp_path / "painting.png"
    options = ["--style", "dots", "--strength", "0.4", "--stroke", "0.5", "--colours"]
    assert main(["stylize", photograph, str(out), *options]) == 0
    settings = PaintSettings(0.4, 0.5, True)
    expected = painter.stylise(picture(40, 60), {"dots": 1.0}, settings=settings)
    assert np.array_equal(images.decode(out), expected)
    assert record_in(images.description(out)) == PaintRecord({"dots": 1.0}, settings, "tiny")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_a_painting_is_made_like_another(tmp_path, photograph, suffix):
    first, second = tmp_path / f"first{suffix}", tmp_path / "second.png"
    options = ["--style", "dots=0.5", "--style", "night", "--strength", "0.6", "--colours"]
    assert main(["stylize", photograph, str(first), *options]) == 0
    assert main(["stylize", photograph, str(second), "--like", str(first), "--strength", "0.9", "--no-colours"]) == 0
    expected = painter.stylise(picture(40, 60), {"dots": 0.5, "night": 1.0}, settings=PaintSettings(0.9))
    assert np.array_equal(images.decode(second), expected)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no settings of a painting in it"),
        ("holiday", "no settings of a painting in it"),
        ('{"atelier": {"styles": {"monet": 1}, "net": "tiny"}}', "no style 'monet'; the styles are stripes, dots"),
        ('{"atelier": {"styles": {"dots": 0}, "net": "tiny"}}', "All style weights are zero"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "gone"}}', "gone"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "../../etc"}}', "a net that is no name but a path"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "tiny", "strength": -1}}', "The strength is -1"),
    ],
)
def test_hostile_settings_in_a_picture_are_told_in_a_sentence(tmp_path, photograph, capsys, text, sentence):
    images.save(picture(), tmp_path / "like.png", text)
    assert main(["stylize", photograph, str(tmp_path / "out.png"), "--like", str(tmp_path / "like.png")]) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error
    assert not (tmp_path / "out.png").exists()


def test_a_run_s_net_paints(tmp_path, photograph):
    run = Run.create("pastiche", {"styles": ["ink"]}, name="mine")
    with writing(run) as writer:
        writer.facts(names=["ink", "ink__soft", "photograph"], width=WIDTH)
        writer.log({"step": 1})
        writer.save_model(net().state_dict())
    out = tmp_path / "painting.png"
    assert main(["stylize", photograph, str(out), "--style", "ink", "--net", run.id, "--strength", "0.5"]) == 0
    expected = painter.named(run.id).paint(picture(40, 60), {"ink": 1.0}, PaintSettings(0.5))
    assert np.array_equal(images.decode(out), expected)
    assert record_in(images.description(out)).net == run.id
    assert main(["stylize", photograph, str(out), "--style", "ink", "--net", str(run.path)]) == 0
    assert record_in(images.description(out)).net == run.path.name


def test_the_older_option_for_strength(tmp_path, photograph):
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
        (["--style", "dots=1", "--photograph", "0.5", "--strength", "0.5"], "give one of the two"),
        (["--style", "dots=1", "--strength", "1.5"], "The strength is 1.5; give a number from 0 to 1"),
        (["--style", "dots=1", "--strength", "nan"], "The strength is nan; give a number from 0 to 1"),
        (["--style", "dots=1", "--stroke", "-1"], "The stroke size is -1.0; give a number from 0 to 1"),
        (["--style", "dots=1", "--net", "nowhere"], "nowhere"),
        (["--style", "dots=1", "--size", "7"], "--size is 7; give at least 8 pixels"),
        (["--style", "dots=1", "--size", "9000"], "--size 9000 is over 40 megapixels; take 7745 at most"),
        ([], "There is no style to paint in; give --style NAME"),
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
