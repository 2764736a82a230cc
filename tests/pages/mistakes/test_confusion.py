"""The confusion matrix as a drawing, and the commonest pairs."""

import re

import torch

from pages.mistakes import confusion

COUNTS = torch.tensor([[8, 2, 0], [5, 4, 1], [0, 0, 9]])


def test_every_cell_that_holds_images_is_a_button_with_its_classes_and_count():
    svg = confusion.drawing(COUNTS, ("a", "b", "c"), "7 wrong")
    buttons = re.findall(r'role="button"[^>]*aria-label="([^"]+)" data-cell="([^"]+)"', svg)
    assert ("b predicted as a: 5", "1,0") in buttons and len(buttons) == 6
    assert svg.count('class="right"') == 3 and svg.count('class="wrong"') == 6
    assert "7 wrong" in svg


def test_the_commonest_pair_is_the_strongest_of_the_wrong_cells():
    svg = confusion.drawing(COUNTS, ("a", "b", "c"), "")
    strengths = {cell: float(opacity) for cell, opacity in re.findall(r'data-cell="(.+?)".*?fill-opacity="(.+?)"', svg)}
    assert strengths["1,0"] == max(strengths[cell] for cell in ("0,1", "1,0", "1,2"))


def test_the_chosen_cell_is_pressed():
    svg = confusion.drawing(COUNTS, ("a", "b", "c"), "", (1, 0))
    assert svg.count('aria-pressed="true"') == 1 and 'aria-pressed="true" aria-label="b predicted as a' in svg


def test_names_of_classes_are_text():
    assert "<script" not in confusion.drawing(COUNTS, ("<script>", "b", "c"), "<script>")


def test_a_net_without_a_mistake_has_a_drawing_too():
    assert confusion.drawing(torch.eye(3).long(), ("a", "b", "c"), "")
    assert confusion.commonest(torch.eye(3).long(), 5) == []


def test_many_classes_have_cells_without_numbers_that_are_no_stops_of_the_keyboard():
    svg = confusion.drawing(torch.eye(100).long(), [str(i) for i in range(100)], "")
    assert svg.count("data-cell") == 100 and "tabindex" not in svg and "<text" in svg and ">99<" not in svg


def test_the_commonest_pairs_come_first_and_the_diagonal_is_left_out():
    assert confusion.commonest(COUNTS, 2) == [(1, 0, 5), (0, 1, 2)]
    assert len(confusion.commonest(COUNTS, 9)) == 3


def test_of_many_classes_the_most_confused_are_shown_under_their_own_numbers():
    counts = torch.zeros(1000, 1000, dtype=torch.long)
    counts[7, 7], counts[3, 900], counts[900, 3], counts[5, 999], counts[6, 6] = 50, 2, 1, 1, 60
    assert confusion.most_confused(counts, 2) == [3, 900]
    assert confusion.most_confused(counts, 4) == [3, 5, 900, 999]
    assert confusion.most_confused(counts, 20) == [3, 5, 6, 7, 900, 999]
    shown = [3, 900]
    drawn = confusion.drawing(counts[shown][:, shown], ["three", "many"], "two", (3, 900), shown)
    assert 'data-cell="3,900"' in drawn and "three predicted as many: 2" in drawn
    assert drawn.count('aria-pressed="true"') == 1
