"""Which epoch's weights are kept is decided on the validation split, and on the test split never."""

from dataclasses import replace

import pytest
import torch

from core import datasets, weights
from core.datasets import Split
from core.runs.run import Run
from core.runs.writer import FolderWriter
from core.trainers import classifier, evaluation
from core.trainers import recipe as recipes
from core.trainers.classifier import train

pytestmark = pytest.mark.slow

VALIDATION_ERRORS = [50.0, 20.0, 20.0, 30.0]


def make(**changes) -> Run:
    settings = recipes.settings(
        "digits?images=100", "baseline", batch_size=50, learning_rate=0.01, schedule="constant", threads=1, **changes
    )
    return Run.create("classifier", settings.to_json())


@pytest.fixture
def evaluated_sizes(monkeypatch):
    """Make digits with 20 validation images and VALIDATION_ERRORS; return the sizes evaluated so far."""
    whole, scores, sizes = datasets.load("digits?images=100"), evaluation.scores, []
    part = Split(whole.test.images[:20], whole.test.labels[:20])
    with_validation = replace(whole, validation=part, test=Split(whole.test.images[20:60], whole.test.labels[20:60]))

    def scripted(logits, labels):
        sizes.append(len(labels))
        loss, error = scores(logits, labels)
        return loss, VALIDATION_ERRORS[sizes.count(20) - 1] if len(labels) == 20 else error

    monkeypatch.setattr(classifier.datasets, "load", lambda *name, **more: with_validation)
    monkeypatch.setattr(evaluation, "scores", scripted)
    return sizes


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_best_epoch_on_validation_is_kept_and_measured_once_on_test(evaluated_sizes, interrupted, monkeypatch):
    three, four = make(epochs=3), make(epochs=4)
    train(three)
    evaluated_sizes.clear()
    if interrupted:
        begin_step, calls = FolderWriter.begin_step, []

        def stopping(self, before_pause):
            calls.append(1)
            if len(calls) == 8:  # in the fourth epoch, behind the best
                self.run.request("stop")
            return begin_step(self, before_pause)

        with monkeypatch.context() as patch:
            patch.setattr(FolderWriter, "begin_step", stopping)
            train(four)
        assert four.status().state == "stopped"
    train(four)
    kept, latest = (weights.read(run.path / "model.safetensors") for run in (four, three))
    assert all(torch.equal(kept[name], latest[name]) for name in kept), "of two equal epochs it is the later one"
    assert evaluated_sizes == [20, 20, 20, 20, 40]
    assert (four.data["selection"], four.data["selected_epoch"]) == ("validation", 3)
    assert four.data["test_error"] == pytest.approx(three.data["test_error"])
    assert [row["validation_error"] for row in four.metrics() if "validation_error" in row] == VALIDATION_ERRORS
    assert not any("test_error" in row for row in four.metrics())
    assert not torch.equal(kept["conv1.weight"], four.checkpoint()[0]["net.conv1.weight"]), "the last step's goes on"


def test_without_a_validation_split_the_last_epoch_counts():
    run = make(epochs=2, test_views=3)
    train(run)
    assert (run.data["selection"], run.data["selected_epoch"]) == ("last epoch", 2)
    assert run.data["test_error"] == run.metrics()[-1]["test_error"]
    assert run.data["test_views"] == 3 and 0 <= run.data["test_error_views"] <= 100
