"""The training of a style network: its run folder, its card, and that a resumed run ends in the same weights."""

import dataclasses

import numpy as np
import pytest
import torch

from core import images
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import writing
from core.style import pastiche_card, pastiche_recipe, pastiche_run, pastiche_training
from core.style.origin import origin_of
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_training import PasticheData, PasticheTraining
from core.style.photographs import Photographs
from tests.painting import loss_networks, net, picture

pytestmark = pytest.mark.slow

TINY = PasticheRecipe(("stripes", "dots"), steps=4, crop=32, style_side=48, width=0.25, log_every=1, save_every=2)
PAINTINGS = {"stripes": picture(50, 60, 5), "dots": 255 - picture(64, 40, 6)}


@pytest.fixture(scope="module")
def networks():
    return loss_networks()


def photographs() -> Photographs:
    return Photographs([torch.from_numpy(picture(40 + 4 * seed, 50, seed)) for seed in range(3)])


def data(networks) -> PasticheData:
    return PasticheData(photographs(), PAINTINGS, networks)


def training(networks, recipe: PasticheRecipe = TINY) -> PasticheTraining:
    return PasticheTraining(recipe, data(networks))


def start(recipe: PasticheRecipe = TINY) -> Run:
    return Run.create("pastiche", pastiche_recipe.settings_of(recipe))


def go(run: Run, networks, **more) -> None:
    with writing(run) as writer:
        pastiche_run.carry_out(writer, data(networks), [picture(24, 30, 7), picture(32, 20, 8)], **more)


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(networks):
    whole, first = training(networks), training(networks)
    for _ in range(5):
        whole.advance()
    for _ in range(2):
        first.advance()
    second = training(networks)
    second.restore(*first.checkpoint())
    for _ in range(3):
        second.advance()
    assert second.step == whole.step == 5
    for name, tensor in whole.net.state_dict().items():
        assert torch.equal(second.net.state_dict()[name], tensor), name


def test_a_checkpoint_from_before_the_first_step_is_loaded(networks):
    first, second = training(networks), training(networks, dataclasses.replace(TINY, seed=5))
    second.restore(*first.checkpoint())
    first.advance()
    second.advance()
    assert torch.equal(first.net.enter.convolution.weight, second.net.enter.convolution.weight)


def test_a_checkpoint_of_another_net_is_refused(networks):
    other = training(networks, dataclasses.replace(TINY, width=0.5))
    with pytest.raises(UserError, match="does not belong to this net"):
        training(networks).restore(*other.checkpoint())


def test_a_run_folder_holds_losses_of_each_style_previews_and_weights(networks):
    run = start()
    go(run, networks, facts={"photographs": 3})
    assert run.status().state == "finished"
    rows = run.metrics()
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert {"content", "style", "variation", "learning_rate"} <= set(rows[0])
    drawn = {key for row in rows for key in row}
    assert {"style/stripes", "style/dots", "content/dots"} <= drawn
    assert [path.stem for path in run.previews()] == ["dots", "stripes"]
    assert images.decode(run.previews()[0]).shape == (48, 30 + 15, 3)  # two of height 24, above their paintings
    opened = Run.open(run.id)
    assert opened.data["names"] == ["stripes", "dots"]
    assert opened.data["photographs"] == 3
    assert opened.status().progress.step == 4


def test_a_stopped_run_goes_on_and_ends_like_one_that_never_stopped(networks):
    whole, stopped = start(), start()
    go(whole, networks)
    original = PasticheTraining.advance

    def stop_after_two(self):
        if self.step == 1:
            stopped.request("stop")
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasticheTraining, "advance", stop_after_two)
        go(stopped, networks)
    assert stopped.status().state == "stopped"
    assert stopped.checkpoint()[1]["step"] == 2
    go(stopped, networks)
    assert stopped.status().state == "finished"
    assert [row["step"] for row in stopped.metrics()] == [1, 2, 3, 4]
    seconds = [row["seconds"] for row in stopped.metrics()]
    assert seconds == sorted(seconds) and round(stopped.checkpoint()[1]["seconds"], 3) == seconds[-1] > 0
    ours, theirs = stopped.checkpoint()[0], whole.checkpoint()[0]
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_training_lowers_the_loss(networks):
    lowering = training(networks, dataclasses.replace(TINY, steps=60, style=3.0))
    totals = []
    for _ in range(40):
        _, terms = lowering.advance()
        totals.append(float((terms.content + 3 * terms.style).detach().mean()))
    assert np.mean(totals[-8:]) < 0.8 * np.mean(totals[:8])


def test_a_style_without_weight_is_left_to_the_content(networks):
    quiet = training(networks, dataclasses.replace(TINY, style_factors={"dots": 0.0}))
    assert quiet.style_weights.tolist() == [TINY.style, 0.0]


def test_a_style_is_drawn_in_proportion_to_its_share(networks):
    often = training(networks, dataclasses.replace(TINY, batch=64, style_shares={"dots": 7.0}))
    drawn = torch.cat([often.advance()[0] for _ in range(4)])
    first = TINY.styles.index("dots")
    assert 0.8 < (drawn == first).float().mean() < 0.95  # 7 of 8
    never = training(networks, dataclasses.replace(TINY, batch=64, style_shares={"dots": 0.0}))
    assert first not in never.advance()[0]


