"""The first page's charts: lines on a nearly logarithmic axis, their labels, and nothing of others read as HTML."""

import base64
import re

from pages.home.curves import Axes, Line, chart

AXES = Axes(10, (0, 1, 10, 100), ("epoch 0", "10"))


def drawing(html):
    return base64.b64decode(re.search(r"base64,([^\"]+)", html)[1]).decode()


def test_a_line_starts_and_ends_where_its_points_are():
    html = chart([Line("test", [(0, 100.0), (10, 0.0)], "#123456")], AXES, "Error")
    assert 'd="M0.0 0.00 L1000.0 100.00"' in drawing(html) and 'stroke="#123456"' in drawing(html)
    assert "test" in html and "epoch 0" in html and 'alt="Error"' in html


def test_points_beyond_the_axes_stand_on_their_edge():
    assert "L1000.0 0.00" in drawing(chart([Line("far", [(0, 1.0), (99, 9999.0)], "red")], AXES, "Error"))


def test_a_line_without_points_is_named_only():
    html = chart([Line("train", [], "red")], AXES, "Error")
    assert "<path" not in drawing(html) and "train" in html


def test_names_of_others_are_no_html():
    html = chart([Line("<img src=x>", [], "red")], AXES, '"><script>')
    assert "<img src=x>" not in html and "<script>" not in html
