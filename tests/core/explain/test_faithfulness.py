"""Insertion, deletion, drop and increase: on a net that looks at one pixel."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.errors import UserError
from core.explain import faithfulness
from tests.nets import a_net


class OnePixel(nn.Module):
    """Two classes, and one pixel that decides between them: its own value is the logit of class 1."""

    ends_in_gap = True

    def features(self, x):
        seen = torch.zeros_like(x)
        seen[..., 2, 5] = 64 * x[..., 2, 5]
        return torch.cat([torch.zeros_like(x), seen], 1)

    def head(self, features):
        return features.mean((-2, -1))

    def class_maps(self, features):
        return features

    def forward(self, x):
        return self.head(self.features(x))


@pytest.fixture
def trained():
    net = OnePixel().eval()
    return replace(a_net(), net=net, classes=("no", "yes"), side=8, mean=(0.0,), std=(0.1,))


def images():
    white = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    white[0, 0, 2, 5] = 255
    return white


def test_the_deciding_pixel_comes_first_and_goes_first(trained):
    found = faithfulness.measure(trained, images()[:1], "cam", torch.tensor([1]), steps=64)
    whole = torch.tensor([0.0, 10.0]).softmax(0)[1]
    torch.testing.assert_close(found.deletion[0], whole)
    torch.testing.assert_close(found.deletion[1:], torch.full((64,), 0.5))
    torch.testing.assert_close(found.insertion[1:], whole.expand(64))
    assert 0.5 < found.insertion[0] < 0.95  # a trace of it is in the blurred image
    assert found.deletion_area == pytest.approx(0.5 + 0.25 / 64, abs=1e-3)
    assert found.insertion_area > 0.99
    assert found.average_drop == pytest.approx(0, abs=1e-4) and found.average_increase == 0


def test_a_map_of_the_wrong_place_is_unfaithful(trained):
    right = faithfulness.measure(trained, images()[:1], "cam", torch.tensor([1]), steps=64)
    trained.net.class_maps = lambda features: features.roll(3, -1)
    wrong = faithfulness.measure(trained, images()[:1], "cam", torch.tensor([1]), steps=64)
    assert wrong.deletion_area > right.deletion_area + 0.04 and wrong.insertion_area < right.insertion_area
    assert wrong.average_drop == pytest.approx(50, abs=0.1)


def test_increase_counts_images_that_gain(trained):
    # For class 0 the pixel is all that speaks against it, and the map of class 0 is empty: masked, the class gains.
    found = faithfulness.measure(trained, images(), "cam", torch.tensor([0, 0]))
    assert found.average_increase == 50 and found.average_drop == 0


def test_means_are_those_of_the_images(trained):
    both = faithfulness.measure(trained, images(), "cam", torch.tensor([1, 1]), steps=8)
    each = [faithfulness.measure(trained, images()[i : i + 1], "cam", torch.tensor([1]), steps=8) for i in range(2)]
    torch.testing.assert_close(both.insertion, (each[0].insertion + each[1].insertion) / 2)
    assert both.deletion_areas.tolist() == pytest.approx([one.deletion_area for one in each], abs=1e-5)
    assert len(both) == 2


def test_batches_do_not_change_the_curves(monkeypatch):
    net = a_net("bn_nin")
    pictures = torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = faithfulness.measure(net, pictures, "cam", steps=4)
    monkeypatch.setattr(faithfulness, "BATCH", 3)
    monkeypatch.setattr(faithfulness, "_IMAGES", 2)
    found = faithfulness.measure(net, pictures, "cam", steps=4)
    torch.testing.assert_close(found.insertion_areas, expected.insertion_areas, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.deletion_areas, expected.deletion_areas, rtol=1e-3, atol=1e-4)


def test_ranks_put_the_greatest_first_and_equals_in_no_corner():
    assert faithfulness.ranks(torch.tensor([[[1.0, -2.0], [3.0, 2.0]]])).tolist() == [[[[2, 3], [0, 1]]]]
    flat = faithfulness.ranks(torch.zeros(2, 16, 16))
    assert sorted(flat[0].flatten().tolist()) == list(range(256)) and torch.equal(flat[0], flat[1])
    first_half = flat[0, 0] < 128
    assert 40 < int(first_half[:8].sum()) < 88


def test_blur_keeps_flat_images_and_spreads_points():
    flat = torch.full((1, 3, 8, 6), 0.7)
    torch.testing.assert_close(faithfulness.blurred(flat), flat)
    point = torch.zeros(1, 1, 32, 32)
    point[..., 16, 16] = 1
    soft = faithfulness.blurred(point)
    assert float(soft.sum()) == pytest.approx(1, abs=1e-5) and float(soft.max()) < 0.02
    assert int(soft[0, 0].argmax()) == 16 * 32 + 16
    torch.testing.assert_close(faithfulness.blurred(torch.ones(1, 1, 1, 1)), torch.ones(1, 1, 1, 1))


def test_constant_images_give_flat_curves():
    found = faithfulness.measure(a_net("bn_nin"), torch.full((1, 1, 28, 28), 33, dtype=torch.uint8), "cam", steps=4)
    torch.testing.assert_close(found.insertion, found.insertion[:1].expand(5), rtol=1e-3, atol=1e-3)
    assert found.deletion.isfinite().all()


def test_orders_that_know_nothing_are_measured_alike(trained):
    found = faithfulness.measure(trained, images()[:1], "random", torch.tensor([1]), steps=64)
    assert 0.5 < found.deletion_area < 1
    centre = faithfulness.ORDERS["centre"]((5, 7), torch.Generator())
    assert int(centre.argmax()) == 2 * 7 + 3 and centre[0, 0] == centre.min()


def test_wrong_words_are_named(trained):
    with pytest.raises(UserError, match="no method"):
        faithfulness.measure(trained, images(), "magic")
    with pytest.raises(UserError, match="no images"):
        faithfulness.measure(trained, images()[:0], "cam")
    with pytest.raises(UserError, match="2 classes"):
        faithfulness.measure(trained, images(), "cam", torch.tensor([7, 0]))
