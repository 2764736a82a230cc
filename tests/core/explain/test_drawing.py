"""Drawn digits: centred and scaled as the data sets' are, whatever their place, size and speed on the pad."""

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.explain import drawing, strokes
from core.trainers.trained import open_named

EXAMPLE = strokes.read(strokes.EXAMPLE)
ONE = (np.array([[0.5, 0.1], [0.5, 0.9]]),)


def centre_of_mass(image):
    grey = image[0].double()
    rows, columns = torch.meshgrid(*(torch.arange(side) + 0.5 for side in grey.shape), indexing="ij")
    return float((grey * columns).sum() / grey.sum()), float((grey * rows).sum() / grey.sum())


def bounds(image):
    rows, columns = np.nonzero(image[0].numpy())
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_the_centre_of_mass_is_in_the_middle():
    lopsided = (np.array([[0.1, 0.1], [0.1, 0.9], [0.7, 0.9]]),)
    image = drawing.as_digit(lopsided, "mnist")
    assert image.shape == (1, 28, 28) and image.dtype == torch.uint8
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.1)
    x0, y0, x1, y1 = bounds(image)
    assert x0 + x1 != 28 or y0 + y1 != 28  # the ink's middle, not the box's


def test_the_longer_side_fills_twenty_pixels_and_proportions_are_kept():
    x0, y0, x1, y1 = bounds(drawing.as_digit(ONE, "mnist"))
    assert 20 <= y1 - y0 <= 21 and x1 - x0 <= 4


@pytest.mark.parametrize("dataset", ["mnist", "digits"])
def test_place_and_size_on_the_pad_do_not_matter(dataset):
    small = [0.3 * stroke + 0.6 for stroke in EXAMPLE]
    one, other = (drawing.as_digit(drawn, dataset).int() for drawn in (EXAMPLE, small))
    assert (one - other).abs().max() <= 1


def test_the_order_and_the_speed_of_drawing_do_not_matter():
    slow = (np.repeat(EXAMPLE[0], 5, axis=0)[::-1],)
    assert (drawing.as_digit(EXAMPLE, "mnist").int() - drawing.as_digit(slow, "mnist").int()).abs().max() <= 8


def test_scanned_digits_have_a_margin():
    image = drawing.as_digit(EXAMPLE, "digits")
    assert image[0, :4].max() == 0 and image[0, :, -4:].max() == 0 and image[0, 4:24, 4:24].max() > 200


def test_a_dot_is_as_large_as_the_pen():
    x0, y0, x1, y1 = bounds(drawing.as_digit((np.array([[0.2, 0.7]]),), "mnist"))
    assert x1 - x0 <= 4 and y1 - y0 <= 4 and x0 < 14 < x1


@pytest.mark.parametrize(("net", "dataset"), [("baseline_mnist", "mnist"), ("bn_nin_digits", "digits")])
def test_the_shipped_nets_read_the_example_and_a_one(net, dataset):
    trained = open_named(net)
    images = torch.stack([drawing.as_digit(drawn, dataset) for drawn in (EXAMPLE, ONE)])
    assert trained.net(trained.prepare(images)).argmax(1).tolist() == [3, 1]


def test_names_with_options_are_known_and_other_data_sets_are_not():
    assert drawing.manner("mnist?train=500") is drawing.MANNERS["mnist"]
    assert drawing.manner("cifar10") is None
    with pytest.raises(UserError, match="classifies no digits: choose one for mnist or digits"):
        drawing.as_digit(EXAMPLE, "fashion_mnist")


def test_an_empty_drawing_is_a_sentence():
    with pytest.raises(UserError, match="Nothing has been drawn yet"):
        drawing.as_digit(strokes.read([[]]), "mnist")
