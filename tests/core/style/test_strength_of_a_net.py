"""Strength as a trained net paints it: the way from photograph to painting, without a step, a lattice or a ghost."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core import images
from core.images import Picture
from core.style import painter
from core.style.paint_settings import PaintSettings
from core.style.painter import Painter

STYLES = ("hokusai_great_wave", "munch_scream")
PLACES = 11
SIDE = 256
MOVED = 2  # px
INNER = slice(16, -16)


@pytest.fixture(scope="module")
def net(request) -> Painter:
    """The shipped net or, where that has no soft rows, the net of the shared data that trainings start from."""
    shipped = painter.shipped("pastiche")
    if shipped.rows.soften:
        return shipped
    start = request.getfixturevalue("real_data") / "style_start" / "style_start.safetensors"
    if not start.is_file():
        pytest.skip("The shipped net has no soft rows, and the net of the shared data is not here.")
    return painter.named(str(start))


@pytest.fixture(scope="module")
def photograph() -> Picture:
    return images.fit(images.sample("temple"), SIDE)


@pytest.fixture(scope="module", params=STYLES)
def ladder(request, net, photograph) -> list[NDArray[np.float64]]:
    """One photograph painted at all places of the slider."""
    places = np.linspace(0, 1, PLACES)
    return [net.paint(photograph, {request.param: 1.0}, PaintSettings(float(at))).astype(float) for at in places]


def test_at_zero_it_is_the_photograph_to_the_bit(ladder, photograph):
    assert np.array_equal(ladder[0], photograph)


def test_the_distance_rises_monotonically_and_no_rise_is_above_twice_the_mean_one(ladder, photograph):
    distances = [np.abs(painted - photograph).mean() for painted in ladder]
    rises = np.diff(distances)
    assert rises.min() > 0
    assert rises.max() <= 2 * rises.mean()
    assert distances[-1] > 20, "at the end it is a painting"


def test_light_and_colour_of_the_photograph_come_back_in_the_lowest_part(ladder, photograph):
    def off(painted: NDArray, statistic) -> float:
        return float(np.abs(statistic(painted, (0, 1)) - statistic(photograph, (0, 1))).max())

    assert off(ladder[2], np.mean) < 0.35 * off(ladder[-1], np.mean)
    assert off(ladder[1], np.mean) < 4 and off(ladder[1], np.std) < 4


def test_strokes_follow_the_picture_at_one_half(net, photograph):
    """The fine structure of a photograph and of the same 2 px further, brought back, is nearly the same."""

    def fine(picture: Picture) -> NDArray[np.float64]:
        padded = np.pad(picture.astype(float), ((4, 4), (4, 4), (0, 0)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (9, 9), axis=(0, 1))
        return picture - windows.mean((-2, -1))

    moved = np.pad(photograph, ((MOVED, 0), (MOVED, 0), (0, 0)), mode="reflect")[:-MOVED, :-MOVED]
    for style in STYLES:
        here, there = (fine(net.paint(picture, {style: 1.0}, PaintSettings(0.5))) for picture in (photograph, moved))
        back = there[MOVED:, MOVED:]
        here = here[: back.shape[0], : back.shape[1]]
        assert np.corrcoef(here[INNER, INNER].ravel(), back[INNER, INNER].ravel())[0, 1] >= 0.85, style


def test_it_is_no_cross_fade_of_the_photograph_and_the_painting(ladder, photograph):
    """No mixture of the two comes near to what lies between them."""
    ends = np.stack((photograph.astype(float).ravel(), ladder[-1].ravel(), np.ones(photograph.size)), 1)
    for between in ladder[4:8]:
        mixture, *_ = np.linalg.lstsq(ends, between.ravel(), rcond=None)
        left = between.ravel() - ends @ mixture
        assert left.std() > 0.1 * (ladder[-1] - photograph).std()


def octaves(picture: Picture) -> list[float]:
    """Return the deviation of the luminance in the octaves from 2 to 4 and from 4 to 8 px."""
    height, width = picture.shape[:2]
    blurred = [images.resize(images.resize(picture, width // k, height // k), width, height) for k in (2, 4, 8)]
    grey = [one.astype(float).mean(2) for one in blurred]
    return [float((finer - coarser).std()) for finer, coarser in zip(grey, grey[1:], strict=False)]


@pytest.mark.parametrize("style", STYLES)
def test_strokes_are_coarser_the_larger_the_stroke_size(net, style):
    photograph = images.fit(images.sample("temple"), 512)
    painted = [net.paint(photograph, {style: 1.0}, PaintSettings(stroke=at)) for at in (0.0, 0.5, 1.0)]
    ratios = [coarse / fine for fine, coarse in map(octaves, painted)]
    assert ratios[0] * 1.03 < ratios[1] and ratios[1] * 1.03 < ratios[2], ratios
