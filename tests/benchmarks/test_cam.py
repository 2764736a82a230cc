"""The benchmark of maps: both sides return the same ones, and it prints the schema of every benchmark."""

import json

import pytest
import torch

from benchmarks import cam
from tests.nets import a_run

pytest.importorskip("torchcam")
pytest.importorskip("pytorch_grad_cam")


def test_it_prints_one_json_object(monkeypatch, capsys):
    monkeypatch.setattr(cam, "ROUNDS", {1: 1, 3: 1})
    run = a_run("resnet20")
    cam.main(["--json", "--model", run.id])
    printed = json.loads(capsys.readouterr().out)
    assert printed["name"] == "cam" and len(printed["rows"]) == 14
    assert all(set(row) == {"case", "ours", "peer", "unit", "ratio"} for row in printed["rows"])
    cases = [row["case"] for row in printed["rows"]]
    assert "CAM / torchcam's CAM, batch 3" in cases and "CAM at the net's size / bare forward, batch 1" in cases


def test_finished_maps_have_the_images_size_and_range_from_0_to_1():
    maps = cam.finished(torch.tensor([[[-1.0, 2.0], [0.0, 0.0]], [[-1.0, -1.0], [-1.0, -1.0]]]), 8)
    assert maps.shape == (2, 8, 8) and maps[0].max() == 1 and maps.min() == 0 and not maps[1].any()


def test_different_maps_are_reported():
    class Named:
        name = "a net"

    maps = torch.rand(4, 8, 8, generator=torch.Generator().manual_seed(0))
    cam.assert_alike(Named(), maps, 0.5 * maps)
    with pytest.raises(AssertionError, match="different maps"):
        cam.assert_alike(Named(), maps, maps.flip(-1))
