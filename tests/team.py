"""Two processes of a training command, as torchrun starts them."""

import os
import socket
import subprocess
import sys

import pytest
import torch

from tests.conftest import REPOSITORY

on_cpus = pytest.mark.skipif(torch.cuda.is_available(), reason="two processes would need two GPUs")


def start(module: str, *options: str, before: str = "") -> list[subprocess.Popen]:
    """Start `python -m MODULE OPTIONS` twice, in the environment of torchrun; `before` is code that may use `rank`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    code = f"import os, sys; rank = int(os.environ['RANK'])\n{before}\nfrom {module} import main; sys.exit(main())"
    return [
        subprocess.Popen(
            [sys.executable, "-c", code, *options],
            env={**os.environ, **environment, "OMP_NUM_THREADS": "1", "RANK": rank, "LOCAL_RANK": rank},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]


def ended(processes: list[subprocess.Popen]) -> list[tuple[int, str, str]]:
    """Return exit status, output and errors of each."""
    outputs = [process.communicate(timeout=240) for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, outputs, strict=True)]
