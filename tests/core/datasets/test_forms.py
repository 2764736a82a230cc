"""Forms of data sets: draws hold one another, leave the test split whole, and say what cannot be drawn."""

import pytest
import torch

from core import datasets
from core.datasets import forms
from core.errors import UserError


def test_a_draw_has_as_many_images_of_every_class_and_holds_the_smaller_draws():
    labels = datasets.load("digits").train.labels
    small, large = (forms.training_indices(labels, each, seed=3) for each in (5, 20))
    assert torch.bincount(labels[large]).tolist() == [20] * 10
    assert set(small.tolist()) < set(large.tolist())
    assert not torch.equal(small, forms.training_indices(labels, 5, seed=4))


def test_drawn_digits_keep_their_test_split_and_choose_by_images_that_were_not_drawn():
    whole, few = datasets.load("digits"), datasets.load("digits?each=10&draw=1")
    assert (len(few.train), few.held_out) == (100, "validation")
    assert torch.equal(few.test.images, whole.test.images)
    drawn = forms.training_indices(whole.train.labels, 10, 1)
    rest = forms.validation_indices(whole.train.labels, 10, 1)
    assert torch.equal(few.train.images, whole.train.images[drawn])
    assert not set(drawn.tolist()) & set(rest.tolist())
    assert torch.equal(forms.validation_indices(whole.train.labels, 20, 1), rest), (
        "every size chooses by the same images"
    )
    known = datasets.info("digits?each=10&draw=1")
    assert (known.train_size, known.validation_size, known.test_size) == (100, len(few.validation), len(few.test))
    assert known.name == few.name == "digits?each=10&draw=1"


def test_grey_becomes_colour_and_back():
    grey, colour = datasets.load("digits"), datasets.load("digits?channels=3")
    assert (colour.channels, datasets.info(colour.name).channels, len(colour.mean)) == (3, 3, 3)
    assert torch.equal(forms.in_channels(colour.test, 1).images, grey.test.images)
    assert datasets.load("digits?channels=3") is colour, "kept in memory"
    assert datasets.info("digits?images=200&channels=3").name == "digits?images=200&channels=3"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("digits?each=140", 'images of the class "\\d"'),
        ("digits?each=144", "of each cannot be drawn"),
        ("digits?channels=2", "give 1 for grey or 3 for RGB"),
        ("digits?each=0", "give a whole number from 1"),
    ],
)
def test_what_there_is_not_is_a_sentence(name, sentence):
    with pytest.raises(UserError, match=sentence):
        datasets.load(name)