def test_targets_are_grams_of_the_paintings_at_the_style_s_size(networks):
    small = pastiche_training.style_targets(networks, list(PAINTINGS.values()), TINY)
    assert small["vgg19.relu1_1"].shape == (2, 64, 64)
    large = pastiche_training.style_targets(
        networks, list(PAINTINGS.values()), dataclasses.replace(TINY, style_side=60)
    )
    assert not torch.allclose(small["vgg19.relu3_1"], large["vgg19.relu3_1"])


def test_a_loss_that_is_not_finite_raises_an_error(networks):
    broken = training(networks)
    with torch.no_grad():
        broken.net.enter.convolution.weight.fill_(float("nan"))
    with pytest.raises(UserError, match="loss of step 1 is no longer a number"):
        broken.advance()


def test_a_training_can_start_from_another_s_weights(networks):
    first = start(dataclasses.replace(TINY, steps=3))
    go(first, networks)
    second = Run.create(
        "pastiche", pastiche_recipe.settings_of(dataclasses.replace(TINY, steps=2, seed=9), start=first.id)
    )
    styles = [{"name": name, "title": name, "artist": "", "year": ""} for name in TINY.styles]
    go(second, networks, facts={"photographs": 3, "styles": styles})
    begun = training(networks)
    assert begun.start_from(origin_of(first.id))["steps"] == 3
    assert torch.equal(begun.net.enter.convolution.weight, first.checkpoint()[0]["net.enter.convolution.weight"])
    card = pastiche_card.card_of(Run.open(second.id), "for research")
    assert card["steps"] == 5
    assert card["before"]["recipe"]["steps"] == 3
    go(second, networks)  # nothing is left to do, and what was before is not forgotten
    assert Run.open(second.id).data["before"]["steps"] == 3
    third = Run.create("pastiche", pastiche_recipe.settings_of(dataclasses.replace(TINY, steps=1), start=second.id))
    go(third, networks, facts={"photographs": 3, "styles": styles})
    card = pastiche_card.card_of(Run.open(third.id), "for research")
    assert card["steps"] == 6
    assert (card["before"]["steps"], card["before"]["before"]["steps"]) == (5, 3)
    assert card["before"]["training_seconds"] is not None


def test_an_older_checkpoint_without_a_crop_pool_is_loaded(networks):
    first = training(networks)
    first.advance()
    tensors, state = first.checkpoint()
    del tensors[pastiche_training.CROPS]
    second = training(networks)
    second.restore(tensors, state)
    second.advance()
    assert second.step == 2


def test_a_training_starts_from_a_net_with_only_some_of_its_styles(networks):
    other = start(dataclasses.replace(TINY, styles=("stripes",), steps=3))
    go(other, networks)
    tensors = other.checkpoint()[0]
    begun = training(networks, dataclasses.replace(TINY, styles=("dots", "stripes")))
    colours = begun.net.leave.norm.shift[0].clone()
    begun.start_from(origin_of(other.id))
    assert torch.equal(begun.net.enter.convolution.weight, tensors["net.enter.convolution.weight"])
    for name in ("enter.norm.shift", "leave.norm.scale"):
        assert torch.equal(begun.net.get_parameter(name)[1], tensors[f"net.{name}"][0])
    assert torch.equal(begun.net.enter.norm.shift[0], tensors["net.enter.norm.shift"][0])
    assert torch.equal(begun.net.leave.norm.shift[0], colours)


def test_a_training_does_not_start_from_a_net_of_another_width(networks):
    other = start(dataclasses.replace(TINY, width=0.5))
    go(other, networks)
    with pytest.raises(UserError, match="no weights of a style network of this width"):
        training(networks).start_from(origin_of(other.id))


def test_a_strip_shows_photographs_above_their_paintings():
    shown = pastiche_run.strip(net(), 0, [picture(24, 30), picture(48, 48)])
    assert shown.shape == (48, 54, 3)
    assert np.array_equal(shown[:24, :30], picture(24, 30))


def test_a_card_describes_the_weights_and_holds_no_path(networks):
    run = Run.create("pastiche", pastiche_recipe.settings_of(TINY, photos_folder="/somewhere/photos"))
    with pytest.raises(UserError, match="no weights yet"):
        pastiche_card.card_of(run, "for research")
    styles = [{"name": name, "title": name, "artist": "", "year": ""} for name in TINY.styles]
    go(run, networks, facts={"photographs": 3, "styles": styles})
    card = pastiche_card.card_of(Run.open(run.id), "for research")
    assert (card["kind"], card["steps"], card["licence"]) == ("pastiche", 4, "for research")
    assert card["title"] == "2 paintings" and card["training_seconds"] is not None
    assert card["styles"][0]["losses"]["style"] > 0
    assert "somewhere" not in str(card)


def test_a_painting_of_one_colour_is_refused():
    with pytest.raises(UserError, match="The painting a is of one colour"):
        pastiche_training.style_targets(loss_networks(), [np.full((40, 40, 3), 7, np.uint8)], PasticheRecipe(("a",)))
