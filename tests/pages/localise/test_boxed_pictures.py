"""Frames of boxes: where they lie, and that the true one is dashed."""

import numpy as np

from pages.localise import boxed_pictures
from ui import theme

GREY = np.full((160, 160, 3), 128, np.uint8)


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def share(picture: np.ndarray, row: int, columns: slice, colour: str) -> float:
    return float((picture[row, columns] == rgb(colour)).all(-1).mean())


def test_the_predicted_box_is_solid_and_the_true_one_is_dashed():
    predicted, truth = (1, 1, 9, 9), (2, 12, 14, 15)
    drawn = boxed_pictures.framed(GREY, 10, predicted, [truth])
    assert share(drawn, 12, slice(14, 86), theme.LIGHT.prediction) == 1
    assert 0.5 < share(drawn, 122, slice(24, 136), theme.LIGHT.truth) < 0.8
    assert (drawn[50, 50] == 128).all() and (drawn[100] == 128).all() and (GREY == 128).all()


def test_without_a_box_only_the_truth_is_drawn():
    drawn = boxed_pictures.framed(GREY, 10, None, [(0, 0, 16, 16)])
    assert not (drawn == rgb(theme.LIGHT.prediction)).all(-1).any() and (drawn[:2] != 128).any()
