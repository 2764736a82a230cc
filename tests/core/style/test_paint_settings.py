"""Settings of a painting and their record in saved pictures, honest and hostile."""

import json

import pytest

from core.errors import UserError
from core.style.paint_settings import PaintRecord, PaintSettings, record_in

RECORD = PaintRecord({"dots": 0.5, "night": 1.5}, PaintSettings(0.4, 0.7, True), "tiny")


def test_a_record_is_read_as_it_was_written():
    assert record_in(RECORD.as_text()) == RECORD
    assert RECORD.as_text().isascii()


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), "half", None, True])
def test_numbers_outside_of_0_to_1_are_refused(value):
    with pytest.raises(UserError, match="The strength is .*; give a number from 0 to 1"):
        PaintSettings(strength=value)
    with pytest.raises(UserError, match="The stroke size is"):
        PaintSettings(stroke=value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "no settings of a painting"),
        ("", "no settings of a painting"),
        ("A holiday by the sea", "no settings of a painting"),
        ("[" * 100_000, "no settings of a painting"),
        ('{"atelier": 3}', "no settings of a painting"),
        ('{"atelier": {}}', "name no styles or no net"),
        ('{"atelier": {"styles": ["dots"], "net": "tiny"}}', "name no styles or no net"),
        ('{"atelier": {"styles": {"dots": 1}, "net": 7}}', "name no styles or no net"),
        ('{"atelier": {"styles": {"dots": "1"}, "net": "tiny"}}', "weight of dots is '1'"),
        ('{"atelier": {"styles": {"dots": NaN}, "net": "tiny"}}', "weight of dots is nan"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "tiny", "strength": 2}}', "The strength is 2"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "tiny", "stroke": "big"}}', "The stroke size is 'big'"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "tiny", "colours": 1}}', "Whether colours are kept is 1"),
        ('{"atelier": {"styles": {"dots": 1}, "net": "../secret"}}', "a net that is no name but a path"),
    ],
)
def test_a_hostile_record_is_a_sentence(text, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        record_in(text)
    assert len(str(caught.value)) < 200


def test_settings_that_are_left_out_are_the_usual_ones():
    text = json.dumps({"atelier": {"styles": {"dots": 1}, "net": "tiny", "more": "of a later version"}})
    assert record_in(text).settings == PaintSettings()
