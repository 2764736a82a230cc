"""The settings of a study: what is refused, and how many pictures a class there can be."""

import pytest

from core.errors import UserError
from core.transfer_learning import study
from core.transfer_learning.study import Study


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pictures": (-1,)}, "no -1 pictures a class"),
        ({"pictures": ()}, "Say how many pictures a class"),
        ({"ways": ("magic",)}, "one way or more of frozen, fine_tuned, scratch"),
        ({"rate": 0.0}, "one above 0"),
        ({"seed": -1}, "The setting seed is -1"),
        ({"dataset": "digits?each=10"}, "leave the option each out"),
        ({"dataset": "nothing"}, "There is no data set"),
        ({"source": "nothing"}, "shipped net .* or of a run"),
        ({"source": "efficientnet_lite0"}, "lends its features alone"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(changes, sentence):
    wanted = {"source": "bn_nin_digits", "dataset": "digits"} | changes
    with pytest.raises(UserError, match=sentence):
        study.create(Study(**wanted))


def test_features_of_other_widths_and_images_too_small_are_refused(tmp_path):
    with pytest.raises(UserError, match="has other widths than .* choose another net"):
        study.create(Study("bn_nin_mnist", "svhn", ways=("fine_tuned",)))


def test_all_there_are_where_there_are_too_few():
    wanted = Study("a", "b", pictures=(10, 100))
    assert study.pictures_that_fit(wanted, [40, 20]) == (
        (10,),
        "The smallest class has 20 training pictures: 100 a class cannot be drawn.",
    )
    assert study.pictures_that_fit(wanted, [4, 5])[0] == (0,)
    assert study.pictures_that_fit(Study("a", "b", pictures=(0, 3)), [4, 5]) == ((3, 0), "")
