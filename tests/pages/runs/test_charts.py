"""Curves of several runs: what is drawn of them on the screen."""

import pytest

from core.runs.comparison import Curve
from pages.runs import charts

CURVES = [
    Curve("a", "train", [(1.0, 50.0), (2.0, 10.0)]),
    Curve("a", "test", [(1.0, 40.0), (2.0, 0.0)]),
    Curve("b", "test", [(1.0, 30.0)]),
]
NAMES = {"a": "First", "b": "Second"}


@pytest.mark.parametrize("quantity", ["error", "loss", "style", "learning_rate"])
@pytest.mark.parametrize("logarithmic", [True, False])
def test_every_curve_is_drawn_in_its_run_s_colour_and_train_dashed(quantity, logarithmic):
    chart = charts.overlay(CURVES, NAMES, quantity, logarithmic)
    spec = chart.to_dict()
    line, dots = spec["layer"]
    assert line["encoding"]["color"]["scale"]["domain"] == ["First", "Second"]
    assert "train" in str(line["encoding"]["strokeDash"]["condition"])
    assert dots["encoding"]["shape"]["scale"]["domain"] == ["First", "Second"]
    assert set(zip(chart.data["run"], chart.data["split"], strict=True)) == {
        ("First", "train"),
        ("First", "test"),
        ("Second", "test"),
    }
    assert line["encoding"]["y"]["scale"].get("type", "linear") == (
        {"error": "symlog"}.get(quantity, "log") if logarithmic else "linear"
    )
    if logarithmic and quantity != "error":
        assert (chart.data["y"] > 0).all(), "a logarithmic axis has no place for zero"


def test_a_run_keeps_its_colour_whatever_else_is_drawn_of_it():
    colours = charts.overlay(CURVES[2:], NAMES, "error", True).to_dict()["layer"][0]["encoding"]
    assert colours["color"]["scale"]["range"] == charts.COLOURS[:2]


def test_more_runs_share_the_points_of_a_chart():
    assert charts.points_a_curve(1) == charts.points_a_curve(4) == charts.CURVE_POINTS
    assert 60 <= charts.points_a_curve(24) < charts.CURVE_POINTS
