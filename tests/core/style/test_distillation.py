"""The distillation of `compact`: it learns, its transfers advance, and a resumed run ends in the same weights."""

import math
from dataclasses import replace

import pytest
import torch

from core.errors import UserError
from core.runs.run import Run, root
from core.style import compact, distillation, distillation_run
from core.style.distillation import Distillation, DistillationData
from core.style.distillation_recipe import DistillationRecipe, settings_of
from core.style.photographs import Photographs
from tests.painting import loss_networks, picture

pytestmark = pytest.mark.slow

TINY = DistillationRecipe(
    steps=4, crop=64, batch=3, transfers=1, pool=2, transfer_steps=2, teacher_forcing=0.5, log_every=1, save_every=2
)


@pytest.fixture(scope="module")
def teachers():
    return loss_networks()


def photographs(seed: int = 0) -> Photographs:
    return Photographs([torch.from_numpy(picture(90, 100, seed + each)) for each in range(3)])


def data(teachers) -> DistillationData:
    return DistillationData(photographs(), photographs(5), teachers)


def training(teachers, recipe: DistillationRecipe = TINY) -> Distillation:
    return Distillation(recipe, data(teachers))


def held_out() -> list[torch.Tensor]:
    return [photographs(9).crops(2, 64, 1.0, torch.Generator().manual_seed(1))]


def test_it_learns_its_teacher_s_features():
    learner = training(compact.fresh(7), replace(TINY, steps=100, learning_rate=2e-2, transfers=0))
    errors = [learner.advance() for _ in range(16)]
    assert errors[-1]["loss"] < 0.7 * errors[0]["loss"]
    assert errors[-1]["train/vgg19.relu1_1"] < errors[0]["train/vgg19.relu1_1"]


def test_a_net_that_is_its_own_teacher_has_no_error():
    net = compact.fresh(1)
    figures = distillation.evaluate(net, net, held_out())
    assert set(figures) == {f"error/{layer}" for layer in compact.SOURCES} | {
        f"gram/{layer}" for layer in distillation.GRAM_LAYERS
    }
    assert max(figures.values()) == 0


def test_transfers_lower_their_loss_and_are_replaced_after_their_last_step(teachers):
    learner = training(teachers, replace(TINY, transfer_steps=3))
    learner.advance()
    first = learner.transfers.pictures[0].clone()
    assert learner.transfers.ages.tolist() == [1, 3]
    for _ in range(3):
        learner.advance()
    assert learner.transfers.ages.tolist() == [2, 2]
    assert not torch.equal(first, learner.transfers.pictures[0])
    assert learner.transfers.pictures.min() >= 0
    assert learner.transfers.pictures.max() <= 1


def test_a_run_that_was_interrupted_ends_with_the_very_weights_of_one_that_was_not(teachers):
    def run(name: str, steps: int) -> Run:
        settings = settings_of(replace(TINY, steps=steps, decay=0.0, teacher_forcing=0.0))
        path = root() / name
        run = Run.open(path) if path.exists() else Run.create("loss_network", settings, path=path)
        run.settings = settings
        distillation_run.carry_out(run, data(teachers), held_out(), {"photographs": 3})
        return run

    whole = run("whole", 4)
    run("parts", 3)
    parts = run("parts", 4)
    ours, theirs = whole.checkpoint()[0], parts.checkpoint()[0]
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert [row["step"] for row in parts.metrics()] == [1, 2, 3, 4]
    assert parts.metrics()[-1] | {"seconds": 0} == whole.metrics()[-1] | {"seconds": 0}
    assert parts.metrics()[-1]["seconds"] > parts.metrics()[2]["seconds"] > 0
    assert parts.data["photographs"] == 3
    assert parts.data["parameters"] == sum(tensor.numel() for tensor in compact.Compact().parameters())
    evaluated = [row for row in parts.metrics() if "error/squeezenet.fire9" in row]
    assert [row["step"] for row in evaluated] == [2, 3, 4]
    assert compact.read(parts.model_path()).layers == tuple(compact.SOURCES)


def test_a_checkpoint_of_another_recipe_is_refused(teachers):
    tensors, state = training(teachers).checkpoint()
    with pytest.raises(UserError, match="does not belong to this net and recipe"):
        training(teachers, replace(TINY, pool=4)).restore(tensors, state)


def test_a_loss_that_is_not_finite_raises_an_error(teachers):
    learner = training(teachers)
    with torch.no_grad():
        learner.net.blocks["vgg19_relu1_1"][0].bias.fill_(math.inf)
    with pytest.raises(UserError, match="loss of step 1 is no longer a number"):
        learner.advance()


def test_the_rate_rises_stays_and_falls():
    recipe = DistillationRecipe(steps=1000, decay=0.5, learning_rate=1.0)
    assert recipe.rate(0) == pytest.approx(0.01)
    assert recipe.rate(300) == 1.0
    assert recipe.rate(750) == pytest.approx(0.5)
    assert recipe.rate(999) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"crop": 32}, "Crops of 32 px"),
        ({"transfers": 6}, "6 cannot come from 8 transfers"),
        ({"transfers": 4, "pool": 2}, "4 cannot come from 2 transfers"),
        ({"teacher_forcing": 1.5}, "teacher_forcing is 1.5"),
        ({"gram": -1.0}, "gram is -1.0"),
        ({"learning_rate": math.nan}, "learning rate is nan"),
    ],
)
def test_impossible_settings_are_refused(setting, sentence):
    with pytest.raises(UserError, match=sentence):
        DistillationRecipe(**setting)
