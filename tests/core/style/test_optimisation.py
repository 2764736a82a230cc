"""Style transfer by optimisation: it lowers its loss, and a resumed one ends in the same picture."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core import images, weights
from core.errors import UserError
from core.runs.run import Run, root
from core.style import compact, losses, optimisation, optimisation_recipe, optimisation_run, sources
from core.style.optimisation import ImageOptimisation
from core.style.optimisation_recipe import OptimisationRecipe
from tests.painting import picture

pytestmark = pytest.mark.slow

CONTENT, STYLE = picture(48, 64, 1), 255 - picture(60, 50, 2)[:, ::-1]
LAYERS = {"content_layers": {"vgg19.relu2_1": 1.0}, "style_layers": {"vgg19.relu1_1": 0.5, "vgg19.relu2_1": 0.5}}
TINY = OptimisationRecipe(size=64, style_size=60, steps=4, save_every=2, **LAYERS)


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    """Untrained weights of compact, as if they were shipped."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    weights.write(sources.compact_path(), compact.fresh(5).state_dict())


def begun(recipe: OptimisationRecipe) -> ImageOptimisation:
    return ImageOptimisation(recipe, CONTENT, STYLE, sources.load(recipe.network))


def run_of(name: str, recipe: OptimisationRecipe) -> Run:
    return optimisation_run.create(CONTENT, STYLE, recipe, path=root() / name)


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


@pytest.mark.parametrize(
    "changes",
    [{}, {"optimizer": "lbfgs", "start": "noise"}, {"size": 128, "scales": 2, "keep_colours": True}],
    ids=["adam", "lbfgs", "coarse to fine"],
)
def test_a_transfer_that_was_interrupted_ends_with_the_very_picture_of_one_that_was_not(changes, monkeypatch):
    recipe = replace(TINY, steps=6, save_every=3, **changes)
    big = picture(96, 128, 1) if "size" in changes else CONTENT
    whole = optimisation_run.create(big, STYLE, recipe, path=root() / "whole")
    optimisation_run.carry_out(whole)
    parts = optimisation_run.create(big, STYLE, recipe, path=root() / "parts")
    real, calls = ImageOptimisation.advance, []

    def killed(self):
        calls.append(self.step)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(self)

    monkeypatch.setattr(ImageOptimisation, "advance", killed)
    with pytest.raises(KeyboardInterrupt):
        optimisation_run.carry_out(parts)
    assert Run.open(parts.path).status().state == "interrupted"
    optimisation_run.carry_out(Run.open(parts.path))
    assert calls == [0, 1, 2, 3, 4, 3, 4, 5]
    ours, theirs = whole.checkpoint(), parts.checkpoint()
    assert set(ours[0]) == set(theirs[0])
    assert all(torch.equal(tensor, theirs[0][name]) for name, tensor in ours[0].items())
    assert [row["step"] for row in parts.metrics()] == [1, 2, 3, 4, 5, 6]
    assert [row | {"seconds": 0} for row in parts.metrics()] == [row | {"seconds": 0} for row in whole.metrics()]
    seconds = [row["seconds"] for row in parts.metrics()]
    assert seconds[0] > 0 and seconds == sorted(seconds), "the second process goes on where the first one stopped"
    assert np.array_equal(optimisation_run.picture_of(parts), optimisation_run.picture_of(whole))


def test_a_run_folder_shows_its_first_picture_before_any_step():
    run = run_of("mine", TINY)
    (preview,) = run.previews()
    assert images.decode(preview).shape == CONTENT.shape
    assert np.abs(images.decode(preview).astype(int) - CONTENT).mean() < 5
    assert np.array_equal(images.decode(run.path / "style.png"), STYLE)
    assert optimisation_run.picture_of(run) is None


def test_weights_change_while_it_runs_and_impossible_ones_are_refused():
    run = run_of("mine", TINY)
    run.request("run", style=0.0, content=-3, variation=2)
    optimisation_run.carry_out(run)
    row = run.metrics()[-1]
    assert (row["weight/style"], row["weight/content"], row["weight/variation"]) == (0.0, 1.0, 2.0)
    assert row["loss"] == pytest.approx(row["content"] + 2 * row["variation"], rel=1e-4)
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


def test_a_stopped_transfer_is_resumed(monkeypatch):
    run = run_of("mine", TINY)
    real = ImageOptimisation.advance

    def stopping(self):
        if self.step == 1:
            run.request("stop")
        return real(self)

    monkeypatch.setattr(ImageOptimisation, "advance", stopping)
    optimisation_run.carry_out(run)
    assert run.status().state == "stopped"
    assert run.checkpoint()[1]["step"] == 2
    monkeypatch.setattr(ImageOptimisation, "advance", real)
    optimisation_run.carry_out(run)
    assert run.status().state == "finished"
    assert run.checkpoint()[1]["step"] == 4


def test_a_transfer_that_diverges_fails_with_a_sentence_and_keeps_its_last_picture(monkeypatch):
    run = run_of("mine", TINY)
    real = ImageOptimisation.advance

    def exploding(self):
        if self.step == 3:
            with torch.no_grad():
                self.x.fill_(math.nan)
        return real(self)

    monkeypatch.setattr(ImageOptimisation, "advance", exploding)
    with pytest.raises(UserError, match="loss of step 4 is no longer a number"):
        optimisation_run.carry_out(run)
    assert run.status().state == "failed"
    assert "no longer a number" in run.status().message
    assert run.checkpoint()[1]["step"] == 2
    assert optimisation_run.picture_of(run) is not None


def test_a_checkpoint_of_another_transfer_is_refused():
    tensors, state = begun(TINY).checkpoint()
    with pytest.raises(UserError, match="does not belong to this transfer"):
        begun(TINY).restore(tensors, {**state, "weights": {}})


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
def test_settings_that_mean_nothing_are_told(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        replace(TINY, **changes)


def test_pictures_that_cannot_be_used_are_told_before_anything_is_written():
    narrow = np.zeros((3, 400, 3), np.uint8)
    with pytest.raises(UserError, match="photograph is 400 x 3 px, at this size 64 x 1 px"):
        optimisation_run.create(narrow, STYLE, TINY)
    with pytest.raises(UserError, match="style picture is of one colour"):
        optimisation_run.create(CONTENT, np.full((50, 50, 3), 9, np.uint8), TINY)
    sources.compact_path().unlink()
    with pytest.raises(UserError, match=r"Compact \(built in\) is not here"):
        optimisation_run.create(CONTENT, STYLE, TINY)
    assert not root().exists()
