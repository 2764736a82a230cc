"""The benchmark of photographs: both sides answer alike, rows have floors, and a missed floor is an exit status."""

import json

import pytest
import torch

from benchmarks import photos
from benchmarks.photos import Case
from benchmarks.report import BoundedRow

pytest.importorskip("torchcam")
pytest.importorskip("pytorch_grad_cam")


def test_it_prints_one_json_object(monkeypatch, capsys):
    monkeypatch.setattr(photos, "loading", lambda rounds: BoundedRow("first opening / bound", 9, 500, "ms", 55, 1.0))
    monkeypatch.setattr(photos, "FLOORS", dict.fromkeys(photos.FLOORS, 0.0))
    monkeypatch.setattr(photos, "FLOOR_OF_ALL", 0.0)
    assert photos.main(["--json", "--rounds", "1", "--sides", "96", "--threads", "1"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["name"] == "photos" and "machine" in printed
    assert all({"case", "ours", "peer", "unit", "ratio", "floor"} <= set(row) for row in printed["rows"])
    cases = [row["case"] for row in printed["rows"]]
    assert "answer and map / torchcam, 96 px, 1 thread, float32" in cases
    assert "a thousand maps after the answer / torchcam, 96 px, finer maps, 1 thread, float32" in cases


@pytest.mark.parametrize(("ratio", "status"), [(1.42, 1), (1.44, 0)])
def test_a_missed_floor_is_an_exit_status(monkeypatch, capsys, ratio, status):
    floor = round(photos.FLOORS[torch.float32], 2)
    rows = [BoundedRow("answer and map / torchcam", 10, 10 * ratio, "ms", ratio, floor)]
    monkeypatch.setattr(photos, "measure", lambda cases, rounds: rows)
    monkeypatch.setattr(photos, "loading", lambda rounds: BoundedRow("first opening / bound", 9, 500, "ms", 55, 1.0))
    assert photos.main(["--threads", "1"]) == status


def test_floors_are_the_shares_of_torchcams_time():
    assert photos.FLOORS[torch.float32] == pytest.approx(1 / 0.7) and photos.FLOORS[torch.bfloat16] == 2
    assert photos.FLOOR_OF_ALL == 10 and photos.LOAD_BOUND == 500


@pytest.mark.parametrize("finer", [False, True])
def test_the_companions_net_answers_as_ours_does(finer):
    x = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(1))
    ours, peer = photos.our_net(torch.float32, finer), photos.peer_net(finer)
    torch.testing.assert_close(ours(x), peer(x), atol=1e-4, rtol=0)


def test_other_maps_are_reported():
    x = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with pytest.raises(AssertionError, match="logits differ"):
        photos.assert_alike(photos.Ours(photos.our_net(torch.float32, False), x), photos.Peer(-x, False), 1e-4)


def test_a_case_says_what_it_is():
    assert str(Case(224, 1, True)) == "224 px, finer maps, 1 thread" and str(Case(448, 2, False)) == "448 px, 2 threads"
