"""The rows of a style network in its training: full, soft and of the photograph; and the terms that a recipe adds."""

import dataclasses
import json

import pytest
import torch
import torch.nn.functional as F

from core import images
from core.errors import UserError
from core.runs.run import Run
from core.style import losses, painting_targets, pastiche_card, pastiche_recipe, pastiche_run, picture_losses
from core.style.network import one_hot
from core.style.origin import origin_of
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_training import Draw
from tests.painting import loss_networks
from tests.pastiche import PAINTINGS, STYLES, TINY, go, start, training

FULL = dataclasses.replace(
    TINY,
    crop=64,
    style_side=64,
    shift=150.0,
    tone=2.0,
    colour=1.0,
    style_scales=2,
    draft=0.5,
    soft=0.25,
    photograph=100.0,
    average=0.9,
    rate_warmup_steps=2,
    style_factors={"dots": 0.5},
    style_shares={"stripes": 2.0},
)
ROWS = ("stripes", "dots", "stripes__soft", "dots__soft", "photograph")


@pytest.fixture(scope="module")
def networks():
    return loss_networks()


def terms_of(one, row: int, draw: Draw = Draw()) -> losses.Terms:  # noqa: B008 - frozen
    crops = [one.crops.crop(seed) for seed in (11, 12)]
    with torch.no_grad():
        return one._terms(crops, torch.full((2,), row), draw)


def test_rows_are_the_paintings_the_same_softly_and_the_photograph():
    assert FULL.rows == ROWS and TINY.rows == TINY.styles
    assert FULL.factors == [1.0, 0.5, 0.25, 0.125, 0.0]
    assert FULL.shares == [2.0, 1.0, 1.0, 0.5, 1.5]
    assert TINY.factors == [1.0, 1.0] and TINY.shares == [1.0, 1.0]


def test_a_soft_row_has_its_part_of_the_style_weight_and_the_photograph_none(networks):
    one = training(networks, FULL)
    assert one.losses.style_weights.tolist() == pytest.approx([3.0, 1.5, 0.75, 0.375, 0.0])
    assert one.net.styles == 5
    full, soft, photograph = (terms_of(one, row) for row in (1, 3, 4))
    assert (full.style > 0).all() and (photograph.style == 0).all()
    assert (full.added["photograph"] == 0).all() and (photograph.added["photograph"] > 0).all()
    for name in ("tone", "colour"):
        assert (soft.added[name] > 0).all() and (photograph.added[name] == 0).all()


def test_a_new_net_has_each_painting_s_colours_in_both_of_its_rows(networks):
    net = training(networks, FULL).net
    for full, soft in ((0, 2), (1, 3)):
        assert torch.equal(net.leave.norm.shift[full], net.leave.norm.shift[soft])
    assert not torch.equal(net.leave.norm.shift[0], net.leave.norm.shift[1])


def test_a_step_weighs_its_terms(networks):
    one = training(networks, FULL)
    rows = torch.tensor([1, 4])
    numbers = {name: torch.rand(2) for name in ("shift", "tone", "colour", "photograph")}
    terms = losses.Terms(torch.tensor([1.0, 2.0]), torch.tensor([0.3, 0.4]), torch.tensor([0.01, 0.02]), numbers)
    added = 150 * numbers["shift"] + 2 * numbers["tone"] + numbers["colour"] + 100 * numbers["photograph"]
    expected = terms.content + torch.tensor([1.5 * 0.3, 0.0]) + 2 * terms.variation + added
    torch.testing.assert_close(one.losses.total(terms, rows, FULL.style_warmup_steps), expected)


def test_the_terms_are_those_of_the_painted_crops(networks):
    one = training(networks, FULL)
    crops = [one.crops.crop(seed) for seed in (11, 12)]
    x = torch.cat([crop.picture for crop in crops])
    blend = one_hot(torch.tensor([1, 1]), 5)
    painting = images.to_tensor(images.fit(PAINTINGS["dots"], 64))
    with torch.no_grad():
        painted = one.net(x, blend)
        moved = torch.roll(one.net(torch.roll(x, (2, 3), (2, 3)), blend), (-2, -3), (2, 3))
    terms = terms_of(one, 1, Draw((2, 3)))
    torch.testing.assert_close(terms.added["shift"], (painted - moved)[..., 16:-16, 16:-16].square().mean((1, 2, 3)))
    tone = picture_losses.tone_loss(painted, x, picture_losses.tone_of(painting))
    torch.testing.assert_close(terms.added["tone"], tone)
    each = [
        picture_losses.colour_loss(picture_losses.palette_of(painted, side), picture_losses.palette_of(painting, side))
        for side in (4, 16)
    ]
    torch.testing.assert_close(terms.added["colour"], (each[0] + each[1]) / 2)
    pixels = terms_of(one, 4).added["photograph"]
    with torch.no_grad():
        given_back = one.net(x, one_hot(torch.tensor([4, 4]), 5))
    torch.testing.assert_close(pixels, (given_back - x).square().mean((1, 2, 3)))


