"""A trained classifier: what opening one refuses, and how it prepares a picture."""

import numpy as np
import pytest
import torch

from core import weights
from core.errors import UserError
from core.models import catalogue
from core.runs.run import Run
from core.trainers import recipe as recipes
from core.trainers import trained
from tests.nets import a_run


def test_a_run_without_weights_yet_is_a_sentence():
    with pytest.raises(UserError, match="no weights yet"):
        trained.open_run(Run.create("classifier", recipes.settings("digits", "baseline").to_json()))


def test_weights_of_another_net_are_a_sentence():
    run = a_run("baseline")
    other = catalogue.build("bn_nin", classes=10, channels=1, side=28)
    weights.write(run.path / "model.safetensors", other.state_dict())
    with pytest.raises(UserError, match="does not fit this net"):
        trained.open_run(run)


def test_a_picture_becomes_what_the_net_wants():
    run = a_run()
    net = trained.open_run(run)
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, 20:60] = 200  # exactly the central square
    small = net.prepare_picture(picture)
    assert small.shape == (1, 1, 28, 28)
    assert small.unique().tolist() == [200]
    assert net.prepare(small).dtype == torch.float32
