"""Two processes train the net that one process trains, write one run folder, and end together."""

import pytest
import torch

from core import weights
from core.errors import UserError
from core.runs.run import Run
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from core.trainers.parallel import Team
from tests.team import ended, on_cpus, start

pytestmark = pytest.mark.slow

# 25 images to a batch are 13 and 12 of them.
SMALL = {"batch_size": 25, "learning_rate": 0.01, "schedule": "constant", "augment": True, "threads": 1}


def make(net: str = "baseline", **changes) -> Run:
    """A run on 100 digits in float32."""
    settings = recipes.settings("digits?images=100", net, **SMALL | {"precision": "float32"} | changes)
    return Run.create("classifier", settings.to_json())


def figures(run: Run, *names: str) -> torch.Tensor:
    return torch.tensor([[row[name] for name in names] for row in run.metrics()], dtype=torch.float64)


@on_cpus
def test_two_processes_agree_with_one_at_the_same_global_batch():
    alone, together = make(epochs=2, dropout=0.0), make(epochs=2, dropout=0.0)
    processes = start("training.classifier", "--run", str(together.path))
    train(alone)
    (first, second) = ended(processes)
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert "run folder" in first[1] and second[1] == "", "one process speaks"
    assert len(together.metrics()) == len(alone.metrics()) == 8, "and one writes"
    losses = [figures(run, "train_loss", "train_error", "learning_rate") for run in (together, alone)]
    assert torch.allclose(*losses, rtol=1e-4), losses
    measured = [run.last("test_loss") for run in (together, alone)]
    assert measured[0] == pytest.approx(measured[1], rel=1e-4)
    assert Run.open(together.path).data["test_error"] == pytest.approx(alone.data["test_error"])
    nets = [weights.read(run.path / "model.safetensors") for run in (together, alone)]
    assert all(torch.allclose(nets[0][name], nets[1][name], atol=1e-5) for name in nets[0])
    assert Run.open(together.path).data["processes"] == 2


FAILS = (
    "import core.trainers.classifier as c; step = c._Training._take_step\n"
    "def fail(self):\n"
    "    if rank == 1 and self.state.step == 3: raise MemoryError('there is no room for the maps')\n"
    "    step(self)\n"
    "c._Training._take_step = fail"
)


@on_cpus
def test_a_process_that_fails_ends_the_run_with_its_sentence():
    run = make(epochs=2)
    (first, second) = ended(start("training.classifier", "--run", str(run.path), before=FAILS))
    assert first[0] == 2 and second[0] != 0
    assert run.status().state == "failed"
    assert "Process 1 of this training failed: there is no room for the maps" in run.status().message
    assert "Process 1 of this training failed" in first[2] and "Traceback" not in first[2]


def test_a_batch_with_nothing_for_some_process_is_refused():
    Team(3, 4).check_batch(4)
    with pytest.raises(UserError, match="A batch of 3 images cannot be shared by 4 processes: start fewer"):
        Team(0, 4).check_batch(3)
