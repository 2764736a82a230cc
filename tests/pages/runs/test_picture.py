"""Curves of several runs as a picture file."""

import io

import pytest
from PIL import Image

from core.runs.comparison import Curve
from pages.runs import picture

CURVES = [
    Curve("a", "train", [(1.0, 50.0), (2.0, 10.0)]),
    Curve("a", "test", [(1.0, 40.0), (2.0, 0.0)]),
    Curve("b", "test", [(1.0, 30.0)]),
]
NAMES = {"a": "First", "b": "Second"}


@pytest.mark.parametrize("logarithmic", [True, False])
def test_the_picture_is_a_png_with_a_panel_for_what_there_is(logarithmic):
    def height(charts) -> int:
        return Image.open(io.BytesIO(picture.png(charts, NAMES, logarithmic))).height

    both = height({"error": CURVES, "loss": CURVES, "learning_rate": []})
    one = height({"error": CURVES, "loss": [], "learning_rate": []})
    assert both > one > 300
    height({"error": [], "loss": [], "learning_rate": []})
    height({"content": [Curve("a", "", [(1.0, 0.0), (2.0, 0.5)], "step")]})
