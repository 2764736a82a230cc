"""Carrying out a study in transfer learning: its rows, its nets, and its resumption."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import datasets, images, weights
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import FolderWriter
from core.trainers import evaluation, trained
from core.transfer_learning import cuts, training
from core.transfer_learning.features import Extractor, Features, at_net, side_at_net
from core.transfer_learning.study import LINEAR, Study, child_path, create
from tests.nets import a_run

pytestmark = pytest.mark.slow

FEW = {"pictures": (3,), "epochs": 1, "threads": 1}


def a_study(model: str = "resnet20", **changes) -> Run:
    """A study whose source has random weights, on digits."""
    wanted = {"source": a_run(model).id, "dataset": "digits?images=100"} | FEW | changes
    return create(Study(**wanted))


def timeless(run: Run) -> list[dict]:
    return [{key: value for key, value in row.items() if key not in ("seconds", "run")} for row in run.metrics()]


def stop_after(calls: int, monkeypatch) -> None:
    """Request a stop of a study once it has looked for requests so often."""
    begin_step, seen = FolderWriter.begin_step, []

    def counting(self, before_pause=lambda: None):
        if self.run.kind == "transfer":
            seen.append(1)
            if len(seen) > calls:
                self.run.request("stop")
        return begin_step(self, before_pause)

    monkeypatch.setattr(FolderWriter, "begin_step", counting)


def test_a_study_tries_every_depth_and_every_way_and_leaves_the_source_alone():
    run = a_study()
    source = Run.open(run.settings["source"])
    before = weights.read(source.path / "model.safetensors")
    training.carry_out(run)
    rows = run.metrics()
    depths = [row["depth"] for row in rows if row["way"] == LINEAR and row["pictures"] == 3]
    assert depths == [cut["depth"] for cut in run.data["cuts"]] == [0, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    assert [(row["way"], row["pictures"], row["images"]) for row in rows if row["way"] != LINEAR] == [
        ("frozen", 3, 30),
        ("fine_tuned", 3, 30),
        ("scratch", 3, 30),
    ]
    assert all(0 <= row["test_error"] <= 100 and 0 <= row["validation_error"] <= 100 for row in rows)
    assert run.status().state == "finished" and run.status().progress.step == run.data["steps"] == len(rows)
    after = weights.read(source.path / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)
    rates = [child_path(run, way, 3) for way in ("fine_tuned", "scratch")]
    tuned, scratch = (Run.open(path).settings["recipe"]["learning_rate"] for path in rates)
    assert tuned == pytest.approx(scratch / 10)


def test_frozen_features_with_their_head_are_a_net_like_any_other():
    run = a_study(ways=("frozen",))
    training.carry_out(run)
    row = run.metrics()[-1]
    net = trained.open_named(row["run"])
    data = datasets.load(net.dataset)
    assert len(data.train) == 30 and net.classes == data.classes
    error = evaluation.evaluate(net.net, data.test, net.mean, net.std)[1]
    assert error == pytest.approx(row["test_error"], abs=0.2)  # a near tie may turn between float32 and float64
    source = trained.open_named(run.settings["source"]).net.state_dict()
    changed = {name for name, tensor in net.net.state_dict().items() if not torch.equal(tensor, source[name])}
    assert changed == {"output.weight", "output.bias"}


def test_stopping_and_resuming_gives_the_same_rows(monkeypatch):
    whole, parts = a_study("baseline"), a_study("baseline")
    training.carry_out(whole)
    for calls in (2, 1):  # a quick training is looked at only between two tasks, of which there are six
        with monkeypatch.context() as patch:
            stop_after(calls, patch)
            training.carry_out(parts)
        assert parts.status().state == "stopped"
        assert len(parts.metrics()) < len(whole.metrics())
    training.carry_out(Run.open(parts.path))
    assert timeless(parts) == timeless(whole)


def test_a_training_within_is_paused_and_stopped_within_a_second_and_gone_on_with():
    run = a_study("baseline", pictures=(0,), ways=("scratch",), epochs=400)
    thread = threading.Thread(target=training.carry_out, args=(run,))
    thread.start()
    child = child_path(run, "scratch", 0)
    wait(lambda: run.status().progress.share)
    run.request("pause")
    took = wait(lambda: run.status().state == "paused" and Run.open(child).status().state == "paused")
    assert took < 2
    run.request("run")
    wait(lambda: Run.open(child).status().state == "running")
    run.request("stop")
    assert wait(lambda: not thread.is_alive()) < 2
    assert (run.status().state, Run.open(child).status().state) == ("stopped", "stopped")
    assert run.metrics() == [] and Run.open(child).checkpoint() is not None


def wait(condition, patience: float = 60.0) -> float:
    """Seconds until the condition held."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience
        time.sleep(0.02)
    return time.monotonic() - began


