"""The recipes by name, and what the thesis' own training needs: plain losses, its Gram convention, weights a style."""

import dataclasses
import math

import pytest
import torch

from core import images, weights
from core.errors import UserError
from core.style import losses, painting_targets, pastiche_presets, pastiche_recipe
from core.style.initial_weights import spread_scales
from core.style.network import PasticheNet, one_hot
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_training import Draw, PasticheTraining
from core.style.vgg import Vgg
from tests.painting import loss_networks
from tests.pastiche import PAINTINGS, TINY, data, training

PLAIN = dataclasses.replace(
    TINY,
    relative=False,
    clip=0.0,
    content_factors={"dots": 2.0},
    variation_factors={"stripes": 0.5},
    style_sides={"dots": 40},
)


@pytest.fixture(scope="module")
def networks():
    return loss_networks()


@pytest.mark.parametrize("name", pastiche_presets.PRESETS)
def test_a_preset_is_a_recipe_that_goes_through_a_run_s_settings(name):
    recipe = PasticheRecipe(("a", "b"), **pastiche_presets.preset(name))
    assert pastiche_recipe.recipe_of(pastiche_recipe.settings_of(recipe)) == recipe
    with pytest.raises(UserError, match="no recipe 'other'; choose one of shipped, thesis"):
        pastiche_presets.preset("other")


def test_the_thesis_trains_as_section_5_4_3_says():
    recipe = PasticheRecipe(("a",), **pastiche_presets.preset("thesis"))
    assert (recipe.steps, recipe.batch, recipe.crop, recipe.network) == (40_000, 4, 256, "vgg16")
    assert {recipe.rate(step) for step in (0, 20_000, 39_999)} == {0.001}
    assert recipe.layers.content == {"relu2_2": 1.0}
    assert recipe.layers.style == dict.fromkeys(("relu1_2", "relu2_2", "relu3_3", "relu4_3"), 1.0)
    assert not recipe.relative and recipe.norm_rate == 1 and recipe.clip == 0 and recipe.style_part(0) == 1
    assert recipe.rows == ("a",) and not (recipe.shift or recipe.tone or recipe.colour or recipe.draft)


def test_the_thesis_weights_mean_the_same_in_units_of_this_loss_network():
    """Its code weighs 1, 1e-4 and 1e-4 on features of pictures of 0 to 255, with the variation summed."""
    recipe = PasticheRecipe(("a",), **pastiche_presets.preset("thesis"))
    torch.manual_seed(0)
    picture, painted = torch.rand(2, 1, 3, 256, 256, dtype=torch.float64)
    white, black = (Vgg("vgg16").prepare(torch.full((1, 3, 1, 1), level)).mean().item() for level in (1.0, 0.0))
    unit = 255 / (white - black)  # of what the network sees
    maps = {"theirs": (painted * 255, picture * 255), "ours": (painted * 255 / unit, picture * 255 / unit)}
    content = {whose: (a - b).square().mean().item() for whose, (a, b) in maps.items()}
    style = {whose: (losses.gram(a) - losses.gram(b)).square().mean().item() for whose, (a, b) in maps.items()}
    down, right = (painted * 255).diff(dim=2).square().sum().item(), (painted * 255).diff(dim=3).square().sum().item()
    theirs = content["theirs"] + 1e-4 * style["theirs"] + 1e-4 * (down + right)
    variation = losses.total_variation(painted.float()).item()
    ours = content["ours"] + recipe.style * style["ours"] + recipe.variation * variation
    assert ours * unit**2 == pytest.approx(theirs, rel=0.01)
    assert recipe.style * style["ours"] * unit**2 == pytest.approx(1e-4 * style["theirs"], rel=0.01)


def test_losses_that_are_not_relative_are_the_equations_own(networks):
    one = training(networks, PLAIN)
    crop = one.crops.crop(11)
    layers = one.losses.layers
    with torch.no_grad():
        terms = one._terms([crop], torch.tensor([1]), Draw())
        painted = crop.visible(one.net(crop.picture, one_hot(torch.tensor([1]), 2)))
        features = networks(painted, layers.content | layers.style)
        painting = networks(images.to_tensor(images.fit(PAINTINGS["dots"], 40)), layers.style)
    content = sum(
        weight * (features[layer] - crop.content[layer]).square().mean() for layer, weight in layers.content.items()
    )
    style = 0.0
    for layer, weight in layers.style.items():
        grams = []
        for maps in (features[layer], painting[layer]):
            flat = maps[0].flatten(1)
            grams.append(flat @ flat.T / flat.shape[1])
        style += weight * (grams[0] - grams[1]).square().mean()
    torch.testing.assert_close(terms.content[0], content, rtol=1e-4, atol=0)
    torch.testing.assert_close(terms.style[0], style, rtol=1e-3, atol=0)
    by_channels = training(networks, dataclasses.replace(PLAIN, convention="CHW"))
    with torch.no_grad():
        assert by_channels._terms([crop], torch.tensor([1]), Draw()).style[0] < style / 64**2


