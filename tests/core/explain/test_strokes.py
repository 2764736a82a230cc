"""Drawings as strokes and as text: what is drawn comes back from a link, and nothing else is read as a drawing."""

import re

import numpy as np
import pytest

from core.errors import UserError
from core.explain import drawing, strokes

EXAMPLE = strokes.read(strokes.EXAMPLE)


def scribble(count, points, seed=0):
    random = np.random.default_rng(seed)
    return tuple(random.random((points, 2)) for _ in range(count))


def test_a_drawing_comes_back_from_its_text():
    two = (*EXAMPLE, np.array([[0.1, 0.2]]))
    text = strokes.to_text(two)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", text) and len(text) < 120
    back = strokes.from_text(text)
    assert len(back) == 2 and back[1] == pytest.approx(two[1], abs=0.002)
    images = [drawing.as_digit(drawn, "mnist").int() for drawn in (two, back)]
    assert (images[0] - images[1]).abs().float().mean() < 2


def test_the_text_of_a_text_is_the_same():
    text = strokes.to_text(EXAMPLE)
    assert strokes.to_text(strokes.from_text(text)) == text


def test_points_on_a_straight_line_are_left_out():
    line = np.linspace([0.1, 0.1], [0.9, 0.5], 400)
    assert strokes.from_text(strokes.to_text([line]))[0] == pytest.approx(line[[0, -1]], abs=0.002)


def test_an_empty_drawing_is_an_empty_text():
    assert strokes.to_text(()) == "" and strokes.from_text("") == ()


def test_points_outside_of_the_pad_are_put_on_its_edge():
    assert strokes.from_text(strokes.to_text([np.array([[-3.0, 0.0], [1.0, 7.0]])]))[0].tolist() == [[0, 0], [1, 1]]


def test_a_long_drawing_is_made_shorter_until_it_fits():
    around = np.linspace(0, 300, 15_000)
    spiral = 0.5 + np.stack([np.cos(around), np.sin(around)], 1) * around[:, None] / 610
    text = strokes.to_text([spiral])
    assert 500 < len(text) <= strokes.MAX_CHARS


def test_too_many_strokes_for_a_link_are_a_sentence():
    with pytest.raises(UserError, match="too many strokes"):
        strokes.to_text(scribble(600, 2))


@pytest.mark.parametrize(
    "text", ["!", "A", "AA", "AAAA.", ".", "<script>", "A" * 3000, "\u00e9\u00e9\u00e9\u00e9", "../../etc"]
)
def test_other_texts_are_no_drawings(text):
    with pytest.raises(UserError, match="in this address cannot be read"):
        strokes.from_text(text)


def test_damaged_drawings_are_sentences():
    for damaged in ("abc", [[[1, 2], [3]]], [[["x", "y"]]], 7):
        with pytest.raises(UserError, match="cannot be read"):
            strokes.read(damaged)
    with pytest.raises(UserError, match="not finite"):
        strokes.read([[[float("nan"), 0.5]]])
    with pytest.raises(UserError, match="too many points"):
        strokes.read([[[0.5, 0.5]] * (strokes.MAX_POINTS + 1)])
