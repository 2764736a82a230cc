"""The benchmark of all pages: what it prints, and that a figure beyond its bound makes it fail."""

import json
from dataclasses import replace

import pytest

from benchmarks import pages
from benchmarks.pages import Audit, Visit
from core import images
from ui.menu import MENU

GOOD = Visit("train", "warm", title=0.4, result=0.9, requests=60, bytes=1_500_000, share=0.6)
COLD = replace(GOOD, page="home", kind="cold", result=2.4)
CLEAN = Audit("train", "dark", ())
UPLOAD = replace(GOOD, page="explain", kind="upload", result=0.39)
WRONG = {
    "upload": (replace(UPLOAD, result=0.41), CLEAN),
    "warm result": (replace(GOOD, result=1.001), CLEAN),
    "cold result": (replace(COLD, result=2.6), CLEAN),
    "share": (replace(GOOD, share=0.49), CLEAN),
    "bytes": (replace(COLD, bytes=2_100_000), CLEAN),
    "accessibility": (GOOD, replace(CLEAN, violations=("color-contrast (serious): <p>",))),
}


def run(monkeypatch: pytest.MonkeyPatch, visit: Visit, audit: Audit, *options: str) -> int:
    monkeypatch.setattr(pages, "measure", lambda names: ([visit], [audit]))
    return pages.main(list(options))


@pytest.mark.parametrize("visit", [GOOD, COLD, UPLOAD])
def test_figures_within_their_bounds_pass(monkeypatch, capsys, visit):
    assert run(monkeypatch, visit, CLEAN) == 0
    assert "Missed" not in capsys.readouterr().out


@pytest.mark.parametrize(("visit", "audit"), WRONG.values(), ids=WRONG.keys())
def test_a_figure_beyond_its_bound_fails_and_is_named(monkeypatch, capsys, visit, audit):
    assert run(monkeypatch, visit, audit) == 1
    printed = capsys.readouterr().out
    assert printed.count("Missed") == 1 and visit.page in printed
    assert run(monkeypatch, visit, audit, "--json") == 1
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len([row for row in rows if row["ratio"] < row["floor"]]) == 1


def test_it_prints_one_json_object_with_the_visits_and_the_audits(monkeypatch, capsys):
    run(monkeypatch, GOOD, CLEAN, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["name"] == "pages" and printed["machine"]
    assert all(set(row) == {"case", "ours", "peer", "unit", "ratio", "floor", "goal"} for row in printed["rows"])
    assert printed["visits"][0]["requests"] == 60 and printed["audits"][0]["scheme"] == "dark"


def test_the_photographs_of_an_upload_differ(tmp_path):
    files = pages.photographs(tmp_path)
    assert len(files) == pages.UPLOADS + 1 and len({file.read_bytes() for file in files}) == len(files)
    assert images.decode(files[0]).shape == (1000, 1500, 3)


def test_it_measures_every_page_of_the_menu():
    assert set(pages.PAGES) == set(MENU)
