"""Boxes pinned on arrays written by hand."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.errors import UserError
from core.explain import boxes


def map_of(*rows):
    return torch.tensor([[float(digit) for digit in row] for row in rows])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("0000", "0900", "0000"), (1, 1, 2, 2)),  # one pixel is one pixel wide
        (("9000", "0000", "0000"), (0, 0, 1, 1)),
        (("0000", "0000", "0009"), (3, 2, 4, 3)),
        (("9000", "0000", "0009"), (0, 0, 4, 3)),  # all regions count, not the largest alone
        (("0000", "0990", "0990"), (1, 1, 3, 3)),
        (("0900", "0800", "0700"), (1, 0, 2, 3)),
        (("9999", "9999", "9999"), (0, 0, 4, 3)),
        (("0400", "0900", "0000"), (1, 1, 2, 2)),  # 4 is below half of 9
        (("0500", "0900", "0000"), (1, 0, 2, 2)),  # 5 is above it
        (("00040", "00080", "00040"), (3, 1, 4, 2)),  # exactly at the threshold is not above it
    ],
)
def test_box_at_half_of_the_maximum(rows, expected):
    assert boxes.box(map_of(*rows), 0.5) == expected


def test_threshold_grows_and_shrinks_the_box():
    ridge = map_of("123454321")
    assert boxes.box(ridge, 0.1) == (0, 0, 9, 1)
    assert boxes.box(ridge, 0.5) == (2, 0, 7, 1)
    assert boxes.box(ridge, 0.99) == (4, 0, 5, 1)


def test_negative_evidence_lies_outside():
    assert boxes.box(torch.tensor([[-9.0, 1.0, -9.0]]), 0.2) == (1, 0, 2, 1)


@pytest.mark.parametrize("nothing", [torch.zeros(3, 3), torch.full((3, 3), -2.0)])
def test_no_positive_evidence_no_box(nothing):
    assert boxes.box(nothing, 0.5) is None


@pytest.mark.parametrize("threshold", [0, 1, -0.2, 1.5, float("nan")])
def test_threshold_outside_zero_and_one_is_refused(threshold):
    with pytest.raises(UserError, match="between 0 and 1"):
        boxes.box(torch.ones(2, 2), threshold)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("0000", "0900", "0000"), (1, 1, 2, 2)),
        (("9000", "0000", "0009"), (0, 0, 1, 1)),  # two of one size: the first from the top
        (("0009", "0000", "9900"), (0, 2, 2, 3)),  # the larger, though not the first
        (("9000", "0000", "0066"), (2, 2, 4, 3)),  # the larger, though it does not hold the greatest value
        (("9000", "0900", "0000"), (0, 0, 2, 2)),  # pixels that meet at a corner are one region
        (("9009", "9009", "9999"), (0, 0, 4, 3)),  # not convex, still one
        (("9999", "9999", "9999"), (0, 0, 4, 3)),
        (("00009", "00000", "88000"), (0, 2, 2, 3)),
        (("90", "00"), (0, 0, 1, 1)),
        (("9",), (0, 0, 1, 1)),
    ],
)
def test_box_around_the_largest_region(rows, expected):
    assert boxes.box(map_of(*rows), 0.5, "largest") == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("0000", "0900", "0000"), [(1, 1, 2, 2)]),
        (("9000", "0000", "0009"), [(0, 0, 1, 1), (3, 2, 4, 3)]),  # of one size: the first from the top
        (("9000", "0000", "0066"), [(2, 2, 4, 3), (0, 0, 1, 1)]),  # the one of most pixels first
        (("9000", "0900", "0000"), [(0, 0, 2, 2)]),  # pixels that meet at a corner are one region
        (("9009", "9009", "9999"), [(0, 0, 4, 3)]),
        (("9900500", "9900099", "0000099"), [(4, 0, 7, 3), (0, 0, 2, 2)]),  # five pixels, four
        (("9000900", "0000000", "4444444"), [(0, 0, 1, 1), (4, 0, 5, 1)]),  # 4 is below half of 9
        (("9090909", "0000000", "9090909"), [(x, y, x + 1, y + 1) for y in (0, 2) for x in (0, 2, 4, 6)]),
        (("0000", "0000"), []),
    ],
)
def test_a_box_for_each_region(rows, expected):
    assert boxes.components(map_of(*rows), 0.5) == expected
    assert boxes.listed(map_of(*rows), 0.5, boxes.COMPONENTS) == expected


@pytest.mark.parametrize(("pixels", "count"), [(1, 1), (2, 2), (3, 2)])
def test_a_speck_beside_a_large_region_has_no_box(pixels, count):
    field = torch.zeros(10, 10)
    field[:4] = 1  # 40 pixels, of which SPECK is 2
    field[8, :pixels] = 1
    found = boxes.components(field, 0.5)
    assert len(found) == count and found[0] == (0, 0, 10, 4)
    assert found[1:] == [(0, 8, pixels, 9)][: count - 1]


def test_boxes_of_regions_lie_where_an_independent_search_finds_them():
    noise = torch.from_numpy(ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(24, 31)), 1.5))
    above = (noise > 0.3 * noise.max()).numpy()
    found = sorted(by_flooding(above))
    assert len(found) > 5
    largest = max(size for size, _ in found)
    wanted = {box for size, box in found if size >= boxes.SPECK * largest}
    assert set(boxes.components(noise, 0.3)) == wanted
    sizes = {box: size for size, box in found}
    drawn = [sizes[box] for box in boxes.components(noise, 0.3)]
    assert drawn == sorted(drawn, reverse=True)


def by_flooding(above):
    """Yield pixels and box of each region, reached from neighbour to neighbour."""
    left = set(zip(*np.nonzero(above), strict=True))
    while left:
        region, border = set(), {left.pop()}
        while border:
            region |= border
            near = {(y + dy, x + dx) for y, x in border for dy in (-1, 0, 1) for dx in (-1, 0, 1)}
            border = near & left
            left -= border
        ys, xs = zip(*region, strict=True)
        yield len(region), (min(xs), min(ys), max(xs) + 1, max(ys) + 1)


@pytest.mark.parametrize("by", boxes.RULES)
def test_a_rule_of_one_box_gives_a_list_of_at_most_one(by):
    field = map_of("9000", "0000", "0066")
    assert boxes.listed(field, 0.5, by) == [boxes.box(field, 0.5, by)]
    assert boxes.listed(-field, 0.5, by) == []


@pytest.mark.parametrize("nothing", [torch.zeros(3, 3), torch.full((3, 3), -2.0)])
def test_no_region_without_positive_evidence(nothing):
    assert boxes.components(nothing, 0.5) == []


@pytest.mark.parametrize("threshold", [0, 1, float("nan")])
def test_regions_need_a_threshold_between_zero_and_one(threshold):
    with pytest.raises(UserError, match="between 0 and 1"):
        boxes.components(torch.ones(2, 2), threshold)


@pytest.mark.parametrize("by", boxes.RULES)
@pytest.mark.parametrize("nothing", [torch.zeros(3, 3), torch.full((3, 3), -2.0)])
def test_no_rule_finds_a_box_without_positive_evidence(nothing, by):
    assert boxes.box(nothing, 0.5, by) is None


@pytest.mark.parametrize("by", boxes.RULES)
def test_all_images_and_thresholds_at_once(by):
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(40, 9, 12)), (0, 1, 1))
    noise[3], noise[4], noise[5] = 0, -1, 2
    thresholds = np.arange(1, 20) / 20
    together = boxes.over_thresholds(noise, thresholds, by)
    for i, map in enumerate(noise):
        for j, threshold in enumerate(thresholds):
            assert tuple(together[i, j].tolist()) == (by_definition(map, threshold, by) or (0, 0, 0, 0))


def by_definition(map, threshold, by):
    """The rules as they are said, one map at a time."""
    if map.max() <= 0:
        return None
    above = map > threshold * map.max()
    if by == "largest":
        regions, count = ndimage.label(above, np.ones((3, 3)))
        above = regions == 1 + np.argmax([(regions == 1 + i).sum() for i in range(count)])
    rows, columns = np.nonzero(above)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_regions_do_not_run_from_one_image_into_the_next():
    maps = np.stack([map_of("99", "00").numpy(), map_of("09", "00").numpy(), map_of("00", "90").numpy()])
    found = boxes.over_thresholds(maps, [0.5], "largest")[:, 0].tolist()
    assert found == [[0, 0, 2, 1], [1, 0, 2, 1], [0, 1, 1, 2]]


def test_many_images_go_in_parts(monkeypatch):
    maps = np.random.default_rng(1).normal(size=(7, 4, 5))
    expected = {by: boxes.over_thresholds(maps, [0.3, 0.6], by) for by in boxes.RULES}
    monkeypatch.setattr(boxes, "_BATCH", 3)
    for by in boxes.RULES:
        np.testing.assert_array_equal(boxes.over_thresholds(maps, [0.3, 0.6], by), expected[by])


def test_an_unknown_rule_is_refused():
    with pytest.raises(UserError, match="no rule.*all, largest"):
        boxes.box(torch.ones(2, 2), 0.5, "smallest")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 4, 4), (0, 0, 4, 4), 1),
        ((0, 0, 1, 1), (0, 0, 1, 1), 1),  # one pixel is one pixel, not four
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7),
        ((0, 0, 1, 1), (1, 0, 2, 1), 0),  # side by side: half-open boxes share nothing
        ((0, 0, 4, 4), (1, 1, 3, 3), 1 / 4),
        ((0, 0, 4, 2), (2, 0, 4, 4), 1 / 3),
        ((0, 0, 2, 2), (5, 5, 9, 9), 0),
        ((0, 0, 0, 0), (0, 0, 2, 2), 0),  # no box
        ((0, 0, 0, 0), (0, 0, 0, 0), 0),
        ((0.5, 0.0, 1.5, 1.0), (0.0, 0.0, 1.0, 1.0), 1 / 3),
    ],
)
def test_intersection_over_union(one, other, expected):
    for pair in ((one, other), (other, one)):
        assert float(boxes.iou(*map(np.array, pair))) == pytest.approx(expected)


def test_iou_broadcasts():
    many = np.array([[[0, 0, 2, 2], [0, 0, 1, 1]], [[0, 0, 4, 4], [3, 3, 4, 4]]])
    truth = np.array([[0, 0, 2, 2], [0, 0, 4, 4]])
    assert boxes.iou(many, truth[:, None]).tolist() == [[1, 0.25], [1, 1 / 16]]


def test_draw_colours_the_frame_and_nothing_else():
    blank = np.zeros((6, 8, 3), np.uint8)
    framed = boxes.draw(blank, (1, 1, 6, 5), (9, 9, 9), line=1)
    expected = np.zeros((6, 8), np.uint8)
    expected[1:5, 1:6] = 9
    expected[2:4, 2:5] = 0
    np.testing.assert_array_equal(framed[..., 0], expected)
    assert not blank.any()


def test_draw_keeps_the_picture_inside_the_frame():
    noise = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    framed = boxes.draw(noise, (2, 2, 18, 18), (0, 0, 0), line=2)
    np.testing.assert_array_equal(framed[4:16, 4:16], noise[4:16, 4:16])
    np.testing.assert_array_equal(framed[:2], noise[:2])


def test_draw_zooms_the_box_with_the_picture():
    framed = boxes.draw(np.zeros((40, 40, 3), np.uint8), (1, 0, 3, 4), (1, 1, 1), zoom=10, line=1)
    rows, columns = np.nonzero(framed[..., 0])
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (10, 0, 30, 40)


@pytest.mark.parametrize("box", [(2, 2, 3, 3), (2, 2, 4, 3), (0, 0, 8, 1)])
def test_draw_of_a_tiny_box_fills_it(box):
    framed = boxes.draw(np.zeros((6, 8, 3), np.uint8), box, (1, 1, 1), line=3)
    assert framed[..., 0].sum() == (box[2] - box[0]) * (box[3] - box[1])
