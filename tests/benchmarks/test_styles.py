"""The command that judges style networks: what it prints, draws and refuses, and when it fails."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import scores, style_bounds, style_sheets, styles
from core import images, weights
from core.style import held_out, painter
from tests.painting import STYLES, WIDTH, net, ship, write_loss_networks, write_pictures

read = images.decode
SIDES = (96, 64, 48)
GOOD = scores.Figures((0.1, 0.1, 0.1), (0.1, 0.1, 0.1), (0.1, 0.1, 0.1), 0.5, 0.99, 0.99)


@pytest.fixture
def folders(tmp_path, monkeypatch) -> list[str]:
    """The command's options for folders with small pictures and networks."""
    write_pictures(tmp_path / "styles", (*STYLES, "munch_scream"))
    write_pictures(tmp_path / "photos", held_out.PHOTOGRAPHS)
    write_loss_networks(tmp_path / "networks")
    monkeypatch.setattr(images, "decode", lambda path: read(path.with_suffix(".png")))
    monkeypatch.setattr(styles, "SIDES", SIDES)
    monkeypatch.setattr(style_sheets, "SIDE", 64)
    monkeypatch.setattr(style_sheets, "SMALL", 32)
    yield [
        *("--photos", str(tmp_path / "photos"), "--styles", str(tmp_path / "styles")),
        *("--loss-networks", str(tmp_path / "networks"), "--first", "2"),
    ]
    painter.shipped.cache_clear()


def test_a_net_is_judged_beside_another_and_the_photographs(tmp_path, monkeypatch, capsys, folders):
    ship(tmp_path / "weights", monkeypatch)
    ship(tmp_path / "weights", monkeypatch, "alone", styles=[{"name": "dots", "title": "", "artist": "", "year": ""}])
    options = [*folders, "--net", "tiny", "--before", "alone", "--only", "dots", "night"]
    status = styles.main([*options, "--json"])
    printed = json.loads(capsys.readouterr().out)
    dots, night = printed["scores"]
    assert (dots["name"], night["name"]) == ("dots", "night")
    assert "before" not in night and set(dots) - set(night) == {"before"}
    assert dots["before"] != {key: dots[key] for key in dots["before"]}
    assert (night["photograph"]["shift"], night["photograph"]["tone"]) == (1, 1)
    assert printed["photographs"] == list(held_out.PHOTOGRAPHS[:2])
    assert list(night["content_by_photograph"]) == printed["photographs"]
    by_photograph = np.array(list(night["content_by_photograph"].values()))
    assert by_photograph.mean(0) == pytest.approx(night["content"], abs=1e-4)
    assert all(set(row) == {"case", "ours", "peer", "unit", "ratio", "floor", "goal"} for row in printed["rows"])
    assert {row["case"]: row["ours"] for row in printed["rows"]}["lattice of night"] == night["lattice"]
    assert status == any(row["floor"] and row["ratio"] < row["floor"] for row in printed["rows"])
    assert printed["worst"]["style"] in ("dots", "night")
    styles.main(options)
    table = capsys.readouterr().out
    assert f"{dots['style'][0]:.2f} {dots['style'][1]:.2f}" in table and "\n  before" in table
    assert f"Worst: {printed['worst']['case']}" in table


def test_the_status_is_zero_unless_a_figure_is_below_its_floor(tmp_path, monkeypatch, capsys, folders):
    ship(tmp_path / "weights", monkeypatch)
    for figures, status in ((GOOD, 0), (replace(GOOD, shift=0.87), 1), (replace(GOOD, lattice=4.1), 1)):
        judged = [figures] * 2
        monkeypatch.setattr(scores.Judge, "judge", lambda self, target, paint, judged=judged: judged)
        assert styles.main([*folders, "--net", "tiny", "--only", "night"]) == status
        assert ("Below its floor" in capsys.readouterr().out) == bool(status)