def test_the_row_of_a_training_that_fails_has_its_reason_and_the_others_go_on(monkeypatch):
    def fail(run: Run) -> None:
        raise UserError("The training has diverged.")

    monkeypatch.setattr(training.classifier, "train", fail)
    run = a_study("baseline", ways=("fine_tuned", "scratch"))
    training.carry_out(run)
    assert [row["message"] for row in run.metrics()] == ["The training has diverged."] * 2
    assert run.status().state == "finished"


def test_own_pictures_of_another_size_and_colour_are_enough(tmp_path: Path):
    draw = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(7):
            picture = draw.normal(level, 20, (40, 40, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / "own" / name / f"{number}.png")
    run = a_study(dataset=f"folder:{tmp_path / 'own'}?side=32", pictures=(3, 10), ways=("frozen",))
    training.carry_out(run)
    linear = [row for row in run.metrics() if row["way"] == LINEAR]
    assert {row["pictures"] for row in linear} == {3}
    assert linear[0]["test_error"] == 0, "the mean of the image tells them apart"
    remarks = " ".join(run.data["remarks"])
    assert "luminance" in remarks and "32 px a side" in remarks and "10 a class cannot be drawn" in remarks


def test_without_a_validation_split_a_tenth_of_the_training_images_chooses_the_penalty():
    run = a_study("baseline", pictures=(0,), ways=("frozen",))
    training.carry_out(run)
    assert [row["images"] for row in run.metrics() if row["way"] == LINEAR] == [100] * 3


def own_pictures(folder: Path, side: int = 20) -> str:
    """Return the name of a data set of a few dark and light pictures."""
    draw = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (folder / "few" / name).mkdir(parents=True)
        for number in range(6):
            picture = draw.normal(level, 20, (side, side, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / "few" / name / f"{number}.png")
    return f"folder:{folder / 'few'}?side={side}"


def test_a_net_of_photographs_lends_its_features_at_every_stage(tmp_path: Path):
    dataset = own_pictures(tmp_path)
    run = create(Study("efficientnet_lite0", dataset, (2,), ("frozen",), threads=1, flips=True))
    training.carry_out(run)
    *linear, last = run.metrics()
    assert [row["way"] for row in (*linear, last)] == [LINEAR] * 19 + ["frozen"]
    assert [cut["width"] for cut in run.data["cuts"]][-3:] == [192, 320, 1280]
    assert (last["run"], last["test_error"], last["images"]) == ("", linear[-1]["test_error"], 2 * 2 * 2)
    assert linear[0]["test_error"] == 0, "the mean of the image tells them apart"
    assert "The pictures, 20 px a side, are enlarged to 192" in " ".join(run.data["remarks"])


def test_flips_of_the_training_pictures_are_learned_from_and_no_others(tmp_path: Path):
    dataset = own_pictures(tmp_path, side=32)
    source = trained.open_named("resnet20_cifar10")
    data = datasets.load(dataset)
    at = cuts.cuts(source.net, 3, 32)
    extractor = Extractor(source, at, lambda: None, lambda done, of: None)
    plain = Features(data, (2,), 0, extractor).of(2, len(at) - 1)
    flipped = Features(data, (2,), 0, extractor, flips=True).of(2, len(at) - 1)
    assert torch.equal(flipped[0][0][:4], plain[0][0]) and torch.equal(flipped[0][1], plain[0][1].repeat(2))
    rows = Features(data, (2,), 0, extractor).rows[2]
    again = cuts.features(source.net, source.prepare(data.train.images[rows].flip(-1)), at)[-1]
    torch.testing.assert_close(flipped[0][0][4:], again, atol=1e-5, rtol=1e-4)
    assert torch.equal(flipped[1][0], plain[1][0]) and torch.equal(flipped[2][0], plain[2][0])


def test_small_images_are_enlarged_for_a_net_of_photographs_alone():
    batch = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    small, large = trained.open_named("resnet20_cifar10"), trained.open_named("efficientnet_lite0")
    assert at_net(small, batch) is batch and side_at_net(large, 256) == 256
    enlarged = at_net(large, batch)
    assert enlarged.shape == (2, 3, 192, 192) and enlarged.dtype == torch.uint8
    expected = images.for_net(batch[1].permute(1, 2, 0).numpy(), 192)
    np.testing.assert_array_equal(enlarged[1].permute(1, 2, 0).numpy(), expected)
