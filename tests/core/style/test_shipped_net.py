"""The net that is shipped: which paintings it knows, what its card says, and that it paints what it should."""

import itertools

import numpy as np
import pytest

from core import images, weights
from core.style import painter

ASKED_FOR = {"hokusai_great_wave", "munch_scream", "vangogh_starry_night"}


@pytest.fixture(scope="module")
def paintings():
    photograph = images.fit(images.sample("temple"), 256)
    alone = {row["name"]: painter.stylise(photograph, {row["name"]: 1.0}) for row in painter.styles()}
    return photograph, alone


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_it_knows_at_least_sixteen_paintings():
    names = [row["name"] for row in painter.styles()]
    assert len(names) >= 16
    assert set(names) >= ASKED_FOR


def test_its_card_says_how_it_was_trained_and_what_its_photographs_allow():
    card = weights.card("pastiche")
    assert card["steps"] >= 30_000
    assert "research and education use" in card["licence"]
    assert card["bfloat16_error"] < painter.HALF_TOLERANCE / 2


def test_it_has_a_full_and_a_soft_row_for_each_painting_and_one_for_the_photograph():
    rows = painter.shipped("pastiche").rows
    assert rows.styles == tuple(style["name"] for style in weights.card("pastiche")["styles"])
    assert rows.soften and len(rows.names) == 2 * len(rows.styles) + 1


def test_no_two_styles_paint_the_same(paintings):
    _, alone = paintings
    for one, other in itertools.combinations(alone.values(), 2):
        assert difference(one, other) > 10


def test_half_of_each_differs_visibly_from_either(paintings):
    photograph, alone = paintings
    one, other = "hokusai_great_wave", "munch_scream"
    both = painter.stylise(photograph, {one: 0.5, other: 0.5})
    assert difference(both, alone[one]) > 10
    assert difference(both, alone[other]) > 10


def test_the_photograph_can_still_be_made_out(paintings):
    """Edges of the painting lie where those of the photograph lie."""

    def edges(picture: np.ndarray) -> np.ndarray:
        small = images.resize(picture, 64, 43).astype(float).mean(2)
        return np.hypot(*np.gradient(small)).ravel()

    photograph, alone = paintings
    for name, painted in alone.items():
        assert np.corrcoef(edges(photograph), edges(painted))[0, 1] > 0.3, name
