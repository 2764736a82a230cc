"""`python -m core stylize FOLDER OUT_FOLDER`: pictures by styles, gone on with where it stopped."""

import os

import numpy as np
import pytest

from core import images
from core.__main__ import main
from core.commands import commission
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from tests.painting import STYLES, picture

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture
def photographs(tmp_path):
    """A folder with two pictures and a file that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    images.save(picture(40, 60, seed=1), folder / "lake.png")
    images.save(picture(32, 24, seed=2), folder / "tree.PNG")
    (folder / "notes.txt").write_text("no picture")
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_painted_in_a_blend(tmp_path, photographs, capsys):
    out = tmp_path / "new" / "paintings"
    options = ["--style", "dots=0.5", "--style", "night=1.5", "--strength", "0.5", "--format", "png"]
    assert main(["stylize", str(photographs), str(out), *options]) == 0
    assert names(out) == ["lake-dots-night.png", "tree-dots-night.png"]
    settings, blend = PaintSettings(0.5), {"dots": 0.5, "night": 1.5}
    expected = painter.stylise(picture(40, 60, seed=1), blend, settings=settings)
    assert np.array_equal(images.decode(out / "lake-dots-night.png"), expected)
    assert record_in(images.description(out / "tree-dots-night.png")) == PaintRecord(blend, settings, "tiny")
    printed = capsys.readouterr().out
    assert "[1/2] " in printed and "lake-dots-night.png: 60 x 40 px, about " in printed
    assert printed.endswith("2 painted, 0 there already, 0 failed\n")


def test_each_style_by_itself(tmp_path, photographs):
    out = tmp_path / "out"
    assert main(["stylize", str(photographs), str(out), "--each", "--style", "dots=0.2", "--style", "night"]) == 0
    assert names(out) == ["lake-dots.jpg", "lake-night.jpg", "tree-dots.jpg", "tree-night.jpg"]
    assert record_in(images.description(out / "lake-dots.jpg")).styles == {"dots": 1.0}
    assert main(["stylize", str(photographs), str(out), "--each"]) == 0
    assert len(names(out)) == 2 * len(STYLES)


def test_pictures_that_differ_by_the_suffix_alone_are_both_painted(tmp_path, photographs):
    images.save(picture(20, 20), photographs / "lake.jpg")
    out = tmp_path / "out"
    assert main(["stylize", str(photographs), str(out), "--style", "dots"]) == 0
    assert names(out) == ["lake-jpg-dots.jpg", "lake-png-dots.jpg", "tree-dots.jpg"]


def test_a_cancelled_folder_goes_on_where_it_stopped(tmp_path, photographs, monkeypatch, capsys):
    out, calls = tmp_path / "out", []

    def interrupted(picture):
        calls.append(picture.shape)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return painter.silent

    command = ["stylize", str(photographs), str(out), "--style", "dots"]
    monkeypatch.setattr(commission, "progress_of", interrupted)
    assert main(command) == 130
    assert "1 painted now, and the same command goes on" in capsys.readouterr().err
    assert names(out) == ["lake-dots.jpg"]
    first = (out / "lake-dots.jpg").stat().st_mtime_ns
    assert main(command) == 0
    assert names(out) == ["lake-dots.jpg", "tree-dots.jpg"] and (out / "lake-dots.jpg").stat().st_mtime_ns == first
    assert "1 painted, 1 there already, 0 failed" in capsys.readouterr().out
    assert calls[2:] == [(32, 24, 3)]


@pytest.mark.parametrize("options", [["--strength", "0.5"], ["--size", "30"], ["--max-side", "40"]])
def test_other_settings_and_sizes_are_painted_anew(tmp_path, photographs, options, capsys):
    command = ["stylize", str(photographs), str(tmp_path / "out"), "--style", "dots"]
    assert main(command) == main([*command, *options]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{1 if '--max-side' in options else 2} painted, {'--max-side' in options:d} there already, 0 failed"
    assert main([*command, *options]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 painted, 2 there already, 0 failed"


def test_a_changed_photograph_is_painted_anew(tmp_path, photographs, capsys):
    command = ["stylize", str(photographs), str(tmp_path / "out"), "--style", "dots"]
    assert main(command) == 0
    painted = (tmp_path / "out" / "lake-dots.jpg").stat().st_mtime
    os.utime(photographs / "lake.png", (painted + 10, painted + 10))
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 painted, 1 there already, 0 failed"


def test_a_damaged_picture_and_a_foreign_file_stop_nothing_else(tmp_path, photographs, capsys):
    (photographs / "bad.jpg").write_bytes(b"\xff\xd8\xff damaged")
    out = tmp_path / "out"
    out.mkdir()
    images.save(picture(), out / "lake-dots.jpg")
    mine = (out / "lake-dots.jpg").read_bytes()
    assert main(["stylize", str(photographs), str(out), "--style", "dots"]) == 1
    captured = capsys.readouterr()
    assert "[1/3] bad.jpg starts as a JPEG picture but is damaged" in captured.err
    assert "lake-dots.jpg is there and is no painting of Atelier: name another folder." in captured.err
    assert captured.out.endswith("1 painted, 0 there already, 2 failed\n")
    assert (out / "lake-dots.jpg").read_bytes() == mine and names(out) == ["lake-dots.jpg", "tree-dots.jpg"]


def test_a_folder_that_cannot_be_painted_is_a_sentence(tmp_path, photographs, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for folder, out, sentence in (
        (tmp_path / "empty", tmp_path / "out", "There is no picture in"),
        (photographs, photographs, "The paintings would lie among the photographs"),
        (photographs, tmp_path / "file" / "out", "cannot be made"),
        (photographs, tmp_path / "file", "cannot be made"),
    ):
        assert main(["stylize", str(folder), str(out), "--style", "dots"]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["stylize", str(photographs), str(tmp_path / "out")]) == 2
    assert "There is no style to paint in" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