def test_weights_of_single_styles_count_in_a_step(networks):
    one = training(networks, PLAIN)
    terms = losses.Terms(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.5]), torch.tensor([0.1, 0.1]))
    expected = torch.tensor([1.0 + 3 * 0.5 + 2 * 0.5 * 0.1, 2 * 2.0 + 3 * 0.5 + 2 * 0.1])
    torch.testing.assert_close(one.losses.total(terms, torch.tensor([0, 1]), PLAIN.style_warmup_steps), expected)


def test_a_style_has_its_own_weight_of_the_shift(networks):
    one = training(networks, dataclasses.replace(PLAIN, shift=100.0, shift_factors={"dots": 3.0}))
    nothing = torch.zeros(2)
    terms = losses.Terms(nothing, nothing, nothing, {"shift": torch.tensor([0.1, 0.2])})
    total = one.losses.total(terms, torch.tensor([0, 1]), 0)
    torch.testing.assert_close(total, torch.tensor([10.0, 60.0]))


def test_a_gradient_is_clipped_or_not(networks):
    norms = []
    for clip in (0.0, 1e-3):
        one = training(networks, dataclasses.replace(PLAIN, clip=clip))
        one.advance()
        gradients = torch.cat([parameter.grad.flatten() for parameter in one.net.parameters()])
        norms.append((float(gradients.norm()), one.gradient_norm))
    assert norms[0][0] == pytest.approx(norms[0][1], rel=1e-4) and norms[0][0] > 1
    assert norms[1][0] == pytest.approx(1e-3, rel=1e-2)


def test_scales_of_a_new_net_are_drawn_about_one():
    torch.manual_seed(0)
    net = PasticheNet(6, 1.0)
    before = net.enter.convolution.weight.clone()
    spread_scales(net, 0.2)
    scales = torch.cat([tensor.flatten() for name, tensor in net.named_parameters() if name.endswith("norm.scale")])
    assert scales.mean().item() == pytest.approx(1, abs=0.01) and scales.std().item() == pytest.approx(0.2, abs=0.01)
    assert torch.equal(net.enter.convolution.weight, before)
    assert all((tensor == 0).all() for name, tensor in net.named_parameters() if name.endswith("norm.shift"))


def test_gram_matrices_are_computed_once_for_a_file(networks, tmp_path, monkeypatch):
    file = tmp_path / "grams.safetensors"
    with_file = dataclasses.replace(data(networks), grams=file)
    first = PasticheTraining(TINY, with_file)
    stamp = file.stat().st_mtime_ns
    original = painting_targets.style_targets
    monkeypatch.setattr(painting_targets, "style_targets", None)  # not computed again
    second = PasticheTraining(TINY, with_file)
    for layer, matrices in first.losses.targets.grams[0].items():
        assert torch.equal(second.losses.targets.grams[0][layer], matrices)
    assert file.stat().st_mtime_ns == stamp
    monkeypatch.setattr(painting_targets, "style_targets", original)
    for other in ({"style_side": 40}, {"convention": "CHW"}, {"style_layers": {"vgg19.relu1_1": 1.0}}):
        changed = PasticheTraining(dataclasses.replace(TINY, **other), with_file)
        fresh = PasticheTraining(dataclasses.replace(TINY, **other), data(networks))
        for layer, matrices in fresh.losses.targets.grams[0].items():
            assert torch.equal(changed.losses.targets.grams[0][layer], matrices)


def test_another_file_is_not_taken_for_gram_matrices(networks, tmp_path):
    file = tmp_path / "weights.safetensors"
    weights.write(file, {"a": torch.zeros(1)})
    with pytest.raises(UserError, match="is no file of Gram matrices"):
        PasticheTraining(TINY, dataclasses.replace(data(networks), grams=file))
    with pytest.raises(UserError, match="cannot be written to"):
        PasticheTraining(TINY, dataclasses.replace(data(networks), grams=tmp_path / "none" / "grams.safetensors"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"convention": "WH"}, "no Gram convention 'WH'"),
        ({"content_factors": {"b": 1.0}}, "A factor is given for 'b'"),
        ({"variation_factors": {"a": -1.0}}, "variation weight of a is -1"),
        ({"style_sides": {"b": 64}}, "A size is given for 'b'"),
        ({"style_sides": {"a": 16}}, "at least 32 px a side"),
        ({"norm_rate": math.nan}, "norm_rate is nan"),
        ({"scale_deviation": -0.1}, "scale_deviation is -0.1"),
    ],
)
def test_what_cannot_work_is_refused(change, sentence):
    with pytest.raises(UserError, match=sentence):
        PasticheRecipe(**{"styles": ("a",), **change})
