"""The job: a training in a process of its own, which outlives the browser tab, the page and the server."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from core.errors import UserError
from core.runs.run import Run

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = {kind: f"training.{kind}" for kind in ("classifier", "pastiche", "loss_network", "iterative", "transfer")}
# What torchrun sets for its processes: a training that one of them starts as it ends is not of their team.
TEAM = ("RANK", "LOCAL_RANK", "GROUP_", "ROLE_", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_", "TORCHELASTIC_")


def start(run: Run) -> int:
    """Start (or resume: it is the same command) the training of `run`, and return the process id.

    The process has a session of its own, and its output goes to log.txt.
    Raises UserError where the folder cannot be written or the process cannot be started.
    """
    if run.kind not in MODULES:
        raise UserError(f"The run {run.id} is a {run.kind}, which is not trained here; update Atelier to start it.")
    run.request("run")
    try:
        with (run.path / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", MODULES[run.kind], "--run", str(run.path.resolve())],
                cwd=REPOSITORY,
                env={key: value for key, value in os.environ.items() if not key.startswith(TEAM)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise UserError(f"The training of {run.id} cannot be started ({error}); mend that and resume it.") from error
    # A child that nobody waits for stays a zombie for as long as the server lives.
    threading.Thread(target=process.wait, daemon=True).start()
    run.report("starting", pid=process.pid)
    return process.pid
