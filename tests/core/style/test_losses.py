"""The perceptual losses against numbers worked out by hand and against finite differences."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from core.errors import UserError
from core.style import losses


def maps(*shape: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64)


def test_gram_divides_by_the_pixels_alone():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]]])  # two maps of two pixels
    expected = torch.tensor([[[(1 + 4) / 2, (3 - 2) / 2], [(3 - 2) / 2, (9 + 1) / 2]]])
    torch.testing.assert_close(losses.gram(features), expected)


def test_gram_does_not_care_about_the_layout_in_memory():
    features = maps(2, 3, 4, 5)
    last = features.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(losses.gram(last), losses.gram(features))


def test_layer_losses_are_mean_squares():
    torch.testing.assert_close(
        losses.layer_content_loss(torch.full((2, 3, 4, 4), 3.0), torch.ones(2, 3, 4, 4)), torch.tensor([4.0, 4.0])
    )
    torch.testing.assert_close(
        losses.layer_style_loss(torch.zeros(1, 2, 2), torch.tensor([[[2.0, 0.0], [0.0, 0.0]]])), torch.tensor([1.0])
    )


def test_content_loss_counts_each_layer_in_units_of_its_variance():
    content = {"a": maps(2, 3, 4, 4), "b": maps(2, 5, 2, 2, seed=1)}
    weights = {"a": 1.0, "b": 0.5}
    nothing = {name: target.mean((1, 2, 3), keepdim=True).expand_as(target) for name, target in content.items()}
    torch.testing.assert_close(losses.content_loss(nothing, content, weights), torch.tensor([1.5, 1.5]).double())
    scaled = [{name: 100 * features for name, features in each.items()} for each in (nothing, content)]
    torch.testing.assert_close(losses.content_loss(*scaled, weights), torch.tensor([1.5, 1.5]).double())


def test_style_loss_of_nothing_is_the_sum_of_the_layer_weights():
    targets = {"a": losses.gram(maps(2, 3, 4, 4)), "b": losses.gram(maps(2, 5, 2, 2))}
    nothing = {"a": torch.zeros(2, 3, 8, 8).double(), "b": torch.zeros(2, 5, 4, 4).double()}
    loss = losses.style_loss(nothing, targets, {"a": 1.0, "b": 2.0})
    torch.testing.assert_close(loss, torch.tensor([3.0, 3.0]).double())


def test_losses_of_the_same_picture_are_zero():
    features = {"a": maps(2, 3, 6, 4)}
    assert losses.content_loss(features, features, {"a": 1.0}).abs().max() == 0
    grams = {"a": losses.gram(features["a"])}
    assert losses.style_loss(features, grams, {"a": 1.0}).abs().max() == 0


def test_a_content_without_variance_still_gives_a_number():
    flat = {"a": torch.zeros(1, 2, 3, 3)}
    loss = losses.content_loss({"a": torch.ones(1, 2, 3, 3)}, flat, {"a": 1.0})
    torch.testing.assert_close(loss, torch.tensor([1.0]))


def test_total_variation_by_hand():
    picture = torch.tensor([[[[0.0, 1.0], [3.0, 3.0]]]])
    assert losses.total_variation(picture).item() == pytest.approx((9 + 4 + 1 + 0) / 4)
    assert losses.total_variation(torch.ones(1, 3, 5, 5)).item() == 0


def test_total_loss_weighs_the_three_terms():
    terms = losses.Terms(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), torch.tensor([100.0, 200.0]))
    loss = losses.total_loss(terms, 2.0, torch.tensor([0.5, 3.0]), 0.01)
    torch.testing.assert_close(loss, torch.tensor([2 + 5 + 1.0, 4 + 60 + 2.0]))


def test_half_numbers_are_compared_in_full_width():
    almost = torch.full((1, 1, 8, 8), 1.0, dtype=torch.bfloat16)
    loss = losses.layer_content_loss(almost + 0.0078125, almost)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(0.0078125**2)


def test_gradients_agree_with_finite_differences():
    content = {"a": maps(2, 3, 3, 4, seed=2)}
    targets = {"a": losses.gram(maps(2, 3, 5, 5, seed=3))}
    x = maps(2, 3, 3, 4).requires_grad_()
    weights = {"a": 0.7}
    assert gradcheck(losses.gram, x)
    assert gradcheck(lambda x: losses.content_loss({"a": x}, content, weights), x)
    assert gradcheck(lambda x: losses.style_loss({"a": x}, targets, weights), x)
    assert gradcheck(losses.total_variation, x)


def test_gradient_of_the_total_loss_agrees_with_finite_differences():
    content, targets = {"a": maps(2, 3, 3, 4, seed=2)}, {"a": losses.gram(maps(1, 3, 5, 5, seed=3))}

    def total(x: torch.Tensor) -> torch.Tensor:
        features = {"a": x}
        terms = losses.Terms(
            losses.content_loss(features, content, {"a": 1.0}),
            losses.style_loss(features, targets, {"a": 1.0}),
            losses.total_variation(x),
        )
        return losses.total_loss(terms, 1.0, 3.0, 0.1)

    assert gradcheck(total, maps(2, 3, 3, 4).requires_grad_())


def test_the_other_convention_divides_by_the_channels_too():
    features = maps(2, 5, 4, 3)
    torch.testing.assert_close(losses.gram(features, "CHW") * 5, losses.gram(features, "HW"))
    with pytest.raises(UserError, match="no Gram convention 'WH'; choose HW or CHW"):
        losses.gram(features, "WH")


def test_terms_of_the_equations_by_hand():
    ones, zeros = torch.ones(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    assert losses.content_terms({"a": 3 * ones}, {"a": ones}, {"a": 0.5}, relative=False)["a"].item() == 0.5 * 4
    target = {"a": losses.gram(zeros)}
    assert losses.style_terms({"a": 2 * ones}, target, {"a": 3.0}, relative=False)["a"].item() == 3 * 16
    target = {"a": losses.gram(zeros, "CHW")}
    terms = losses.style_terms({"a": 2 * ones}, target, {"a": 3.0}, relative=False, convention="CHW")
    assert terms["a"].item() == 3 * 16 / 4  # smaller by the square of the channels


def test_terms_are_told_layer_by_layer_and_add_up():
    painted, content = ({"a": maps(2, 3, 4, 4, seed=s), "b": maps(2, 5, 2, 2, seed=s)} for s in (1, 2))
    weights = {"a": 1.0, "b": 0.5}
    terms = losses.content_terms(painted, content, weights)
    assert set(terms) == {"a", "b"}
    torch.testing.assert_close(sum(terms.values()), losses.content_loss(painted, content, weights))
    targets = {name: losses.gram(features) for name, features in content.items()}
    torch.testing.assert_close(
        sum(losses.style_terms(painted, targets, weights).values()), losses.style_loss(painted, targets, weights)
    )


def test_a_style_without_any_features_still_gives_a_number():
    terms = losses.style_terms({"a": torch.ones(1, 2, 3, 3)}, {"a": torch.zeros(1, 2, 2)}, {"a": 1.0})
    assert terms["a"].item() == 1


def test_total_variation_with_other_exponents_by_hand():
    picture = torch.tensor([[[[0.0, 4.0], [3.0, 3.0]]]])
    # upper left: 3 down, 4 right; upper right: 1 down; lower left: 0 right; lower right: nothing left
    assert losses.total_variation(picture, 1.0).item() == pytest.approx((5 + 1 + 0 + 0) / 4)
    assert losses.total_variation(picture, 3.0).item() == pytest.approx((125 + 1) / 4)
    assert losses.total_variation(picture, 2.0).item() == pytest.approx((25 + 1) / 4)


def test_total_variation_of_a_flat_picture_has_no_slope():
    picture = torch.ones(1, 3, 4, 4, requires_grad=True)
    losses.total_variation(picture, 1.0).sum().backward()
    assert picture.grad.abs().max() == 0


@pytest.mark.parametrize("exponent", [0.5, math.nan, math.inf])
def test_a_bad_exponent_is_told(exponent):
    with pytest.raises(UserError, match="exponent of the total variation"):
        losses.total_variation(torch.ones(1, 3, 4, 4), exponent)


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("convention", losses.CONVENTIONS)
def test_gradients_of_every_form_agree_with_finite_differences(relative, convention):
    content = {"a": maps(1, 3, 3, 4, seed=2)}
    targets = {"a": losses.gram(maps(1, 3, 5, 5, seed=3), convention)}
    x, one = maps(1, 3, 3, 4).requires_grad_(), {"a": 0.7}
    assert gradcheck(lambda x: losses.content_terms({"a": x}, content, one, relative=relative)["a"], x)
    assert gradcheck(
        lambda x: losses.style_terms({"a": x}, targets, one, relative=relative, convention=convention)["a"], x
    )


@pytest.mark.parametrize("exponent", [1.0, 1.25, 2.0, 3.0])
def test_gradient_of_the_total_variation_agrees_with_finite_differences(exponent):
    assert gradcheck(lambda x: losses.total_variation(x, exponent), maps(2, 3, 4, 4).requires_grad_())


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [(-1.0, "is -1.0"), (math.nan, "is nan"), (math.inf, "is inf"), ("x", "is 'x'"), (True, "is True")],
)
def test_weights_that_mean_nothing_are_told(weight, sentence):
    with pytest.raises(UserError, match=f"content weight of a {sentence}; it must be a number of zero or more"):
        losses.check_weights({"a": weight}, "content")


def test_an_unknown_layer_is_told():
    losses.check_weights({"a": 0.0}, "style", ("a", "b"))
    with pytest.raises(UserError, match="no loss layer 'c'; the layers are a, b"):
        losses.check_weights({"c": 1.0}, "style", ("a", "b"))


def test_a_style_of_one_colour_is_told():
    flat = np.full((40, 40, 3), (10, 200, 30), np.uint8)
    with pytest.raises(UserError, match="of one colour"):
        losses.check_style(flat)
    flat[4, 4, 1] = 201
    losses.check_style(flat)


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        ((8, 8), "is 8 x 8 px; each side needs at least 32"),
        ((31, 90), "is 90 x 31 px; each side needs at least 32"),
        ((40, 960), "is 960 x 40 px, too long and narrow to learn from; cut out a part that is at most 8 times"),
        ((960, 40), "is 40 x 960 px, too long and narrow"),
    ],
)
def test_a_style_that_is_too_small_or_too_long_is_told(size, sentence):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    with pytest.raises(UserError, match=f"The painting x {sentence}"):
        losses.check_style(noise, "The painting x")
    longest = np.random.default_rng(0).integers(0, 256, (32, 256, 3), np.uint8)
    losses.check_style(longest)
