"""Floors and goals of a style network's figures, by figures at and beyond them."""

from dataclasses import replace

import pytest

from benchmarks import style_bounds
from benchmarks.scores import Figures
from benchmarks.style_bounds import Beside, rows_of
from core.style import held_out
from core.style.painter import styles_of

GOOD = Figures((0.25, 0.40, 0.45), (0.8, 0.6, 0.5), (0.3, 0.3, 0.3), 2.0, 0.95, 0.97)
PEER = Figures((0.30, 0.54, 0.75), (0.8, 0.6, 0.5), (0.4, 0.4, 0.4), 10.9, 0.6, 0.69)
FLOOR = Figures((0.30, 0.54, 0.75), (1.0, 0.75, 0.625), (0.3, 0.3, 0.3), 4.0, 0.88, 0.95)
WORSE = {
    "lattice of wave": {"lattice": 4.001},
    "shift of wave": {"shift": 0.8799},
    "tone of wave": {"tone": 0.9499},
    "style loss of wave at 512 px, against fast-style-transfer": {"style": (0.3001, 0.54, 0.75)},
    "style loss of wave at 256 px, against fast-style-transfer": {"style": (0.30, 0.5401, 0.75)},
    "style loss of wave at 128 px, against fast-style-transfer": {"style": (0.30, 0.54, 0.7502)},
    "content loss of wave at 512 px, against fast-style-transfer": {"content": (1.001, 0.75, 0.625)},
    "content loss of wave at 256 px, against fast-style-transfer": {"content": (1.0, 0.751, 0.625)},
    "content loss of wave at 128 px, against fast-style-transfer": {"content": (1.0, 0.75, 0.626)},
}


def test_figures_at_their_goals_reach_them_and_figures_at_their_floors_miss_none():
    assert all(row.reached and not row.missed for row in rows_of("wave", GOOD, Beside(PEER)))
    assert not any(row.missed for row in rows_of("wave", FLOOR, Beside(PEER)))
    assert not any(row.reached for row in rows_of("wave", FLOOR, Beside(PEER)))


@pytest.mark.parametrize(("case", "worse"), WORSE.items(), ids=WORSE)
def test_a_figure_below_its_floor_is_missed(case, worse):
    rows = rows_of("wave", replace(FLOOR, **worse), Beside(PEER))
    assert [row.case for row in rows if row.missed] == [case]
    style, row = style_bounds.worst({"good": rows_of("good", GOOD, Beside(PEER)), "wave": rows})
    assert (style, row.case) == ("wave", case)


def test_without_a_peer_style_has_a_goal_and_content_the_base_line_s():
    rows = {row.case: row for row in rows_of("wave", GOOD, Beside(content=(0.8, 0.6, 0.5)))}
    assert all(row.reached and not row.missed for row in rows.values())
    losses = [row for case, row in rows.items() if "loss" in case]
    assert len(losses) == 6 and all((row.floor, row.goal) == (None, 1.0) for row in losses)
    worse = rows_of("wave", replace(GOOD, content=(0.8, 0.61, 0.5)), Beside(content=(0.8, 0.6, 0.5)))
    assert [row.case for row in worse if not row.reached] == ["content loss of wave at 256 px, against the base line"]
    assert len(rows_of("wave", GOOD, Beside())) == 6


def test_the_base_line_is_the_mean_over_the_photographs_that_are_judged(monkeypatch):
    record = {"wave": {"content_by_photograph": {"a": [1.0, 2.0, 3.0], "b": [3.0, 2.0, 0.0], "c": [9.0, 9.0, 9.0]}}}
    monkeypatch.setattr(style_bounds, "base_line", lambda: record)
    assert style_bounds.base_line_content("wave", ["a", "b"]) == (2.0, 2.0, 1.5)
    assert style_bounds.base_line_content("wave", ["a", "d"]) is None
    assert style_bounds.base_line_content("scream", ["a"]) is None


def test_every_shipped_style_has_a_base_line():
    for style in styles_of("pastiche"):
        content = style_bounds.base_line_content(style["name"], held_out.PHOTOGRAPHS)
        assert content is not None and min(content) > 0
