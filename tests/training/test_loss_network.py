"""`python -m training.loss_network` from the outside, with random teachers and made-up pictures."""

import json

import pytest

from core import weights
from core.runs.run import Run
from core.style import compact, sources
from tests.painting import write_loss_networks, write_pictures
from training import loss_network, ship

TINY = ["--crop", "64", "--batch", "2", "--transfers", "1", "--pool", "1", "--save-every", "2", "--threads", "1"]


@pytest.fixture
def folders(tmp_path):
    write_pictures(tmp_path / "photos", ("one", "two"), 80)
    write_pictures(tmp_path / "styles", ("stripes", "dots"), 80)
    write_loss_networks(tmp_path / "networks")
    options = {"--photos": "photos", "--styles": "styles", "--loss-networks": "networks"}
    return [part for option, name in options.items() for part in (option, str(tmp_path / name))]


def train(*options: str) -> int:
    return loss_network.main([*TINY, *options])


def test_a_training_from_the_command_line_makes_a_run_and_the_same_command_goes_on(folders, capsys):
    assert train(*folders, "--run", "mine", "--steps", "1") == 0
    run = Run.open("mine")
    assert (run.kind, run.status().state) == ("loss_network", "finished")
    assert run.data["held_out_paintings"] == ["stripes.png"]
    assert run.data["photographs"] == 1
    assert train(*folders, "--run", "mine", "--steps", "2") == 0
    assert loss_network.main(["--resume", "mine", "--steps", "3"]) == 0
    assert Run.open("mine").checkpoint()[1]["step"] == 3
    compact.read(run.path / "model.safetensors")
    assert train(*folders, "--run", "mine", "--steps", "3", "--gram", "2") == 2
    assert "was started with gram 0.3, not 2.0" in capsys.readouterr().err


def test_a_finished_network_is_shipped_with_a_card_and_drives_transfers(tmp_path, folders, monkeypatch, capsys):
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    (tmp_path / "weights").mkdir()
    assert train(*folders, "--run", "mine", "--steps", "1") == 0
    assert ship.main(["mine", "compact"]) == 2
    assert "needs --licence" in capsys.readouterr().err
    assert not sources.at_hand("compact")
    assert ship.main(["mine", "compact", "--licence", "My own photographs, free for all"]) == 0
    card = weights.card("compact")
    assert (card["kind"], card["steps"]) == ("loss_network", 1)
    assert set(card["errors"]["error"]) == set(compact.SOURCES)
    assert card["held_out_paintings"] == ["stripes.png"]
    assert str(tmp_path) not in json.dumps(card)
    assert sources.names()[0] == "compact"
    assert sources.load("compact").layers == tuple(compact.SOURCES)


def test_what_is_missing_is_told(tmp_path, folders, capsys):
    assert train("--photos", str(tmp_path / "photos")) == 2
    assert "needs --styles" in capsys.readouterr().err
    (tmp_path / "photos" / "two.png").unlink()
    assert train(*folders) == 2
    assert "only one picture in" in capsys.readouterr().err
    Run.create("classifier", {}, path=tmp_path / "runs" / "other")
    assert loss_network.main(["--resume", "other"]) == 2
    assert "trains a classifier" in capsys.readouterr().err
