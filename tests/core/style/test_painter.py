"""Painting with shipped nets: which there are, pictures of all sizes, blends, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core import hardware, images, weights
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import writing
from core.style import painter
from core.style.network import PasticheNet, mixture
from core.style.paint_settings import PaintSettings
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


@pytest.mark.parametrize(
    ("blend", "sentence"),
    [
        ({"monet": 1.0}, "no style 'monet'; the styles are stripes, dots, night"),
        ({"dots": -1.0}, "weight of dots is -1.0"),
        ({"dots": float("nan")}, "weight of dots is nan"),
        ({"dots": "much"}, "weight of dots is 'much'; a weight must be a number"),
        ({"dots": True}, "weight of dots is True"),
        ({"dots": float("inf")}, "weight of dots is inf"),
        ({"x" * 5000: 1.0}, "no style 'x{40}…'; the styles are"),
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


@pytest.mark.parametrize(("rows", "width"), [(10**9, 0.25), (3, 1e9), (3, float("nan")), (0, 0.25), (3, -1.0)])
def test_rows_and_width_that_do_not_fit_are_refused_before_a_net_is_made(tmp_path, rows, width):
    weights.write(tmp_path / "net.safetensors", net().state_dict())
    with pytest.raises(UserError, match="does not fit this net"):
        painter.read_net(tmp_path / "net.safetensors", rows, width)


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    hostile = net()
    with torch.no_grad():
        hostile.up1.convolution.weight[0, 0, 0, 0] = float("nan")
    weights.write(tmp_path / "net.safetensors", hostile.state_dict())
    with pytest.raises(UserError, match="weights that are no numbers"):
        painter.read_net(tmp_path / "net.safetensors", len(STYLES), WIDTH)


@pytest.mark.parametrize("size", [(8, 8), (10, 240), (240, 10)])
@pytest.mark.parametrize("settings", [PaintSettings(0.3), PaintSettings(1, 1), PaintSettings(0.6, 0.5, True)])
def test_pictures_of_one_colour_and_of_any_shape_are_painted(shipped, size, settings):
    flat = np.full((*size, 3), 90, np.uint8)
    assert painter.stylise(flat, {"dots": 1.0}, settings=settings).shape == flat.shape


def test_a_net_without_soft_rows_leads_back_to_the_photograph_too(shipped):
    painted = [painter.stylise(picture(), {"dots": 1.0}, settings=PaintSettings(step / 10)) for step in range(11)]
    distances = [np.abs(one.astype(float) - picture()).mean() for one in painted]
    assert np.array_equal(painted[0], picture())
    assert np.array_equal(painted[10], painter.stylise(picture(), {"dots": 1.0}))
    assert (np.diff(distances) > 0).all() and np.diff(distances).max() < 2 * np.diff(distances).mean()


def test_original_colours_keep_all_but_the_luminance():
    photograph, painting = picture(seed=1), picture(seed=2)[::-1] // 2 + 40
    mixed = painter.with_luminance(photograph, painting).astype(float)
    luminance = np.array([0.299, 0.587, 0.114])
    inside = ((mixed > 0) & (mixed < 255)).all(2)
    assert inside.mean() > 0.9
    assert np.abs((mixed - painting) @ luminance)[inside].max() < 1
    for one, other in ((0, 1), (1, 2)):  # differences of channels are the photograph's, so hue is too
        change = (mixed[..., one] - mixed[..., other]) - (photograph[..., one].astype(float) - photograph[..., other])
        assert np.abs(change[inside]).max() <= 1


def test_strokes_are_larger_in_more_rounds(shipped):
    photograph = images.resize(picture(), 300, 200)
    one_pass = painter.stylise(photograph, {"dots": 1.0})
    rounds = painter.stylise(photograph, {"dots": 1.0}, settings=PaintSettings(stroke=1.0))
    small = images.resize(photograph, 171, 114)
    draft = images.resize(painter.stylise(small, {"dots": 1.0}), 300, 200)
    source = np.rint(0.5 * draft + 0.5 * photograph).astype(np.uint8)
    expected = painter.stylise(source, {"dots": 1.0})
    assert np.abs(rounds.astype(int) - expected).mean() < 1 < np.abs(rounds.astype(int) - one_pass).mean()


def test_a_run_s_net_paints_too(tmp_path):
    run = Run.create("pastiche", {"styles": list(STYLES)}, name="mine")
    with pytest.raises(UserError, match="has saved no weights of a style network"):
        painter.named(run.id)
    with writing(run) as writer:
        writer.facts(names=list(STYLES), width=WIDTH)
        writer.log({"step": 1})
        writer.save_model(net().state_dict())
    painted = painter.named(run.id).paint(picture(), {"night": 1.0})
    with torch.no_grad():
        expected = net()(images.to_tensor(picture()), mixture({"night": 1.0}, STYLES))
    assert np.abs(painted.astype(int) - images.from_tensor(expected)).max() <= 1


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


@pytest.mark.parametrize(
    "card", ["no JSON", "[]", "{}", '{"rows": 3}', '{"rows": ["a"], "width": "wide"}', '{"rows": ["a"]}']
)
def test_a_file_of_weights_with_a_hostile_card_is_a_sentence(tmp_path, card):
    weights.write(tmp_path / "net.safetensors", net().state_dict())
    (tmp_path / "net.json").write_text(card)
    with pytest.raises(UserError, match="names no rows of a style network|does not fit this net"):
        painter.named(str(tmp_path / "net.safetensors"))


def test_memory_of_large_pictures_alone_is_returned_to_the_system(monkeypatch):
    returned = []
    monkeypatch.setattr(painter, "KEPT_PIXELS", 40 * 56)
    monkeypatch.setattr(hardware, "return_freed_memory", lambda: returned.append(True))
    paints = painter.painter_of(net(), STYLES, half=False)
    paints.paint(picture(40, 56), {STYLES[0]: 1})
    assert not returned
    paints.paint(picture(41, 56), {STYLES[0]: 1})
    assert returned == [True]
