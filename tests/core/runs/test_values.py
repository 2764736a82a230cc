"""Guards for the values of edited JSON files."""

import pytest

from core.runs import values


@pytest.mark.parametrize(
    ("value", "is_number", "is_whole"),
    [
        (1, True, True),
        (0, True, True),
        (2.5, True, False),
        (True, False, False),
        ("1", False, False),
        (None, False, False),
    ],
)
def test_numbers(value, is_number, is_whole):
    assert values.is_number(value) is is_number
    assert values.number(value) == (value if is_number else None)
    assert values.whole(value) == (value if is_whole else None)


@pytest.mark.parametrize("value", [None, 3, "text", ["a"], {"a": 1}])
def test_texts_lists_and_objects(value):
    assert values.text(value) == (value if isinstance(value, str) else "")
    assert values.items(value) == (tuple(value) if isinstance(value, list) else ())
    assert values.mapping(value) == (value if isinstance(value, dict) else {})


@pytest.mark.parametrize(
    ("value", "written"), [(1.5, 1.5), (3, 3), (float("nan"), None), (float("-inf"), None), ("x", "x")]
)
def test_what_json_cannot_hold_is_null(value, written):
    assert values.finite(value) == written
