"""The benchmark of the desk: what it prints, and that a figure beyond its bound makes it fail."""

import json
from dataclasses import replace

import pytest

from benchmarks import desk
from benchmarks.desk import ALONE, TRAINING, Crowd, Single
from core import uploads

ONE = Single(ALONE, (90.0, 95.0, 400.0), (7, 8, 2))
BUSY = Single(TRAINING, (300.0, 390.0, 410.0), (5, 6, 5))
MANY = Crowd(10, (400.0, 990.0, 1500.0), (2, 3, 2), dropped=40, strangers=0, growth=80.0)
WRONG = {
    "alone: input": (replace(ONE, answers=(90.0, 100.1, 101.0)), BUSY, MANY),
    "alone: pictures": (replace(ONE, pictures=(4, 4, 9)), BUSY, MANY),
    "with a training: input": (ONE, replace(BUSY, answers=(401.0,)), MANY),
    "10 visitors: input": (ONE, BUSY, replace(MANY, answers=(1001.0,))),
    "10 visitors: growth": (ONE, BUSY, replace(MANY, growth=501.0)),
    "10 visitors: pictures of another": (ONE, BUSY, replace(MANY, strangers=1)),
}


def run(monkeypatch: pytest.MonkeyPatch, one: Single, busy: Single, many: Crowd | None, *options: str) -> int:
    monkeypatch.setattr(desk, "measure", lambda visitors: ([one, busy], many if visitors else None))
    return desk.main(list(options))


def test_figures_within_their_bounds_pass(monkeypatch, capsys):
    assert run(monkeypatch, ONE, BUSY, MANY, "--visitors", "10") == 0
    printed = capsys.readouterr().out
    assert "Missed" not in printed and "dropped for newer ones: 40" in printed


@pytest.mark.parametrize("case", WRONG)
def test_a_figure_beyond_its_bound_fails_and_is_named(monkeypatch, capsys, case):
    assert run(monkeypatch, *WRONG[case], "--visitors", "10") == 1
    printed = capsys.readouterr().out
    assert printed.count("Missed") == 1 and f"Missed: {case}" in printed


def test_it_prints_one_json_object(monkeypatch, capsys):
    assert run(monkeypatch, ONE, BUSY, None, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["name"] == "desk" and len(printed["rows"]) == 4 and printed["crowd"] is None
    assert printed["rows"][0] == {
        "case": "alone: input to picture",
        "ours": 95.0,
        "peer": 100.0,
        "unit": "ms",
        "ratio": 1.0526,
        "floor": 1.0,
        "goal": None,
    }
    assert run(monkeypatch, ONE, BUSY, MANY, "--json", "--visitors", "10") == 0
    assert json.loads(capsys.readouterr().out)["crowd"]["dropped"] == 40


def test_each_visitor_has_a_photograph_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_UPLOADS", "")
    ids = desk.photographs(tmp_path, 12)
    assert len({uploads.find(id).digest for id in ids}) == 12
