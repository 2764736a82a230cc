"""Curves of a style transfer, from the rows of its run folder."""

from pages.optimise import charts

ROWS = [
    {"step": step, "content": 0.0 if step == 1 else 0.5, "style": 4.0 / step, "variation": 0.1, "style/relu1_1": 1.0,
     "style/relu2_1": 0.0, "weight/content": 1.0, "weight/style": 2.0, "weight/variation": None}
    for step in (1, 2, 4)
]  # fmt: skip


def test_terms_are_shown_times_their_weights_where_there_is_something_to_show():
    points = charts.terms(ROWS, 10).data.values.tolist()
    assert [point for point in points if point[1] == "style"] == [[1, "style", 8], [2, "style", 4], [4, "style", 2]]
    assert [point[0] for point in points if point[1] == "content"] == [2, 4]  # zero has no place on the axis
    assert not [point for point in points if point[1] == "variation"]


def test_layers_are_shown_one_by_one():
    points = charts.layers(ROWS, 10, "style").data.values.tolist()
    assert {point[1] for point in points} == {"relu1_1", "relu2_1"}
    assert len(points) == 6
    assert charts.layers([], 10, "style").data.empty


def test_long_histories_are_thinned_but_keep_their_end():
    rows = [{"step": step, "style/relu1_1": 1.0} for step in range(3000)]
    steps = charts.layers(rows, 3000, "style").data["step"].tolist()
    assert len(steps) <= 2 * charts.MAX_POINTS
    assert steps[-1] == 2999
