"""The scores of pastiche nets by numbers known beforehand, and the peer's layers."""

import json

import numpy as np
import pytest
import torch

from benchmarks import styles
from benchmarks.judge import Judge
from core import images
from core.style import held_out, loss_networks, painter
from tests.painting import STYLES, ship, write_loss_networks, write_pictures

SIDE = 40
read = images.decode


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    networks = loss_networks.LossNetworks().eval().requires_grad_(False)
    photographs = [images.resize(images.sample(name), SIDE, SIDE) for name in ("coffee", "cat")]
    return Judge(networks, photographs[0], photographs)


def test_a_photograph_left_as_it_is_keeps_all_content_and_has_its_own_style(judge):
    style, content = judge.score(lambda photograph: photograph)
    assert content == 0
    assert style == judge.unpainted()
    assert judge.style(judge.own[0]) == pytest.approx(0, abs=1e-9)
    assert style == pytest.approx(judge.style(judge.own[1]) / 2, abs=1e-3)


def test_painting_everything_over_has_the_style_and_loses_the_content(judge):
    style, content = judge.score(lambda photograph: judge.photographs[0])
    assert style == 0
    assert content > 0.5


@pytest.fixture
def peer(tmp_path):
    torch.manual_seed(1)
    shapes = {0: (9, 9, 3, 4), 3: (3, 3, 4, 6), 6: (3, 3, 6, 8), 39: (3, 3, 6, 8), 42: (3, 3, 4, 6), 45: (9, 9, 4, 3)}
    shapes |= {number + more: (3, 3, 8, 8) for number in styles.PeerNet.RESIDUALS for more in (0, 3)}
    manifest = {}
    for number, shape in shapes.items():
        outputs = shape[2] if number in (39, 42) else shape[3]
        for offset, values in enumerate((torch.randn(shape), torch.zeros(outputs), torch.ones(outputs))):
            name = f"Variable_{number + offset}" if number + offset else "Variable"
            manifest[name] = {"filename": name, "shape": list(values.shape)}
            values.numpy().astype("<f4").tofile(tmp_path / name)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return styles.PeerNet(tmp_path)


def test_the_peer_s_pictures_have_the_photograph_s_size(peer):
    painted = peer.paint(images.resize(images.sample("coffee"), 37, 30))
    assert painted.shape == (30, 37, 3)
    assert painted.dtype == np.uint8


def test_the_peer_pads_the_odd_pixel_at_the_end(peer):
    filters = torch.zeros(3, 3, 1, 2)
    filters[0, 0, 0, 0] = filters[1, 1, 0, 1] = 1  # the corner of the window, and its middle
    peer.variables |= {"Variable_3": filters, "Variable_4": torch.zeros(2), "Variable_5": torch.ones(2)}
    x = torch.arange(16.0).view(1, 1, 4, 4)
    found = peer.convolution(x, 3, stride=2)[0]
    for maps, picked in zip(found, ([[0, 2], [8, 10]], [[5, 7], [13, 15]]), strict=True):
        wanted = torch.tensor(picked, dtype=torch.float32)
        assert torch.allclose(maps, (wanted - wanted.mean()) / (wanted.var(correction=0) + 1e-3).sqrt(), atol=1e-5)


@pytest.fixture
def folders(tmp_path, monkeypatch) -> list[str]:
    """The command's options for folders with small pictures and networks."""
    write_pictures(tmp_path / "styles", (*STYLES, "munch_scream"))
    write_pictures(tmp_path / "photos", held_out.PHOTOGRAPHS)
    write_loss_networks(tmp_path / "networks")
    monkeypatch.setattr(images, "decode", lambda path: read(path.with_suffix(".png")))
    given = ["--photos", tmp_path / "photos", "--styles", tmp_path / "styles", "--loss-networks", tmp_path / "networks"]
    return list(map(str, given))


def test_a_net_of_many_styles_is_scored_beside_the_single_ones(tmp_path, monkeypatch, capsys, folders):
    folder = tmp_path / "weights"
    ship(folder, monkeypatch)
    ship(folder, monkeypatch, "alone", styles=[{"name": "dots", "title": "Dots", "artist": "", "year": ""}])
    styles.main([*folders, "--net", "tiny", "--only", "dots", "night", "--json"])
    dots, night = json.loads(capsys.readouterr().out)["rows"]
    assert dots["single_style_loss"] > 0 and dots["single_content_loss"] > 0
    assert night["single_style_loss"] is None
    styles.main([*folders, "--net", "alone", "--json"])
    [row] = json.loads(capsys.readouterr().out)["rows"]
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
def test_what_is_not_there_is_told_in_a_sentence(tmp_path, monkeypatch, capsys, folders, wrong, sentence):
    scream = {"name": "munch_scream", "title": "The Scream", "artist": "", "year": ""}
    ship(tmp_path / "weights", monkeypatch, styles=[scream])
    with pytest.raises(SystemExit) as end:
        styles.main([*folders, "--net", "tiny", *wrong])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
    painter.shipped.cache_clear()
