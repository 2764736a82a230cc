"""Curves of the training of a style network: its rows, and their axes."""

from pages.train_style import charts
from ui.charts import LEGEND_ROW, LOSS_TICKS

ROWS = [{"step": step, "style": 0.0 if step == 1 else 2.0, "learning_rate": 1e-3} for step in range(1, 101)]


def test_losses_are_smoothed_on_a_logarithmic_axis_and_the_rate_is_neither():
    style = charts.quantity(ROWS, 200, "style", "style loss")
    assert style.to_dict()["encoding"]["y"]["scale"]["type"] == "log"
    assert (style.data["value"] > 0).all() and style.data["step"].iloc[0] == 2
    rate = charts.quantity(ROWS, 200, "learning_rate", "learning rate", low=True).to_dict()
    assert "type" not in rate["encoding"]["y"].get("scale", {}), "a constant has no decades"


def test_a_point_is_the_mean_of_those_before_it():
    points = [(float(step), float(step % 2)) for step in range(4 * charts.WINDOWS)]
    assert {value for _, value in charts.smoothed(points)[4:]} == {0.5}
    assert charts.smoothed(points[:3]) == points[:3]


def test_an_axis_within_a_decade_has_a_few_round_labels():
    ticks = charts.ticks([1.71, 1.93])
    assert 3 <= len([tick for tick in ticks if 1.71 <= tick <= 1.93]) <= 5
    assert all(round(tick, 2) == tick for tick in ticks)
    assert charts.ticks([0.5, 7.0]) == LOSS_TICKS == charts.ticks([])
    assert 0 not in charts.ticks([0.01, 0.09])


def test_each_style_has_a_colour_of_its_own_and_a_line_of_the_legend():
    rows = [{"step": step, **{f"style/{name}": 1.5 for name in "abcd"}} for step in (1, 2)]
    chart = charts.of_styles(rows, 2, "style", {name: name * 3 for name in "abcd"}).to_dict()
    colour = chart["encoding"]["color"]
    assert colour["scale"]["domain"] == ["aaa", "bbb", "ccc", "ddd"] and colour["legend"]["columns"] == 1
    assert chart["height"] == charts.HEIGHT + 4 * LEGEND_ROW
