"""The speedrun's recipe in the trainer: the net is prepared, its optimiser is Muon, and a hundred steps are plenty."""

import pytest
import torch

from core import weights
from core.models.speedrun import Speedrun
from core.runs.run import Run
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from training import classifier as command

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _runs_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_RUNS", str(tmp_path / "runs"))


def test_it_learns_digits_in_a_few_steps():
    settings = recipes.settings("digits?images=500", "speedrun", epochs=4, threads=1, precision="float32")
    run = Run.create("classifier", settings.to_json())
    train(run)
    assert run.data["steps"] < 70
    assert run.data["test_error"] < 10
    whitening = weights.read(run.path / "model.safetensors")["whitening.weight"]
    half = len(whitening) // 2
    assert torch.equal(whitening[:half], -whitening[half:]), "the first layer was not prepared, or was trained"


def test_the_recipe_s_name_alone_says_which_net(monkeypatch):
    started = []
    monkeypatch.setattr(command, "print_result", lambda run: None)
    monkeypatch.setattr(command, "train", lambda run, *_: started.append(run))
    for dataset in ("cifar10", "mnist"):
        assert command.main(["--dataset", dataset, "--recipe", "speedrun"]) == 0
    assert [run.settings["model"] for run in started] == ["speedrun", "speedrun"]
    assert [run.settings["recipe"]["test_views"] for run in started] == [6, 3]


def test_a_net_in_training_normalises_by_its_batch():
    torch.manual_seed(0)
    net, x = Speedrun(10, 1), 3 + torch.randn(20, 1, 28, 28)
    outputs = []
    net.groups[0].norm1.register_forward_hook(lambda layer, inputs, output: outputs.append(output))
    net(x)
    assert outputs[0].mean().abs() < 1e-3 and (outputs[0].std() - 1).abs() < 0.01
