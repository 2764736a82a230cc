"""`python -m core stylize --course`: an animation from style to style and back."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from core import images
from core.__main__ import main
from core.commands import style_course
from core.style import painter
from tests.painting import picture

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "photo.png"
    images.save(picture(40, 60), path)
    return str(path)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_the_frames_are_the_blends_there_and_back(tmp_path, photograph, suffix, capsys):
    out = tmp_path / f"course{suffix}"
    options = ["--style", "dots", "--style", "night", "--course", "--frames", "3"]
    assert main(["stylize", photograph, str(out), *options]) == 0
    assert "4 frames of 60 x 40 px" in capsys.readouterr().out
    with Image.open(out) as animation:
        assert animation.n_frames == 4 and animation.info["loop"] == 0
        frames = [np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(animation)]
    blends = ({"dots": 1}, {"dots": 0.5, "night": 0.5}, {"night": 1}, {"dots": 0.5, "night": 0.5})
    paintings = [painter.stylise(picture(40, 60), blend) for blend in blends]
    if suffix == ".webp":  # lossy, as a single picture is
        paintings = [images.decode(images.encode(painting, "WEBP")) for painting in paintings]
    for frame, painting in zip(frames, paintings, strict=True):
        distances = [np.abs(frame - other).mean() for other in paintings]
        assert np.abs(frame - painting).mean() == min(distances) < 12  # of 255, for a palette


def test_a_large_photograph_is_made_smaller(tmp_path, monkeypatch, photograph):
    monkeypatch.setattr(style_course, "USUAL_SIDE", 30)
    out = tmp_path / "course.gif"
    assert (
        main(["stylize", photograph, str(out), "--style", "dots", "--style", "night", "--course", "--frames", "2"]) == 0
    )
    assert images.size(out) == (30, 20)


@pytest.mark.parametrize(
    ("out", "options", "sentence"),
    [
        ("course.jpg", [], "course.jpg is to be an animation: let the name end in .gif or .webp."),
        ("course.gif", ["--frames", "1"], "1 frames for 2 styles"),
        ("course.gif", ["--frames", "90", "--size", "2000"], "90 frames of 2000 x 1333 px are over 100 megapixels"),
        ("course.gif", ["--each"], "--each paints each picture of a folder"),
    ],
)
def test_what_is_no_course_is_a_sentence(tmp_path, photograph, capsys, out, options, sentence):
    styles = ["--style", "dots", "--style", "night"]
    assert main(["stylize", photograph, str(tmp_path / out), *styles, "--course", *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / out).exists()


def test_a_course_of_one_style_or_of_a_folder_is_a_sentence(tmp_path, photograph, capsys):
    assert main(["stylize", photograph, str(tmp_path / "a.gif"), "--style", "dots", "--course"]) == 2
    assert "name at least two" in capsys.readouterr().err
    assert main(["stylize", str(tmp_path), str(tmp_path / "a.gif"), "--style", "dots", "--course"]) == 2
    assert "--course takes one photograph" in capsys.readouterr().err