def test_style_is_the_mean_over_full_and_half_size(networks):
    one = training(networks, FULL)
    crops = [one.crops.crop(seed) for seed in (11, 12)]
    layers = one.losses.layers.style
    with torch.no_grad():
        painted = one.net(torch.cat([crop.picture for crop in crops]), one_hot(torch.tensor([1, 1]), 5))
    visible = torch.cat([crop.visible(picture[None]) for crop, picture in zip(crops, painted, strict=True)])
    expected = []
    for side, picture in ((64, visible), (32, F.avg_pool2d(visible, 2))):
        painting = images.to_tensor(images.fit(PAINTINGS["dots"], side))
        with torch.no_grad():
            targets = {layer: losses.gram(maps) for layer, maps in networks(painting, layers).items()}
            expected.append(losses.style_loss(networks(picture, layers), targets, layers))
    torch.testing.assert_close(terms_of(one, 1).style, (expected[0] + expected[1]) / 2)


def test_a_draft_is_the_net_s_painting_at_half_size_and_has_no_gradient(networks):
    one = training(networks, FULL)
    crops = [one.crops.crop(seed) for seed in (11, 12)]
    x, blend = torch.cat([crop.picture for crop in crops]), one_hot(torch.tensor([0, 0]), 5)
    draft = one._draft(x, blend)
    half = F.interpolate(x, (32, 32), mode="bilinear", antialias=True)
    with torch.no_grad():
        painted = one.net(half, blend).clamp(0, 1)
    expected = F.interpolate(painted, (64, 64), mode="bilinear")
    torch.testing.assert_close(draft, expected)
    assert not draft.requires_grad
    with torch.no_grad():
        from_draft = one._paint(x, blend, Draw(draft=True))[0]
        torch.testing.assert_close(from_draft, one.net((x + expected) / 2, blend))


def test_a_step_draws_moves_and_drafts_as_often_as_the_recipe_says(networks):
    one = training(networks, dataclasses.replace(FULL, draft=0.25))
    draws = [one._draw() for _ in range(400)]
    assert {draw.move for draw in draws} == {(down, right) for down in range(4) for right in range(4)}
    assert 0.18 < sum(draw.draft for draw in draws) / 400 < 0.33
    plain = training(networks)
    before = plain.generator.get_state()
    assert plain._draw() == Draw() and torch.equal(plain.generator.get_state(), before)


@pytest.mark.slow
def test_a_resumed_training_with_all_terms_ends_where_an_uninterrupted_one_does(networks):
    whole, first = training(networks, FULL), training(networks, FULL)
    for _ in range(5):
        whole.advance()
    for _ in range(2):
        first.advance()
    second = training(networks, FULL)
    second.restore(*first.checkpoint())
    for _ in range(3):
        second.advance()
    for name, tensor in whole.checkpoint()[0].items():
        assert torch.equal(second.checkpoint()[0][name], tensor), name
    for name, tensor in whole.weights().items():
        assert torch.equal(second.weights()[name], tensor), name


def test_saved_weights_are_a_moving_average(networks):
    one = training(networks, FULL)
    name = "enter.convolution.weight"
    expected = one.net.state_dict()[name].clone()
    for _ in range(3):
        one.advance()
        expected = 0.9 * expected + 0.1 * one.net.state_dict()[name]
    torch.testing.assert_close(one.weights()[name], expected)
    assert one.weights().keys() == one.net.state_dict().keys()
    latest = training(networks)
    latest.advance()
    assert torch.equal(latest.weights()[name], latest.net.state_dict()[name])
    assert not any(key.startswith("average") for key in latest.checkpoint()[0])


def test_soft_and_photograph_rows_start_from_a_net_without_them(networks):
    other = start(dataclasses.replace(TINY, steps=1))
    go(other, networks)
    tensors = other.checkpoint()[0]
    begun = training(networks, FULL)
    begun.start_from(origin_of(other.id))
    shifts = tensors["net.enter.norm.shift"]
    expected = torch.stack((shifts[0], shifts[1], shifts[0], shifts[1], shifts.mean(0)))
    torch.testing.assert_close(begun.net.enter.norm.shift.detach(), expected)
    assert torch.equal(begun.net.leave.norm.shift[3], tensors["net.leave.norm.shift"][1])


@pytest.mark.slow
def test_weights_are_exported_and_another_training_starts_from_the_file(networks, tmp_path):
    recipe = dataclasses.replace(FULL, steps=2, export_minutes=1e-6, average=0.0)
    run = start(recipe)
    go(run, networks, facts={"photographs": 3, "styles": STYLES})
    exports = run.path / "exports"
    assert sorted(path.name for path in exports.iterdir()) == [
        f"step_00000{step}.{suffix}" for step in (1, 2) for suffix in ("json", "safetensors")
    ]
    card = json.loads((exports / "step_000002.json").read_text())
    assert card["rows"] == list(ROWS) and card["steps"] == 2 and card["recipe"]["shift"] == 150.0
    for path in exports.glob("step_000002.*"):
        path.rename(tmp_path / path.name)
    begun = training(networks, FULL)
    made = begun.start_from(origin_of(str(tmp_path / "step_000002.safetensors")))
    assert made["steps"] == 2 and tuple(made["styles"]) == ROWS
    assert torch.equal(begun.net.enter.norm.scale, run.checkpoint()[0]["net.enter.norm.scale"])
    row = run.metrics()[-1]
    assert {"shift", "content", "style"} <= row.keys()
    assert pastiche_card.card_of(Run.open(run.id), "for research")["rows"] == list(ROWS)


