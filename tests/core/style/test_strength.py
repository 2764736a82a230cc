"""Strength: blended rows, and the light and colours of the photograph led back."""

import pytest
import torch

from core.style import strength
from core.style.rows import PHOTOGRAPH, SOFT, Rows, rows_of

ROWS = Rows(("sun", "sea", "sun" + SOFT, "sea" + SOFT, PHOTOGRAPH))


@pytest.fixture
def pair():
    """A painting and its photograph, (1, 3, 37, 52)."""
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, 3, 37, 52, generator=generator), 0.2 + 0.5 * torch.rand(1, 3, 37, 52, generator=generator)


def test_rows_of_a_card_and_of_an_older_one():
    assert rows_of({"styles": [{"name": "sun"}, {"name": "sea"}]}) == ("sun", "sea")
    assert rows_of({"rows": ["sun", "sun__soft", "photograph"], "styles": [{"name": "sun"}]})[1] == "sun__soft"
    assert ROWS.styles == ("sun", "sea")
    assert ROWS.soften
    assert not Rows(("sun", "sea", "sun__soft", "photograph")).soften
    assert not Rows(("sun", "sun__soft")).soften


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (0.0, [0, 0, 0, 0, 1]),
        (0.25, [0, 0, 0.375, 0.125, 0.5]),
        (0.5, [0, 0, 0.75, 0.25, 0]),
        (0.75, [0.375, 0.125, 0.375, 0.125, 0]),
        (1.0, [0.75, 0.25, 0, 0, 0]),
    ],
)
def test_the_slider_blends_from_the_photograph_over_soft_rows_to_full_ones(at, expected):
    assert strength.blend_of({"sun": 3.0, "sea": 1.0}, at, ROWS)[0].tolist() == pytest.approx(expected)


def test_a_net_without_soft_rows_paints_in_full_at_any_strength():
    rows = Rows(("sun", "sea"))
    assert strength.blend_of({"sea": 2.0}, 0.1, rows)[0].tolist() == [0.0, 1.0]


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().mean())


def test_the_way_back_ends_at_the_photograph_and_begins_at_the_painting(pair):
    painted, photograph = pair
    assert torch.allclose(strength.led_back(painted, photograph, 0.0, 0.3), photograph, atol=1e-3)
    assert torch.equal(strength.led_back(painted, photograph, 1.0, 0.3), painted)


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("enlarged", [1, 11])  # beyond the side on which the way is measured, too
def test_the_distance_to_the_photograph_is_the_strength_times_that_of_the_painting(pair, at, enlarged):
    painted, photograph = (torch.nn.functional.interpolate(one, scale_factor=enlarged, mode="bilinear") for one in pair)
    whole = distance(painted, photograph)
    assert distance(strength.led_back(painted, photograph, at, whole), photograph) == pytest.approx(at * whole, rel=0.1)


def test_means_and_deviations_are_the_photographs_by_as_much_as_strength_is_missing(pair):
    painted, photograph = pair
    half = strength.led_back(painted, photograph, 0.5, 1.0)  # so far off that no band is led back
    for statistic in (torch.mean, torch.std):
        of = [statistic(picture, (2, 3)) for picture in (half, painted, photograph)]
        assert torch.allclose(of[0], (of[1] + of[2]) / 2, atol=1e-4)


def test_coarse_forms_come_from_the_photograph_where_strokes_are_the_painting_s(pair):
    painted, photograph = (0.2 * noise for noise in pair)
    photograph = photograph + torch.linspace(0.1, 0.7, 52)
    painted = painted + torch.linspace(0.1, 0.7, 37)[:, None]
    between = painted + strength.weighted_bands(photograph - painted, strength.FINEST_END)

    def split(picture):
        fine = picture - torch.nn.functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
        return torch.nn.functional.avg_pool2d(picture, 12), fine

    coarse, fine = zip(*(split(picture) for picture in (between, painted, photograph)), strict=True)
    assert (fine[0] - fine[1]).square().mean() < 0.1 * (fine[0] - fine[2]).square().mean()
    assert (coarse[0] - coarse[2]).abs().mean() < 0.75 * (coarse[1] - coarse[2]).abs().mean()


def test_a_painting_of_one_colour_is_led_back_too(pair):
    photograph = pair[1]
    flat = torch.full_like(photograph, 0.3)
    halfway = strength.led_back(flat, photograph, 0.5, 1.0)
    assert halfway.isfinite().all()
    assert torch.allclose(halfway.mean((2, 3)), (0.3 + photograph.mean((2, 3))) / 2, atol=1e-4)
    assert torch.equal(strength.led_back(photograph, photograph, 0.5, 0.0), photograph)
