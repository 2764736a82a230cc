"""Epochs whose weights a training leaves behind: which, how large, in whose name, and the same after a resume."""

import pytest
import torch
from torch import nn

from core import weights
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import FolderWriter, writing
from core.trainers import kept_epochs
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from core.trainers.trained import open_epoch, open_run

SMALL = {"epochs": 3, "batch_size": 40, "precision": "float32", "threads": 1, "learning_rate": 0.01}


def make(**changes) -> Run:
    return Run.create("classifier", recipes.settings("digits?images=120", "baseline", **SMALL, **changes).to_json())


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 15, 164, 10_000])
@pytest.mark.parametrize("count", [0, 1, 2, 8, 100])
def test_the_first_the_last_and_as_many_as_asked_between(epochs, count):
    chosen = kept_epochs.chosen(epochs, count)
    assert len(chosen) == (min(count, epochs) + 1 if count else 0)
    assert chosen == tuple(sorted(set(chosen)))
    if count:
        assert (chosen[0], chosen[-1]) == (0, epochs)


def test_they_lie_closest_together_at_the_beginning():
    assert kept_epochs.chosen(164, 8) == (0, 1, 2, 4, 9, 18, 38, 79, 164)


def test_the_space_is_known_beforehand_and_bounded():
    net = nn.Linear(1000, 1000, bias=False, device="meta")
    assert kept_epochs.size(net, 30, 8) == 9 * 2_000_000 and kept_epochs.size(net, 30, 0) == 0
    assert kept_epochs.usual(net, 30) == kept_epochs.USUAL
    assert kept_epochs.usual(nn.Linear(10_000, 1000, device="meta"), 30) == 0
    with pytest.raises(UserError, match=r"100 epochs would take 20\.2 GB; keep fewer.*4 GB"):
        kept_epochs.check(nn.Linear(10_000, 10_000, bias=False, device="meta"), 200, 100)
    with pytest.raises(UserError, match="between 0 and 100"):
        recipes.settings("digits", "baseline", keep_epochs=101)


def test_none_are_kept_unasked():
    run = make()
    train(run)
    assert run.epoch_weights() == {} and not (run.path / "epochs").exists()


def test_they_are_those_of_the_epochs_and_outlive_a_stop(monkeypatch):
    whole, parts = make(keep_epochs=2), make(keep_epochs=2)
    train(whole)
    assert list(whole.epoch_weights()) == [0, 1, 3]
    # Half precision: the last ones are the run's own to three digits, at half the size.
    last, own = whole.epoch_weights()[3], whole.path / "model.safetensors"
    assert last.stat().st_size < 0.55 * own.stat().st_size
    kept, model = weights.read(last), weights.read(own)
    assert all(torch.allclose(kept[name].float(), model[name], rtol=1e-3, atol=1e-6) for name in model)
    begin_step, calls = FolderWriter.begin_step, []

    def stopping(self, before_pause):
        calls.append(1)
        if len(calls) > 4:
            self.run.request("stop")
        return begin_step(self, before_pause)

    with monkeypatch.context() as patch:
        patch.setattr(FolderWriter, "begin_step", stopping)
        train(parts)
    assert list(parts.epoch_weights()) == [0, 1]
    train(parts)
    for epoch, path in whole.epoch_weights().items():
        again = weights.read(parts.epoch_weights()[epoch])
        assert all(torch.equal(tensor, again[name]) for name, tensor in weights.read(path).items())


def test_what_half_precision_would_spoil_stays_as_it_is():
    run = make()
    with writing(run) as writer:
        writer.save_epoch(
            4, {"large": torch.tensor([1e6]), "small": torch.tensor([0.5]), "count": torch.tensor(70_000)}
        )
    tensors = weights.read(run.epoch_weights()[4])
    assert (tensors["large"].item(), tensors["small"].item(), tensors["count"].item()) == (1e6, 0.5, 70_000)
    assert (tensors["large"].dtype, tensors["small"].dtype) == (torch.float32, torch.float16)


def test_the_net_of_an_epoch_opens_like_that_of_the_run():
    run = make(keep_epochs=1)
    train(run)
    run = Run.open(run.id)
    first, last = open_epoch(run, 0), open_epoch(run, 3)
    assert last.classes == open_run(run).classes and not last.net.training
    assert next(last.net.parameters()).dtype == torch.float32
    assert not torch.equal(next(first.net.parameters()), next(last.net.parameters()))
    with pytest.raises(UserError, match="has no weights of epoch 2; there are those of 0, 3"):
        open_epoch(run, 2)
