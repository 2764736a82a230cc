"""The benchmark of training: that both train the same net on the same images, and what it prints."""

import json
import os
from dataclasses import replace

import pytest
import torch

from benchmarks import report, training
from core.datasets.augmentation import normalise

FEW = tuple(replace(case, images=size) for case, size in zip(training.CASES, (128, 128), strict=True))


@pytest.mark.parametrize("case", FEW, ids=lambda case: case.net)
def test_the_peer_trains_the_same_net_on_the_same_images(case, tmp_path):
    settings, data = training.settings_of(case), training.made_up(case)
    run = training.train_ours(settings, data, tmp_path)
    peer = training.Plain(settings, data, 0)
    assert run.status().state == "finished"
    assert run.data["steps"] == len(peer.loader) == case.images // settings.recipe.batch_size
    assert run.data["parameters"] == sum(parameter.numel() for parameter in peer.net.parameters())
    before = [parameter.clone() for parameter in peer.net.parameters()]
    assert peer.train() > 1  # of ten classes by lot nothing can be learnt in an epoch
    assert not all(map(torch.equal, before, peer.net.parameters()))


def test_the_peer_sees_the_pixels_that_ours_sees():
    case = FEW[0]
    data = training.made_up(case)
    peer = training.Plain(training.settings_of(case), data, 0)
    image, label = peer.loader.dataset[3]
    expected = normalise(data.train.images[3:4], data.mean, data.std)[0]
    assert label == data.train.labels[3] and torch.allclose(image, expected, atol=1e-5)


def test_each_is_called_in_a_process_of_its_own():
    elsewhere = training.Elsewhere(training.ours, FEW[0])
    elsewhere()
    assert elsewhere.process.is_alive() and elsewhere.process.pid != os.getpid()
    elsewhere.close()
    assert elsewhere.process.exitcode == 0


def test_it_prints_one_json_object(monkeypatch, capsys):
    monkeypatch.setattr(training.hardware, "cores", lambda: 0)  # the peer without workers alone
    monkeypatch.setattr(training, "CASES", FEW[:1])
    training.main(["--json", "--rounds", "1"])
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"name", "rows", "machine"} and printed["name"] == "training"
    (row,) = printed["rows"]
    assert set(row) == {"case", "ours", "peer", "unit", "ratio"} and row["unit"] == "images/s"
    assert row["ratio"] == pytest.approx(row["ours"] / row["peer"], rel=0.01)


def test_a_rate_above_one_means_that_ours_trains_more_images():
    assert report.rate("x", 1000, 500.0, 2000.0) == report.Row("x", 2000.0, 500.0, "images/s", 4.0)
