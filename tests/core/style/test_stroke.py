"""The rounds from coarse to fine, for pictures and stroke sizes of all kinds."""

import numpy as np
import pytest

from core.style import stroke
from core.style.stroke import Draft
from tests.painting import picture


def test_in_all_rounds_a_picture_of_768_px_is_painted_at_256_and_448_px_first():
    drafts = stroke.drafts(600, 768, 1.0)
    assert [round(768 * draft.scale) for draft in drafts] == [256, 443]
    assert [draft.part for draft in drafts] == [0.5, 0.5]


def test_less_stroke_size_leaves_out_the_first_rounds_without_a_jump():
    assert stroke.drafts(600, 768, 0.0) == []
    assert [draft.part for draft in stroke.drafts(600, 768, 0.25)] == [0.25]
    nearly, whole = (stroke.drafts(600, 768, size) for size in (0.501, 0.5))
    assert nearly[0].part < 0.002 and nearly[1:] == whole == [Draft(pytest.approx((1 / 3) ** 0.5), 0.5)]


@pytest.mark.parametrize(("side", "rounds"), [(40, 0), (120, 1), (256, 1), (384, 1), (512, 1), (1024, 2), (6000, 6)])
def test_larger_pictures_take_more_rounds(side, rounds):
    drafts = stroke.drafts(side, side // 2, 1.0)
    assert len(drafts) == rounds
    scales = [draft.scale for draft in drafts] + [1.0]
    assert all(1.2 < larger / smaller < 2.3 for smaller, larger in zip(scales, scales[1:], strict=False))


def test_a_draft_is_enlarged_and_mixed_in():
    photograph, draft = picture(40, 60), np.full((20, 30, 3), 200, np.uint8)
    assert np.abs(stroke.with_draft(photograph, draft, 0.25) - (0.75 * photograph + 50)).max() <= 1
    assert stroke.scaled(picture(20, 400), 0.1).shape == (8, 40, 3)
