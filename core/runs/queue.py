"""The queue: trainings wait for one another where the machine is too small for two at a time.

A waiting run has the state "queued" and its place in its own status.json; there is no other list. A process that holds
the lock and sees a free slot starts the next run: every training does so as it ends, and every open page.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import filelock

from core import hardware
from core.errors import UserError
from core.runs import job
from core.runs.run import Run, root
from core.runs.status import FILE

LARGE = 8  # cores from which on two trainings run at a time
LOCK_SECONDS = 10.0
WITH_PROCESS = ("starting", "running", "paused")


def slots() -> int:
    """Return how many trainings may run at a time: the variable ATELIER_JOBS, else 1, or 2 from 8 cores on."""
    jobs = os.environ.get("ATELIER_JOBS", "")
    return int(jobs) if jobs.isdigit() and int(jobs) > 0 else 1 + (hardware.cores() >= LARGE)


def submit(run: Run) -> bool:
    """Start or resume `run` where a slot is free, else append it to the queue; return True where it was started.

    Raises UserError where the run has a process already, came with Atelier, or cannot be started.
    """
    run.require_own()
    with lock():
        state = run.status().state
        if _has_process(run):
            raise UserError(f"The run {run.id} is {state} already; stop it first to start it again.")
        if state != "queued":
            run.report("queued", place=max((other.place() for other in waiting()), default=0) + 1)
        return any(started.id == run.id for started in _advance())


def resume(run: Run) -> bool:
    """Go on from the last checkpoint: end the pause of a process, else submit the run; return True where it runs."""
    if _has_process(run):
        run.request("run")
        return True
    return submit(run)


def restart(run: Run) -> Run:
    """Stop `run`, submit a new run with the same settings, and return that; the old folder stays."""
    if run.status().alive:
        run.request("stop")
    cancel(run)
    fresh = Run.create(run.kind, run.settings, name=run.name)
    submit(fresh)
    return fresh


def waiting() -> list[Run]:
    """Return the runs in the queue, the next one first."""
    runs = [run for run in _reported("queued") if run.status().state == "queued"]
    return sorted(runs, key=lambda run: (run.place(), run.id))


def under_way() -> bool:
    """Return True where any run has a process or waits for one."""
    return any(run.status().under_way for run in _reported(*WITH_PROCESS, "queued"))


def cancel(run: Run) -> None:
    """Take `run` out of the queue; leave a run that is not in it as it is."""
    with lock():
        if run.status().state == "queued":
            run.report("stopped", "Taken out of the queue before its turn came; resume puts it in again.")


def sooner(run: Run) -> None:
    """Swap `run` with the one before it in the queue."""
    _swap(run, -1)


def later(run: Run) -> None:
    """Swap `run` with the one after it in the queue."""
    _swap(run, 1)


def advance() -> list[Run]:
    """Start waiting runs while slots are free, and return those that were started, the next one first.

    Never raises: it is called where a page is drawn or a training ends. A run that cannot be started fails. Of several
    processes that train one net together only the first does this.
    """
    if os.environ.get("RANK", "0") != "0" or not waiting():
        return []
    try:
        with lock():
            return _advance()
    except UserError:
        return []  # another process holds the lock and starts them, or the folder cannot be written


@contextmanager
def lock() -> Iterator[None]:
    """Prevent every other process from changing the queue. Raises UserError where the lock cannot be acquired."""
    try:
        root().mkdir(parents=True, exist_ok=True)
        file_lock = filelock.FileLock(root() / ".queue.lock", timeout=LOCK_SECONDS)
        file_lock.acquire()
    except OSError as error:
        raise UserError(f"The queue of {root()} cannot be changed ({error}); make the folder writable.") from error
    try:
        yield
    finally:
        file_lock.release()


def _advance() -> list[Run]:
    busy = sum(_has_process(run) for run in _reported(*WITH_PROCESS))
    started: list[Run] = []
    for run in waiting():
        if busy + len(started) >= slots():
            break
        try:
            job.start(run)
        except UserError as error:
            _fail(run, str(error))
        else:
            started.append(run)
    return started


def _reported(*states: str) -> list[Run]:
    """Return the runs whose status.json mentions one of the states. Quick: every page calls it every few seconds."""
    words = [f'"{state}"'.encode() for state in states]
    runs = []
    for path in root().glob(f"*/{FILE}"):
        try:
            content = path.read_bytes()
            if any(word in content for word in words):
                runs.append(Run.open(path.parent))
        except (OSError, UserError):
            continue  # gone since it was listed, or damaged
    return runs


def _has_process(run: Run) -> bool:
    """Return True where a process trains `run`. A new folder without a status is "starting", but has no process."""
    return run.status().alive and (run.path / FILE).exists()


def _fail(run: Run, sentence: str) -> None:
    try:
        run.report("failed", sentence)
    except UserError:
        return  # its folder is gone or cannot be written


def _swap(run: Run, by: int) -> None:
    with lock():
        runs = waiting()
        ids = [other.id for other in runs]
        if run.id not in ids or not 0 <= (target := ids.index(run.id) + by) < len(runs):
            return
        position = target - by
        runs[position], runs[target] = runs[target], runs[position]
        for place, other in enumerate(runs, 1):
            other.report("queued", place=place)
