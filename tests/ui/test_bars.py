"""Bars name the predicted and the true class in words, and not by colour alone."""

from typing import Any

from ui import bars, theme


def drawn(*arguments: Any) -> tuple[list[dict], dict]:
    """Return the rows of the chart's data in their order, and the encoding of its bars."""
    chart = bars.probabilities(*arguments).to_dict()
    (rows,) = chart["datasets"].values()
    return rows, chart["layer"][0]["encoding"]


def test_a_mistake_names_both_classes():
    rows, _ = drawn(["cat", "dog", "frog"], [0.62, 0.3, 0.08], "cat", "dog")
    assert [row["words"] for row in rows] == ["62.0%, predicted", "30.0%, true class", "8.0%"]


def test_a_correct_answer_is_one_green_bar():
    rows, encoding = drawn(["cat", "dog"], [0.9, 0.1], "cat", "cat")
    assert [row["words"] for row in rows] == ["90.0%, correct", "10.0%"]
    scale = encoding["color"]["scale"]
    colours = dict(zip(scale["domain"], scale["range"], strict=True))
    assert colours[rows[0]["role"]] == theme.LIGHT.truth
    assert colours["predicted"] == theme.LIGHT.prediction


def test_without_a_true_class_only_the_prediction_is_marked():
    rows, _ = drawn(["cat", "dog"], [0.9, 0.1], "cat")
    assert [row["role"] for row in rows] == ["predicted", "other"]


def test_bars_keep_the_order_they_are_given():
    rows, encoding = drawn(["b", "a", "c"], [0.5, 0.3, 0.2], "b")
    assert [row["class"] for row in rows] == ["b", "a", "c"] and encoding["y"]["sort"] == ["b", "a", "c"]
