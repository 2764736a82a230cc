"""The benchmark of painting: that its peer is the same net, and that it prints what every benchmark prints."""

import json

import numpy as np
import pytest

from benchmarks import report, stylize
from core.style import painter
from tests.painting import STYLES, net, picture, ship


@pytest.mark.parametrize("style", range(len(STYLES)))
def test_the_plain_net_paints_the_same_picture(style):
    plain = stylize.plain_net(net(), style)
    ours = painter.painter_of(net(), STYLES, half=False).paint(picture(40, 56), {STYLES[style]: 1})
    assert np.abs(ours.astype(int) - stylize.paint_plainly(plain, picture(40, 56))).max() <= 1


def test_it_prints_one_json_object(tmp_path, monkeypatch, capsys):
    ship(tmp_path / "weights", monkeypatch)
    monkeypatch.setattr(stylize, "ROUNDS", {32: 1, 64: 1})
    stylize.main(["--json"])
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"name", "rows", "machine"}
    assert [row["case"] for row in printed["rows"]] == ["32 x 32 px", "64 x 64 px"]
    assert all(set(row) == {"case", "ours", "peer", "unit", "ratio"} for row in printed["rows"])
    stylize.main([])
    assert "64 x 64 px" in capsys.readouterr().out
    painter.shipped.cache_clear()


def test_a_ratio_above_one_means_that_ours_is_faster():
    assert report.faster("x", 10.0, 25.0).ratio == 2.5


def test_ours_and_the_peer_run_in_turn():
    order: list[str] = []
    report.in_turn(lambda: order.append("a"), lambda: order.append("b"), 2)
    assert "".join(order) == "ababab"
