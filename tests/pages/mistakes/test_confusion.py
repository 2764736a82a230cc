"""The confusion matrix as a chart, the pair that a click on it selects, and the commonest pairs."""

import torch

from pages.mistakes import confusion

COUNTS = torch.tensor([[8, 2, 0], [5, 4, 1], [0, 0, 9]])


def test_every_cell_carries_its_classes_count_and_role():
    chart = confusion.matrix(COUNTS, ("a", "b", "c")).to_dict()
    cells = chart["data"]["values"]
    assert len(cells) == 9
    assert [(c["images"], c["role"]) for c in cells if (c["truth"], c["predicted"]) in (("b", "a"), ("b", "b"))] == [
        (5, "wrong"),
        (4, "right"),
    ]
    assert max(cells, key=lambda cell: cell["strength"] * (cell["role"] == "wrong"))["predicted"] == "a"
    assert [param["name"] for param in chart["params"]] == [confusion.CELL]


def test_a_net_without_a_mistake_has_a_chart_too():
    assert confusion.matrix(torch.eye(3).long(), ("a", "b", "c")).to_dict()
    assert confusion.commonest(torch.eye(3).long(), 5) == []


def test_many_classes_have_small_cells_without_numbers():
    chart = confusion.matrix(torch.eye(100).long(), [str(i) for i in range(100)]).to_dict()
    assert len(chart["layer"]) == 2 and confusion.step(100) == 4


def test_a_click_selects_the_pair_and_a_second_one_none():
    assert confusion.clicked({"selection": {"cell": [{"truth": "a", "predicted": "b"}]}}) == ("a", "b")
    assert confusion.clicked({"selection": {"cell": []}}) is None
    assert confusion.clicked({"selection": {}}) is None


def test_the_commonest_pairs_come_first_and_the_diagonal_is_left_out():
    assert confusion.commonest(COUNTS, 2) == [(1, 0, 5), (0, 1, 2)]
    assert len(confusion.commonest(COUNTS, 9)) == 3
