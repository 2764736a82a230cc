"""Painting with shipped nets: which there are, pictures of all sizes, blends, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core import hardware, images, weights
from core.errors import UserError
from core.style import painter
from core.style.network import PasticheNet, mixture
from tests.painting import STYLES, WIDTH, net, picture, ship


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> PasticheNet:
    yield ship(tmp_path / "weights", monkeypatch)
    painter.shipped.cache_clear()


def test_styles_say_title_artist_year_and_net(shipped):
    rows = painter.styles()
    assert [row["name"] for row in rows] == list(STYLES)
    assert rows[0] == {"name": "stripes", "title": "Stripes", "artist": "Nobody", "year": "1900", "net": "tiny"}


@pytest.mark.parametrize("size", [(8, 8), (9, 31), (40, 56), (101, 67)])
def test_a_painting_has_the_size_of_its_photograph(shipped, size):
    painted = painter.stylise(picture(*size), {"dots": 1.0})
    assert painted.shape == (*size, 3)
    assert painted.dtype == np.uint8


def test_a_painting_is_the_net_s_output_for_the_blend(shipped):
    painted = painter.stylise(picture(), {"stripes": 1.0, "night": 3.0})
    with torch.no_grad():
        expected = shipped(images.to_tensor(picture()), mixture({"stripes": 0.25, "night": 0.75}, STYLES))
    assert np.abs(painted.astype(int) - images.from_tensor(expected)).max() <= 1


def test_a_blend_differs_from_either_style(shipped):
    one, other = (painter.stylise(picture(), {name: 1.0}).astype(int) for name in ("stripes", "dots"))
    both = painter.stylise(picture(), {"stripes": 1.0, "dots": 1.0})
    assert np.abs(both - one).mean() > 2
    assert np.abs(both - other).mean() > 2


def test_the_photograph_can_be_mixed_in(shipped):
    painted = painter.stylise(picture(), {"dots": 1.0}).astype(float)
    mixed = painter.stylise(picture(), {"dots": 1.0}, photograph=0.25)
    assert np.abs(mixed - (0.75 * painted + 0.25 * picture())).max() <= 0.51
    assert np.array_equal(painter.stylise(picture(), {"dots": 1.0}, photograph=1.0), picture())
    with pytest.raises(UserError, match="from 0 to 1"):
        painter.stylise(picture(), {"dots": 1.0}, photograph=1.5)


@pytest.mark.parametrize(
    ("blend", "sentence"),
    [
        ({"monet": 1.0}, "no style 'monet'; the styles are stripes, dots, night"),
        ({"dots": -1.0}, "weight of dots is -1.0"),
        ({"dots": float("nan")}, "weight of dots is nan"),
        ({"dots": 0.0}, "All style weights are zero"),
        ({}, "All style weights are zero"),
    ],
)
def test_weights_that_mean_nothing_are_refused(shipped, blend, sentence):
    with pytest.raises(UserError, match=sentence):
        painter.stylise(picture(), blend)


def test_too_small_and_too_large_pictures_are_refused(shipped, monkeypatch):
    with pytest.raises(UserError, match="at least 8"):
        painter.stylise(picture(20, 7), {"dots": 1.0})
    monkeypatch.setattr(painter, "MAX_PIXELS", 1_000_000)
    huge = np.broadcast_to(np.uint8(9), (1000, 1001, 3))
    with pytest.raises(UserError, match="1001 x 1000 pixels; painting takes up to 1 megapixels"):
        painter.stylise(huge, {"dots": 1.0})


def test_the_largest_copy_is_the_picture_itself_where_it_fits(monkeypatch):
    small = picture(40, 50)
    assert painter.largest(small) is small
    monkeypatch.setattr(painter, "MAX_PIXELS", 1000)
    copy = painter.largest(small)
    assert 800 < copy.shape[0] * copy.shape[1] <= 1000


def test_many_threads_paint_what_one_paints(shipped):
    jobs = [(picture(24 + seed, 30, seed), {STYLES[seed % 3]: 1.0}) for seed in range(12)]
    alone = [painter.stylise(*job) for job in jobs]
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(lambda job: painter.stylise(*job), jobs))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_bfloat16_is_used_only_where_it_is_fast_and_near(tmp_path, monkeypatch):
    def chosen(fast: bool, error: float) -> torch.dtype:
        ship(tmp_path / "weights", monkeypatch, bfloat16_error=error)
        monkeypatch.setattr(hardware, "bf16_is_fast", lambda: fast)
        return painter.shipped("tiny").dtype

    assert chosen(True, 0.001) == torch.bfloat16
    assert painter.number_format("tiny") == "bfloat16"
    assert chosen(True, 0.5) == torch.float32
    assert chosen(False, 0.001) == torch.float32
    painter.shipped.cache_clear()


def test_bfloat16_paints_nearly_the_same():
    error = painter.half_error(net(), [picture(), picture(33, 20, 1)])
    assert 0 < error < 0.05  # with random weights; a trained net is far nearer, as its card says


def test_a_swatch_is_a_small_square_jpeg_in_its_style(shipped):
    swatches = [images.decode(painter.swatch(name, "tiny")) for name in STYLES]
    assert all(max(swatch.shape) == painter.SWATCH_SIDE and swatch.shape[0] == swatch.shape[1] for swatch in swatches)
    assert np.abs(swatches[0].astype(int) - swatches[1]).mean() > 2


def test_weights_of_another_net_are_refused(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch, width=0.5)
    with pytest.raises(UserError, match=r"tiny.safetensors does not fit this net"):
        painter.stylise(picture(), {"dots": 1.0})


def test_without_a_net_a_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path)
    assert painter.styles() == []
    with pytest.raises(UserError, match="No painting net is shipped"):
        painter.stylise(picture(), {"dots": 1.0})


def test_the_first_net_that_knows_a_style_paints_it_and_nets_do_not_mix(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    ship(folder, monkeypatch, "second", styles=[{"name": "dots", "title": "", "artist": "", "year": ""}])
    ship(folder, monkeypatch, "first")
    other = [{"name": name, "title": "", "artist": "", "year": ""} for name in ("ink", "dots", "chalk")]
    ship(folder, monkeypatch, "second", styles=other)
    assert painter.net_of({"dots": 1.0}) == "first"
    assert painter.net_of({"ink": 1.0}) == "second"
    first, second = (painter.stylise(picture(), {"dots": 1.0}, net=net) for net in ("first", "second"))
    assert np.array_equal(first, second)  # the same weights, and dots is the second style of both
    assert np.array_equal(first, painter.stylise(picture(), {"dots": 1.0}))
    with pytest.raises(UserError, match=r"different nets \(first, second\)"):
        painter.net_of({"ink": 1.0, "night": 1.0})


def test_nets_of_several_styles_come_before_those_of_one(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    alone = [{"name": "dots", "title": "Dots", "artist": "", "year": ""}]
    other = [{"name": "ink", "title": "Ink", "artist": "", "year": ""}]
    ship(folder, monkeypatch, "a_single", styles=alone)
    ship(folder, monkeypatch, "b_single", styles=other)
    assert painter.palettes() == ("a_single", "b_single")
    ship(folder, monkeypatch, "many")
    assert painter.palettes() == ("many",)
    assert [(row["name"], row["net"]) for row in painter.styles()] == [
        *((name, "many") for name in STYLES),
        ("ink", "b_single"),
    ]
    assert painter.net_of({"dots": 1.0}) == painter.net_of({}) == "many"
    assert (painter.single("dots"), painter.single("ink"), painter.single("night")) == ("a_single", "b_single", None)


def test_a_classifier_cannot_paint(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch, kind="classifier")
    with pytest.raises(UserError, match="tiny is a classifier, which cannot paint"):
        painter.shipped("tiny")


def test_the_tiny_net_is_the_width_it_says():
    assert net().width == WIDTH
