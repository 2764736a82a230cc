"""Style transfer by optimisation: its losses, its scales and its colours."""

from dataclasses import replace

import pytest
import torch

from core import images
from core.errors import UserError
from core.style import compact, losses, optimisation, optimisation_recipe, sources
from core.style.optimisation import ImageOptimisation
from core.style.optimisation_recipe import OptimisationRecipe
from tests.optimisation import CONTENT, STYLE, TINY, ship_compact
from tests.painting import picture

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    ship_compact(tmp_path, monkeypatch)


def begun(recipe: OptimisationRecipe) -> ImageOptimisation:
    return ImageOptimisation(recipe, CONTENT, STYLE, sources.load(recipe.network))


@pytest.mark.parametrize("optimizer", optimisation_recipe.OPTIMIZERS)
@pytest.mark.parametrize("start", optimisation_recipe.STARTS)
def test_the_loss_falls(optimizer, start):
    work = begun(replace(TINY, optimizer=optimizer, start=start, steps=12))
    rows = [work.advance() for _ in range(12)]
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]
    assert work.picture().shape == CONTENT.shape


def test_terms_are_those_of_the_losses_and_add_up():
    work = begun(replace(TINY, content=2.0, style=3.0, variation=0.7, start="noise"))
    x = work.x.detach().clone()
    row = work.advance()
    net = sources.load("compact")
    with torch.no_grad():
        features, content = net(x, compact.SOURCES), net(images.to_tensor(CONTENT), compact.SOURCES)
        grams = {name: losses.gram(maps) for name, maps in net(images.to_tensor(STYLE), compact.SOURCES).items()}
        assert row["content"] == pytest.approx(
            losses.content_loss(features, content, TINY.content_layers).item(), rel=1e-4
        )
        assert row["style"] == pytest.approx(losses.style_loss(features, grams, TINY.style_layers).item(), rel=1e-4)
        assert row["variation"] == pytest.approx(losses.total_variation(x).item(), rel=1e-4)
    assert row["style"] == pytest.approx(row["style/vgg19.relu1_1"] + row["style/vgg19.relu2_1"])
    assert row["loss"] == pytest.approx(2 * row["content"] + 3 * row["style"] + 0.7 * row["variation"], rel=1e-4)


def test_the_thesis_own_equations_are_not_relative():
    row = begun(replace(TINY, relative=False, start="noise")).advance()
    by_channels = begun(replace(TINY, relative=False, start="noise", convention="CHW")).advance()
    assert by_channels["style/vgg19.relu1_1"] == pytest.approx(row["style/vgg19.relu1_1"] / 64**2, rel=1e-3)
    assert by_channels["style/vgg19.relu2_1"] == pytest.approx(row["style/vgg19.relu2_1"] / 128**2, rel=1e-3)
    assert by_channels["content"] == pytest.approx(row["content"], rel=1e-4)


def test_original_colours_are_kept():
    work = begun(replace(TINY, keep_colours=True, steps=6))
    for _ in range(6):
        work.advance()
    painted, before = (images.to_tensor(shown) for shown in (work.picture(), CONTENT))
    inside = ((painted > 0.01) & (painted < 0.99)).all(1, keepdim=True)  # elsewhere it was clipped
    chroma = [(x - optimisation.luminance(x)) * inside for x in (painted, before)]
    assert (chroma[0] - chroma[1]).abs().max() < 0.01
    assert (optimisation.luminance(painted) - optimisation.luminance(before)).abs().mean() > 0.01
    assert inside.float().mean() > 0.5


def test_from_coarse_to_fine_every_scale_has_its_part():
    recipe = replace(TINY, size=256, steps=6, scales=3)
    work = ImageOptimisation(recipe, picture(192, 256), STYLE, sources.load("compact"))
    sizes = []
    for _ in range(6):
        work.advance()
        sizes.append(tuple(work.x.shape[-2:]))
    assert sizes == [(48, 64)] * 2 + [(96, 128)] * 2 + [(192, 256)] * 2


def test_noise_is_of_small_variance_and_the_seed_s_own():
    first, same, other = (optimisation.first_picture(CONTENT, replace(TINY, start="noise", seed=s)) for s in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert 0.05 < first.std() < 0.15
    assert torch.equal(optimisation.first_picture(CONTENT, TINY), images.to_tensor(CONTENT))


def test_weights_can_change_and_impossible_ones_are_refused():
    work = begun(TINY)
    assert work.set_weights({"style": 5}) == ""
    assert "content weight of" not in work.set_weights({"style": 6})
    assert "is -1; it must be a number of zero or more. The former weight stays." in work.set_weights({"style": -1})
    assert work.weights["style"] == 6


def test_a_changed_loss_resets_lbfgs():
    work = begun(replace(TINY, optimizer="lbfgs"))
    work.advance()
    before = work.optimizer
    work.set_weights({"style": TINY.style})
    assert work.optimizer is before
    work.set_weights({"style": 1.0})
    assert work.optimizer is not before


def test_a_checkpoint_of_another_transfer_is_refused():
    tensors, state = begun(TINY).checkpoint()
    with pytest.raises(UserError, match="does not belong to this transfer"):
        begun(TINY).restore(tensors, {**state, "weights": {}})
