"""The recipe of a style transfer by optimisation: what it refuses."""

import math
from dataclasses import replace

import pytest

from core.errors import UserError
from tests.optimisation import TINY


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"style": -1.0}, "loss weight of style is -1.0"),
        ({"content": math.nan}, "loss weight of content is nan"),
        ({"style_layers": {"relu9": 1.0}}, "no loss layer 'relu9'; the layers are vgg19.relu1_1"),
        ({"content_layers": {"vgg19.relu2_1": -2.0}}, "content weight of vgg19.relu2_1 is -2.0"),
        ({"network": "resnet"}, "no loss network 'resnet'"),
        ({"exponent": 0.5}, "exponent of the total variation"),
        ({"convention": "C"}, "no Gram convention 'C'"),
        ({"optimizer": "sgd"}, "no optimizer 'sgd'; choose adam or lbfgs"),
        ({"start": "black"}, "no start 'black'"),
        ({"size": 8}, "size is 8 px; give 32 to 2048"),
        ({"style_size": 5000}, "style size is 5000 px"),
        ({"steps": 0}, "steps is 0"),
        ({"scales": 3}, "3 scales are too many for 4 steps at 64 px"),
        ({"learning_rate": math.inf}, "learning rate is inf"),
    ],
)
def test_impossible_settings_are_refused(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        replace(TINY, **changes)
