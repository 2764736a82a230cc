"""The scores of style networks by numbers that are known beforehand, and what the benchmark prints."""

import json

import pytest
import torch

from benchmarks import styles
from benchmarks.scores import Scorer
from core import images
from core.style import held_out, loss_networks, painter
from tests.painting import STYLES, ship, write_loss_networks, write_pictures

SIDE = 40
read = images.decode


@pytest.fixture(scope="module")
def scorer():
    torch.manual_seed(0)
    networks = loss_networks.LossNetworks().eval().requires_grad_(False)
    photographs = [images.resize(images.sample(name), SIDE, SIDE) for name in ("coffee", "cat")]
    return Scorer(networks, photographs[0], photographs)


def test_a_photograph_left_as_it_is_keeps_all_content_and_has_its_own_style(scorer):
    style, content = scorer.score(lambda photograph: photograph)
    assert content == 0
    assert style == scorer.unpainted()
    assert scorer.style(scorer.originals[0]) == pytest.approx(0, abs=1e-9)
    assert style == pytest.approx(scorer.style(scorer.originals[1]) / 2, abs=1e-3)


def test_painting_everything_over_has_the_style_and_loses_the_content(scorer):
    style, content = scorer.score(lambda photograph: scorer.photographs[0])
    assert style == 0
    assert content > 0.5


@pytest.fixture
def folders(tmp_path, monkeypatch) -> list[str]:
    """The command's options for folders with small pictures and networks."""
    write_pictures(tmp_path / "styles", (*STYLES, "munch_scream"))
    write_pictures(tmp_path / "photos", held_out.PHOTOGRAPHS)
    write_loss_networks(tmp_path / "networks")
    monkeypatch.setattr(images, "decode", lambda path: read(path.with_suffix(".png")))
    folders = [
        "--photos",
        tmp_path / "photos",
        "--styles",
        tmp_path / "styles",
        "--loss-networks",
        tmp_path / "networks",
    ]
    return list(map(str, folders))


def test_a_net_of_many_styles_is_scored_beside_the_single_ones(tmp_path, monkeypatch, capsys, folders):
    folder = tmp_path / "weights"
    ship(folder, monkeypatch)
    ship(folder, monkeypatch, "alone", styles=[{"name": "dots", "title": "Dots", "artist": "", "year": ""}])
    styles.main([*folders, "--net", "tiny", "--only", "dots", "night", "--json"])
    printed = json.loads(capsys.readouterr().out)
    dots, night = printed["scores"]
    assert dots["single_style_loss"] > 0 and dots["single_content_loss"] > 0
    assert night["single_style_loss"] is None
    assert set(printed) == {"name", "rows", "scores", "mean", "machine"}
    assert all(set(row) == {"case", "ours", "peer", "unit", "ratio"} for row in printed["rows"])
    assert [row["case"] for row in printed["rows"]] == [
        "style loss of dots, against the photograph",
        "style loss of dots, against the net of one style",
        "content loss of dots, against the net of one style",
        "style loss of night, against the photograph",
    ]
    assert printed["rows"][1]["ours"] == dots["style_loss"] and printed["rows"][1]["peer"] == dots["single_style_loss"]
    styles.main([*folders, "--net", "alone", "--json"])
    [row] = json.loads(capsys.readouterr().out)["scores"]
    assert (row["style_loss"], row["content_loss"]) == (dots["single_style_loss"], dots["single_content_loss"])
    styles.main([*folders, "--net", "tiny", "--only", "dots"])
    assert f"{dots['single_style_loss']:.3f}" in capsys.readouterr().out
    painter.shipped.cache_clear()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--peer", "nowhere"], "nowhere/scream does not hold a net of the peer"),
        (["--photos", "nowhere"], "There is no file nowhere"),
        (["--styles", "nowhere"], "nowhere"),
        (["--net", "nothing"], "nothing"),
    ],
)
def test_a_missing_file_ends_with_a_sentence(tmp_path, monkeypatch, capsys, folders, wrong, sentence):
    scream = {"name": "munch_scream", "title": "The Scream", "artist": "", "year": ""}
    ship(tmp_path / "weights", monkeypatch, styles=[scream])
    with pytest.raises(SystemExit) as end:
        styles.main([*folders, "--net", "tiny", *wrong])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
    painter.shipped.cache_clear()
