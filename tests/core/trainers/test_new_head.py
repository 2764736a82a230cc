"""A training that starts from another net's features: which weights it takes over, and which it then changes."""

import pytest
import torch

from core import weights
from core.errors import UserError
from core.models import catalogue
from core.models.layers import is_of_head
from core.runs.run import Run
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from tests.nets import a_run

pytestmark = pytest.mark.slow

FEW = {"epochs": 1, "batch_size": 20, "threads": 1, "precision": "float32", "new_head": True}


def learnt(source: Run, model: str, **changes) -> tuple[set[str], dict[str, torch.Tensor]]:
    """Names of the tensors that a training from `source` changed, and all that it left."""
    settings = recipes.settings("digits?each=4", model, start_from=source.id, **FEW | changes)
    run = Run.create("classifier", settings.to_json())
    train(run)
    before, after = (weights.read(one.path / "model.safetensors") for one in (source, run))
    return {name for name in after if not torch.equal(before[name], after[name])}, after


@pytest.mark.parametrize("model", ["bn_nin", "baseline", "resnet20"])
def test_frozen_features_do_not_change_and_the_head_does(model):
    changed, after = learnt(a_run(model), model, freeze_features=True)
    net = catalogue.build(model, classes=10, channels=1, side=28, dataset="digits")
    assert changed and all(is_of_head(net, name) for name in changed)
    assert {name for name in after if is_of_head(net, name)} >= changed


def test_fine_tuning_changes_the_features_too():
    changed, _ = learnt(a_run("resnet20"), "resnet20")
    assert {"stem.weight", "stem_norm.running_mean", "output.weight"} <= changed


def test_a_new_head_is_drawn_by_the_seed_and_the_features_are_those_of_the_source():
    source = a_run("resnet20", seed=5)
    _, first = learnt(source, "resnet20", freeze_features=True, learning_rate=1e-8)
    _, other = learnt(source, "resnet20", freeze_features=True, learning_rate=1e-8, seed_initialisation=1)
    assert torch.equal(first["stem.weight"], other["stem.weight"])
    assert not torch.allclose(first["output.weight"], other["output.weight"], atol=1e-3)


def test_without_a_net_to_start_from_there_is_nothing_to_freeze():
    with pytest.raises(UserError, match="name one to start from"):
        recipes.settings("digits", "bn_nin", freeze_features=True)
