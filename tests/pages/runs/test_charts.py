"""Curves of several runs: what is drawn of them, on the screen and in the picture."""

import io

import pytest
from PIL import Image

from core.runs.comparison import Curve
from pages.runs import charts as run_charts
from pages.runs import table as run_table
from tests.runs_on_disk import digits_run

CURVES = [
    Curve("a", "train", [(1.0, 50.0), (2.0, 10.0)]),
    Curve("a", "test", [(1.0, 40.0), (2.0, 0.0)]),
    Curve("b", "test", [(1.0, 30.0)]),
]
NAMES = {"a": "First", "b": "Second"}


@pytest.mark.parametrize("quantity", ["error", "loss", "style", "learning_rate"])
@pytest.mark.parametrize("logarithmic", [True, False])
def test_every_curve_is_drawn_in_its_run_s_colour_and_train_dashed(quantity, logarithmic):
    chart = run_charts.overlay(CURVES, NAMES, quantity, logarithmic, True)
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
    colours = run_charts.overlay(CURVES[2:], NAMES, "error", True, True).to_dict()["layer"][0]["encoding"]
    assert colours["color"]["scale"]["range"] == run_charts.COLOURS[:2]


def test_more_runs_share_the_points_of_a_chart():
    assert run_charts.points_a_curve(1) == run_charts.points_a_curve(4) == run_charts.CURVE_POINTS
    assert 60 <= run_charts.points_a_curve(24) < run_charts.CURVE_POINTS


@pytest.mark.parametrize("logarithmic", [True, False])
def test_the_picture_is_a_png_with_a_panel_for_what_there_is(logarithmic):
    def height(charts) -> int:
        return Image.open(io.BytesIO(run_charts.picture(charts, NAMES, logarithmic))).height

    both = height({"error": CURVES, "loss": CURVES, "learning_rate": []})
    one = height({"error": CURVES, "loss": [], "learning_rate": []})
    assert both > one > 300
    height({"error": [], "loss": [], "learning_rate": []})
    height({"content": [Curve("a", "", [(1.0, 0.0), (2.0, 0.5)], "step")]})


def test_names_in_a_legend_differ():
    first, second, third = digits_run(), digits_run(), digits_run()
    third.rename("Another")
    names = run_table.names([first, second, third])
    assert len(set(names.values())) == 3 and names[third.id] == "Another"
    assert all(name.startswith("BN-NiN on Digits, ") for name in (names[first.id], names[second.id]))


@pytest.mark.parametrize(
    ("name", "title"),
    [("cifar10", "CIFAR-10"), ("folder:/home/me/pets?side=32&seed=0", "pets"), ("nowhere", "nowhere"), ("", None)],
)
def test_titles_of_data_sets(name, title):
    assert run_table.dataset_title(name) == title


def test_titles_of_nets_and_settings():
    assert (run_table.net_title("bn_nin"), run_table.net_title("pastiche")) == ("BN-NiN", "Pastiche")
    assert run_table.setting_title("recipe.learning_rate") == "Learning rate"
