"""The nearest training images, on a net whose features are written down by hand."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core import datasets
from core.datasets import Split
from core.errors import UserError
from core.explain import neighbours
from tests.nets import a_net


class Echo(nn.Module):
    """Its two feature maps are the image's two channels; it predicts class 0 where the first is the brighter."""

    def features(self, x):
        return x

    def head(self, features):
        return features.mean((-2, -1))


@pytest.fixture
def trained():
    return replace(a_net(), net=Echo().eval(), classes=("a", "b"), channels=2, mean=(0.0, 0.0), std=(1.0, 1.0))


def split_of(*pairs_and_labels):
    images = torch.tensor([pair for pair, _ in pairs_and_labels], dtype=torch.uint8)[:, :, None, None].expand(
        -1, -1, 2, 2
    )
    return Split(images, torch.tensor([label for _, label in pairs_and_labels]))


TRAIN = split_of(((200, 0), 0), ((0, 200), 1), ((200, 100), 0), ((100, 200), 0), ((20, 40), 1))


def test_nearest_by_direction_and_only_what_is_classified_rightly(trained):
    known = neighbours.neighbourhood(trained, TRAIN)
    assert known.indices.tolist() == [0, 1, 2, 4] and known.labels.tolist() == [0, 1, 0, 1]
    asked = neighbours.features_of(trained, split_of(((10, 20), 0), ((9, 0), 0)).images)
    indices, cosines = known.nearest(asked, 2)
    assert indices.tolist() == [[4, 1], [0, 2]]
    torch.testing.assert_close(cosines, torch.tensor([[1, 2 / 5**0.5], [1, 2 / 5**0.5]]))
    assert known.nearest(asked, 5, label=0)[0].tolist() == [[2, 0], [0, 2]]


def test_a_class_never_right_has_no_neighbours(trained):
    known = neighbours.neighbourhood(trained, split_of(((9, 0), 0), ((9, 0), 1)))
    with pytest.raises(UserError, match="no such training image correctly"):
        known.nearest(neighbours.features_of(trained, TRAIN.images), 1, label=1)


def test_an_image_is_its_own_nearest_whatever_the_batch(monkeypatch):
    trained, told = a_net("bn_nin"), []
    split = datasets.load("digits").test
    split = Split(split.images[:30], trained.net(trained.prepare(split.images[:30])).argmax(1))
    monkeypatch.setattr(neighbours, "BATCH", 7)
    known = neighbours.neighbourhood(trained, split, lambda done, of: told.append((done, of)))
    assert told[-1] == (30, 30) and len(known) == 30
    indices, cosines = known.nearest(neighbours.features_of(trained, split.images), 3)
    assert indices[:, 0].tolist() == list(range(30))
    assert (cosines[:, 0] > 0.9999).all() and (cosines.diff(dim=1) <= 0).all()
