"""The way from style to style."""

import pytest

from core.errors import UserError
from core.style import course


def test_a_course_leads_through_each_style_in_even_steps():
    assert course.blends(("a", "b", "c"), 5) == [
        {"a": 1},
        {"a": 0.5, "b": 0.5},
        {"b": 1},
        {"b": 0.5, "c": 0.5},
        {"c": 1},
    ]
    assert course.blends(("a", "b"), 2) == [{"a": 1}, {"b": 1}]


def test_shares_add_up_to_one():
    shares = course.blends(("a", "b", "c", "d"), 17)
    assert [sum(blend.values()) for blend in shares] == pytest.approx([1] * 17)
    assert shares[1] == pytest.approx({"a": 1 - 3 / 16, "b": 3 / 16})


@pytest.mark.parametrize(
    ("styles", "frames", "sentence"), [(("a",), 5, "name at least two"), (("a", "b", "c"), 2, "2 frames for 3 styles")]
)
def test_what_is_no_course_is_a_sentence(styles, frames, sentence):
    with pytest.raises(UserError, match=sentence):
        course.blends(styles, frames)
