"""Charts of a data set."""

from pages.data import charts
from ui import theme


def test_bars_are_in_the_order_of_the_classes_and_in_the_colour_of_the_split(monkeypatch):
    monkeypatch.setattr(theme, "colours", lambda: theme.LIGHT)
    chart = charts.balance(("b", "a"), (3, 5), "train")
    assert list(chart.data["class"]) == ["b", "a"] and list(chart.data["images"]) == [3, 5]
    assert chart.to_dict()["encoding"]["x"]["sort"] is None
    assert chart.to_dict()["mark"]["color"] == theme.LIGHT.train
    assert charts.balance(("b", "a"), (3, 5), "test").to_dict()["mark"]["color"] == theme.LIGHT.validation


def test_names_of_many_classes_are_left_to_the_tooltip(monkeypatch):
    monkeypatch.setattr(theme, "colours", lambda: theme.LIGHT)
    axis = charts.balance([str(i) for i in range(100)], [1] * 100, "train").to_dict()["encoding"]["x"]["axis"]
    assert axis["labels"] is False


def test_brightness_is_in_percent_at_the_middle_of_each_bin():
    bars, line = charts.brightness([0.25, 0.75], 0.6).layer
    assert list(bars.data["brightness"]) == [0.25, 0.75] and list(bars.data["share"]) == [25, 75]
    assert list(line.data["mean"]) == [0.6]
