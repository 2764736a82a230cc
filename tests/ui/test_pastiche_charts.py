"""Curves of a style training: what is drawn of its rows, and on which axes."""

from ui import pastiche_charts

ROWS = [{"step": step, "style": 0.0 if step == 1 else 2.0, "learning_rate": 1e-3} for step in range(1, 101)]


def test_losses_are_smoothed_on_a_logarithmic_axis_and_the_rate_is_neither():
    style = pastiche_charts.quantity(ROWS, 200, "style", "style loss")
    assert style.to_dict()["encoding"]["y"]["scale"]["type"] == "log"
    assert (style.data["value"] > 0).all() and style.data["step"].iloc[0] == 2
    rate = pastiche_charts.quantity(ROWS, 200, "learning_rate", "learning rate", low=True).to_dict()
    assert "type" not in rate["encoding"]["y"].get("scale", {}), "a constant has no decades"


def test_a_point_is_the_mean_of_those_before_it():
    points = [(float(step), float(step % 2)) for step in range(4 * pastiche_charts.WINDOWS)]
    assert {value for _, value in pastiche_charts.smoothed(points)[4:]} == {0.5}
    assert pastiche_charts.smoothed(points[:3]) == points[:3]
