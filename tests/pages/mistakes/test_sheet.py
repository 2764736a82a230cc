"""A page of mistakes as one PNG: every picture is on it, in its place."""

import numpy as np

from core import images
from pages.mistakes import sheet
from pages.mistakes.sheet import GAP, LINE, SIDE, Entry


def flat(value: int) -> np.ndarray:
    return np.full((32, 32, 3), value, np.uint8)


def test_pictures_stand_in_rows_under_their_headlines():
    entries = [Entry(f"{i} predicted as 9", (flat(10 * i), flat(200)), ("test 1", "9 80.0%")) for i in range(3)]
    drawn = images.decode(sheet.png("A net", entries))
    top = GAP + 2 * LINE + SIDE // 2
    across, down = 2 * (SIDE + GAP // 2) + GAP, SIDE + 3 * LINE + GAP
    assert [drawn[top + down * (i // 2), GAP + across * (i % 2) + 9, 0] for i in range(3)] == [0, 10, 20]
    assert drawn[top, GAP + SIDE + GAP // 2 + 9, 0] == 200


def test_a_page_without_mistakes_is_a_picture_still():
    assert images.decode(sheet.png("A net", [])).shape[2] == 3