def test_exports_can_be_left_out(networks):
    run = start(dataclasses.replace(TINY, steps=1, export_minutes=0.0))
    go(run, networks)
    assert not (run.path / "exports").exists()


def test_weights_start_from_a_card_that_is_beside_them(tmp_path):
    (tmp_path / "start.safetensors").touch()
    with pytest.raises(UserError, match="with a card start.json or card.json beside them"):
        origin_of(str(tmp_path / "start.safetensors"))
    (tmp_path / "card.json").write_text(json.dumps({"rows": ["a", "photograph"], "training": {"steps": 26}}))
    origin = origin_of(str(tmp_path / "start.safetensors"))
    assert (origin.names, origin.width, origin.made["steps"]) == (("a", "photograph"), 1.0, 26)
    for damaged in ("no json", "[]", '{"width": 1}', '{"rows": ["a"], "width": "wide"}'):
        (tmp_path / "start.json").write_text(damaged)
        with pytest.raises(UserError, match="names no rows of a style network"):
            origin_of(str(tmp_path / "start.safetensors"))


def test_metrics_have_means_of_the_added_terms_over_the_rows_that_have_them():
    sums = pastiche_run.StyleLosses(ROWS)
    ones = torch.ones(3)
    added = {"tone": torch.tensor([0.2, 0.4, 0.0]), "photograph": torch.tensor([0.0, 0.0, 0.7])}
    sums.add(torch.tensor([0, 1, 4]), losses.Terms(ones, ones, ones, added))
    row = sums.row()
    assert row["tone"] == pytest.approx(0.3) and row["photograph"] == pytest.approx(0.7)
    sums.add(torch.tensor([0]), losses.Terms(ones[:1], ones[:1], ones[:1]))
    assert "tone" not in sums.row()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"styles": ("photograph",)}, "The name photograph stands for a row"),
        ({"styles": ("a__soft",)}, "The name a__soft stands for a row"),
        ({"soft": 1.5}, "soft part of the style weight is 1.5"),
        ({"soft_share": -1.0}, "drawing weight of soft rows is -1"),
        ({"photograph_share": float("nan")}, "drawing weight of the photograph is nan"),
        ({"shift": -1.0}, "loss weight of shift is -1"),
        ({"tone": float("inf")}, "loss weight of tone is inf"),
        ({"colour": "much"}, "loss weight of colour is 'much'"),
        ({"draft": 1.5}, "part of drafts is from 0 to 1"),
        ({"average": 1.0}, "average's decay below 1"),
        ({"style_scales": 0}, "compared at 0 sizes"),
        ({"style_scales": 2, "crop": 48}, "at least 32 px a side"),
        ({"rate_warmup_steps": -1}, "rate_warmup_steps is -1; it must be a number of zero or more"),
        ({"clip": float("inf")}, "clip is inf"),
        ({"export_minutes": float("nan")}, "zero or more"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(change, sentence):
    with pytest.raises(UserError, match=sentence):
        PasticheRecipe(**{"styles": ("a",), **change})


def test_the_rate_rises_in_the_warm_up():
    recipe = PasticheRecipe(("a",), steps=100, learning_rate=0.01, decay=0.2, rate_warmup_steps=4)
    assert [recipe.rate(step) for step in (0, 1, 3, 4, 80)] == pytest.approx([0.0025, 0.005, 0.01, 0.01, 0.01])
    assert recipe.rate(90) == pytest.approx(0.005)


def test_settings_of_an_older_run_mean_what_they_meant():
    old = pastiche_recipe.settings_of(TINY)
    added = ("shift", "tone", "colour", "style_scales", "draft", "soft", "photograph", "average", "rate_warmup_steps")
    for name in (*added, "soft_share", "photograph_share", "export_minutes"):
        del old[name]
    recipe = pastiche_recipe.recipe_of(old)
    assert recipe == TINY and recipe.rows == TINY.styles
    assert not any(getattr(recipe, name) for name in added if name != "style_scales") and recipe.style_scales == 1


def test_targets_have_a_size_a_scale(networks):
    targets = painting_targets.painting_targets(networks, list(PAINTINGS.values()), FULL)
    assert len(targets.grams) == 2 and targets.tones.shape == (2, 2)
    half = painting_targets.style_targets(networks, list(PAINTINGS.values()), FULL, 1)
    assert torch.equal(targets.grams[1]["vgg19.relu2_1"], half["vgg19.relu2_1"])
    assert [palette.means.shape for palette in targets.palettes_of(torch.tensor([1, 1, 0]))] == [(3, 9, 2)] * 2
