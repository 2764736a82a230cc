"""The benchmark of painting: that its peers are the nets that they are said to be, its rows, and its floors."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import plain_style_nets, report, stylize
from core.style import painter
from core.style.network import MEANS
from core.style.paint_settings import PaintSettings
from tests.painting import STYLES, net, picture, ship


def rows_of(printed: str) -> dict[str, dict]:
    return {row["case"]: row for row in json.loads(printed)["rows"]}


class Negative(torch.nn.Module):
    """Mean-free pixels in 0 to 255 -> their negative in (-1, 1)."""

    def forward(self, x):
        return -x / 150


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    monkeypatch.setattr(stylize, "ROUNDS", {64: 1, 128: 1})
    monkeypatch.setattr(stylize, "DIFFERENCE_SIDE", 64)
    cached = painter.shipped  # a test may put another function there
    yield
    cached.cache_clear()


@pytest.mark.parametrize("style", range(len(STYLES)))
def test_the_plain_net_paints_the_same_picture(style):
    plain = plain_style_nets.plain_net(net(), style)
    ours = painter.painter_of(net(), STYLES, half=False).paint(picture(40, 56), {STYLES[style]: 1})
    assert np.abs(ours.astype(int) - plain_style_nets.paint_plainly(plain, picture(40, 56))).max() <= 1


def test_coarse_to_fine_the_plain_net_paints_the_same_rounds():
    # Both sides paint the negative: a net with random weights would enlarge what rounding leaves, round after round.
    means = torch.tensor(MEANS).view(1, 3, 1, 1)
    ours = replace(
        painter.painter_of(net(), STYLES, half=False),
        net=lambda x, blend: (2 * means - x * 255) / 255,
    )
    photograph, settings = picture(240, 288), PaintSettings(stroke=1.0)
    painted = ours.paint(photograph, {STYLES[1]: 1}, settings).astype(int)
    assert np.abs(painted - plain_style_nets.paint_plainly(Negative(), photograph, 1.0)).max() <= 1
    assert np.abs(painted - plain_style_nets.paint_plainly(Negative(), photograph)).mean() > 2


def test_the_wide_net_is_that_of_pytorch_examples():
    wide = plain_style_nets.wide_net()
    convolutions = [m for m in wide.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [32, 64, *[128] * 11, 64, 32, 3]
    assert sum(parameter.numel() for parameter in wide.parameters()) == 1_679_235  # of its TransformerNet
    assert plain_style_nets.paint_widely(wide, picture(40, 56)).shape == (40, 56, 3)


def test_it_prints_one_json_object(shipped, capsys):
    assert stylize.main(["--json"]) == 0
    printed = capsys.readouterr().out
    assert set(json.loads(printed)) == {"name", "rows", "machine", "greatest_difference", "load_average"}
    rows = rows_of(printed)
    assert list(rows) == [
        *(
            f"{side} x {side} px, {mode}, against {peer}"
            for side in (64, 128)
            for peer in ("the same net, written plainly", "pytorch/examples fast_neural_style")
            for mode in ("one pass", "coarse to fine")
        ),
        next(case for case in rows if "mean difference from float32" in case),
    ]
    row = rows["128 x 128 px, one pass, against pytorch/examples fast_neural_style"]
    assert (row["ours_net"], row["peer_net"]) == ("4, 8, 16 maps, float32", "32, 64, 128 maps, float32")
    assert row["floor"] is None
    assert {"case", "ours", "peer", "unit", "ratio"} < set(row)


def test_below_a_floor_it_exits_with_1(shipped, monkeypatch, capsys):
    monkeypatch.setattr(stylize, "FLOOR_SIDE", 128)
    monkeypatch.setattr(stylize, "fast_bfloat16", lambda ours: True)
    monkeypatch.setattr(stylize, "FLOORS", {"one pass": 1e6, "coarse to fine": 1e-6})
    assert stylize.main(["--sides", "128"]) == 1
    said = capsys.readouterr().out
    assert "Below its floor of 1e+06: 128 x 128 px, one pass, against pytorch/examples" in said
    assert said.count("Below its floor") == 1


def test_floors_are_those_of_1024_px_against_pytorch_examples(monkeypatch, shipped):
    monkeypatch.setattr(stylize, "fast_bfloat16", lambda ours: True)
    monkeypatch.setattr(stylize, "FLOOR_SIDE", 64)
    rows = stylize.measure(painter.palettes()[0], {64: 1, 128: 1})
    assert [row.floor for row in rows] == [None, None, 8.0, 5.0, None, None, None, None]


def test_the_difference_is_that_of_the_worst_style(shipped, monkeypatch):
    wrong = net()
    with torch.no_grad():
        wrong.leave.norm.shift[1] += 0.2
    near = painter.painter_of(wrong, STYLES, half=False)
    monkeypatch.setattr(painter, "shipped", lambda name: near)
    far = stylize.difference("tiny", 64)
    assert far.style == STYLES[1]
    assert far.mean <= far.greatest
    assert stylize.difference_row(far, 64).missed  # up to 0.2 x 150 of 255 in every value


def test_a_ratio_above_one_means_that_ours_is_faster():
    assert report.faster("x", 10.0, 25.0).ratio == 2.5


def test_the_ratio_of_rounds_is_their_median():
    row = report.compared("x", [10.0, 10.0, 100.0], [20.0, 30.0, 110.0])
    assert (row.ours, row.peer, row.ratio) == (10.0, 30.0, 2.0)


def test_ours_and_the_peer_run_in_turn():
    order: list[str] = []
    report.in_turn(lambda: order.append("a"), lambda: order.append("b"), 2)
    assert "".join(order) == "ababab"
