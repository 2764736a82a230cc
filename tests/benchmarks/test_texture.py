"""Lattice, shift and tone of made-up pictures whose right value is known without the code that measures it."""

import numpy as np
import pytest
from scipy import ndimage

from benchmarks import texture
from core import images
from core.errors import UserError

RANDOM = np.random.default_rng(0)


def grey(values) -> images.Picture:
    """A picture (H, W, 3) whose three channels are the values (H, W), so that they are its luminance."""
    return np.repeat(np.asarray(values).round().clip(0, 255).astype(np.uint8)[..., None], 3, 2)


def photograph(height: int = 96, width: int = 128) -> images.Picture:
    return images.resize(images.sample("coffee"), width, height)


def test_luminance_weighs_the_channels_as_pillow_does():
    noise = RANDOM.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    pillow = np.array(images._pillow(noise).convert("L"), np.float64)
    assert np.abs(texture.luminance(noise) - pillow).max() <= 1


@pytest.mark.parametrize("amplitude", [1, 7, 40])
def test_a_lattice_of_amplitude_a_gives_a(amplitude):
    pattern = np.zeros((4, 4))
    pattern[1, 2] = amplitude
    assert texture.lattice(grey(100 + np.tile(pattern, (20, 30)))) == pytest.approx(amplitude)


def test_a_lattice_is_found_under_noise_and_beside_cut_cells():
    wave = 10 * np.tile([0, 1, 1, 0], 33)[:130]  # columns 1 and 2 of each cell are lighter by 10
    noise = RANDOM.normal(0, 20, (403, 130))
    assert texture.lattice(grey(120 + wave + noise)) == pytest.approx(10, abs=2.5)


def test_a_pattern_of_another_period_is_no_lattice():
    three = np.tile([[0, 30, 60]], (48, 16))
    assert texture.lattice(grey(three)) == pytest.approx(0)
    assert texture.lattice(photograph()) < 3


def test_a_filter_that_follows_the_picture_has_a_shift_of_one():
    def filtered(picture):
        return ndimage.gaussian_filter(picture, (1, 1, 0)) // 2 + 90

    whole = photograph()
    assert texture.shift(filtered(whole), filtered(whole[2:, 2:])) == pytest.approx(1, abs=1e-6)


def test_a_texture_that_stays_with_the_frame_has_a_shift_of_its_own_autocorrelation():
    noise = RANDOM.normal(128, 30, (300, 300))
    assert texture.shift(grey(noise), grey(noise[:-2, :-2])) == pytest.approx(0, abs=0.03)
    stripes = np.tile([60, 60, 180, 180], (300, 75))  # two pixels further, light is where dark was
    assert texture.shift(grey(stripes), grey(stripes[:-2, :-2])) == pytest.approx(-1, abs=1e-6)


def test_shift_is_the_part_of_the_fine_structure_that_follows_the_picture():
    follows, stays = RANDOM.normal(0, 20, (2, 400, 400))
    painted, moved = 128 + follows + stays, 128 + follows[2:, 2:] + stays[:-2, :-2]
    assert texture.shift(grey(painted), grey(moved)) == pytest.approx(0.5, abs=0.03)  # half of the variance


def test_shift_leaves_out_the_edges_and_the_coarse_structure():
    whole = photograph()
    moved = whole[2:, 2:].copy()
    moved[:16] = moved[:, -16:] = 0
    assert texture.shift(whole, moved) == pytest.approx(1)
    ramp = np.tile(np.arange(128), (96, 1))
    darker = grey(np.clip(texture.luminance(whole[2:, 2:]) * 0.4 + ramp[2:, 2:], 0, 255))
    assert texture.shift(whole, darker) > 0.98  # in 8 bits


def test_tone_is_one_where_light_lies_as_in_the_photograph():
    whole = photograph()
    assert texture.tone(whole, whole) == pytest.approx(1)
    assert texture.tone(whole // 2 + 60, whole) == pytest.approx(1, abs=1e-3)
    assert texture.tone(255 - whole, whole) == pytest.approx(-1, abs=1e-6)


def test_tone_compares_the_means_of_16_px_and_nothing_finer():
    means, others = RANDOM.integers(40, 216, (2, 6, 8))
    fine = RANDOM.integers(0, 2, (48, 64)) * 2 - 1
    fine = np.kron(fine, [[1, -1], [-1, 1]])  # sums to zero in each 2 x 2 square
    first, second = (np.kron(each, np.ones((16, 16))) for each in (means, others))
    wanted = np.corrcoef(means.ravel(), others.ravel())[0, 1]
    assert texture.tone(grey(first + 30 * fine), grey(second)) == pytest.approx(wanted, abs=1e-9)


def test_pictures_of_one_colour_correlate_with_nothing():
    flat = grey(np.full((64, 64), 90))
    assert texture.tone(flat, photograph(64, 64)) == 0
    assert texture.shift(flat, flat[2:, 2:]) == 0


@pytest.mark.parametrize(
    ("measure", "sentence"),
    [
        (lambda: texture.lattice(grey(np.zeros((3, 40)))), "4 px a side are needed"),
        (lambda: texture.tone(grey(np.zeros((40, 40))), grey(np.zeros((40, 41)))), "has no tone beside"),
        (lambda: texture.tone(grey(np.zeros((40, 9))), grey(np.zeros((40, 9)))), "16 px a side are needed"),
        (lambda: texture.shift(grey(np.zeros((90, 90))), grey(np.zeros((90, 90)))), "must be 2 px smaller"),
        (lambda: texture.shift(grey(np.zeros((40, 90))), grey(np.zeros((38, 88)))), "at least 41 px a side"),
    ],
)
def test_pictures_that_cannot_be_measured_end_with_a_sentence(measure, sentence):
    with pytest.raises(UserError, match=sentence):
        measure()
