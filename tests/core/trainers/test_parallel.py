"""Two processes train the net that one process trains, write one run folder, and end together."""

import os
import socket
import subprocess
import sys

import pytest
import torch

from core import weights
from core.runs.folder import Run
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from tests.conftest import REPOSITORY

# 25 images to a batch are 13 and 12 of them.
SMALL = {"batch_size": 25, "learning_rate": 0.01, "schedule": "constant", "augment": True, "threads": 1}


def make(net: str = "baseline", **changes) -> Run:
    """A run on 100 digits in float32."""
    settings = recipes.settings("digits?images=100", net, **SMALL | {"precision": "float32"} | changes)
    return Run.create("classifier", settings.to_json())


def start(run: Run, code: str = "from training.classifier import main; sys.exit(main())") -> list[subprocess.Popen]:
    """Two processes with the environment that torchrun gives them; `code` may differ by `rank`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    known = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    command = [sys.executable, "-c", f"import os, sys; rank = int(os.environ['RANK']); {code}"]
    return [
        subprocess.Popen(
            [*command, "--run", str(run.path)],
            env={**os.environ, **known, "OMP_NUM_THREADS": "1", "RANK": rank, "LOCAL_RANK": rank},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]


def ended(processes: list[subprocess.Popen]) -> list[tuple[int, str, str]]:
    """Exit status, output and errors of each."""
    said = [process.communicate(timeout=120) for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, said, strict=True)]


def figures(run: Run, *names: str) -> torch.Tensor:
    return torch.tensor([[row[name] for name in names] for row in run.metrics()], dtype=torch.float64)


@pytest.mark.skipif(torch.cuda.is_available(), reason="two processes would need two GPUs")
def test_two_processes_agree_with_one_at_the_same_global_batch():
    alone, together = make(epochs=2, dropout=0.0), make(epochs=2, dropout=0.0)
    processes = start(together)
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
    "    if rank == 1 and self.step == 3: raise MemoryError('there is no room for the maps')\n"
    "    step(self)\n"
    "c._Training._take_step = fail\n"
    "from training.classifier import main; sys.exit(main())"
)


@pytest.mark.skipif(torch.cuda.is_available(), reason="two processes would need two GPUs")
def test_a_process_that_fails_ends_the_run_with_its_sentence():
    run = make(epochs=2)
    (first, second) = ended(start(run, FAILS))
    assert first[0] == 2 and second[0] != 0
    assert run.status().state == "failed"
    assert "Process 1 of this training failed: there is no room for the maps" in run.status().message
    assert "Process 1 of this training failed" in first[2] and "Traceback" not in first[2]