def test_the_peer_s_losses_are_floors(tmp_path, monkeypatch, capsys, folders):
    scream = {"name": "munch_scream", "title": "The Scream", "artist": "", "year": ""}
    ship(tmp_path / "weights", monkeypatch, styles=[scream])
    monkeypatch.setattr(styles, "peer_of", lambda style, folder: lambda photograph: photograph)
    styles.main([*folders, "--net", "tiny", "--json"])
    printed = json.loads(capsys.readouterr().out)
    [score] = printed["scores"]
    assert score["peer"] == score["photograph"]
    [row] = [row for row in printed["rows"] if row["case"].startswith("style loss of munch_scream at 512 px")]
    assert (row["ours"], row["peer"], row["floor"]) == (score["style"][0], score["peer"]["style"][0], 1.0)
    assert row["goal"] == pytest.approx(row["peer"] / style_bounds.STYLE_GOALS[0], abs=1e-4)


def test_the_sheets_show_every_style_and_photograph_before_and_after(tmp_path, monkeypatch, capsys, folders):
    ship(tmp_path / "weights", monkeypatch)
    ship(tmp_path / "weights", monkeypatch, "alone", styles=[{"name": "dots", "title": "", "artist": "", "year": ""}])
    options = ["--net", "tiny", "--before", "alone", "--only", "dots", "night", "--sheet", str(tmp_path / "all.png")]
    assert styles.main([*folders, *options, "--sheet-only"]) == 0
    assert capsys.readouterr().out == ""
    dots, night, every = (read(tmp_path / f"all{end}.png") for end in ("_dots", "_night", ""))
    gap, (height, width) = style_sheets.GAP, (57, 64)
    assert dots.shape == night.shape == (2 * (height + gap), 3 * (width + gap), 3)
    photographs = scores.held_out_photographs(tmp_path / "photos", held_out.PHOTOGRAPHS[:2])
    photograph = scores.scaled(photographs[1], 64)
    top = height + gap
    columns = [slice(left, left + width) for left in range(0, 3 * (width + gap), width + gap)]
    assert np.array_equal(dots[top : top + height, columns[0]], photograph)
    for name, column in (("alone", columns[1]), ("tiny", columns[2])):
        painted = painter.shipped(name).paint(photograph, {"dots": 1.0})
        assert np.array_equal(dots[top : top + height, column], painted)
    assert (night[:, columns[1]] == 255).all()
    styles.main([*folders, *options, "--sheet-only", "--sheet-of", "sample:coffee"])
    assert np.array_equal(read(tmp_path / "all_dots.png")[:43, :64], scores.scaled(images.sample("coffee"), 64))
    assert every.shape == (5 * (28 + gap), 2 * (32 + gap), 3)  # photographs, and two nets for each style


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--peer", "nowhere"], "nowhere/scream does not hold a net of the peer"),
        (["--photos", "nowhere"], "There is no file nowhere"),
        (["--styles", "nowhere"], "nowhere"),
        (["--net", "nothing"], "nothing"),
        (["--before", "nothing"], "nothing"),
        (["--only", "night"], "has no style night; it has munch_scream"),
        (["--first", "11"], "invalid choice"),
        (["--sheet-only"], "without --sheet"),
    ],
)
def test_wrong_options_end_with_a_sentence(tmp_path, monkeypatch, capsys, folders, wrong, sentence):
    scream = {"name": "munch_scream", "title": "The Scream", "artist": "", "year": ""}
    ship(tmp_path / "weights", monkeypatch, styles=[scream])
    with pytest.raises(SystemExit) as end:
        styles.main([*folders, "--net", "tiny", *wrong])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_file_of_weights_is_judged_by_its_rows_in_full(tmp_path, monkeypatch, capsys, folders):
    monkeypatch.setattr(scores.Judge, "judge", lambda self, target, paint: [GOOD, GOOD])
    rows = ["night", "dots", "dots__soft", "photograph"]
    weights.write(tmp_path / "step_000100.safetensors", net(styles=len(rows)).state_dict())
    (tmp_path / "step_000100.json").write_text(json.dumps({"rows": rows, "width": WIDTH}))
    assert styles.main([*folders, "--net", str(tmp_path / "step_000100.safetensors"), "--json"]) == 0
    assert [score["name"] for score in json.loads(capsys.readouterr().out)["scores"]] == ["night", "dots"]
