"""The queue: trainings wait for one another where the machine is too small for two at a time.

A waiting run says so in its own folder ("queued", with its place), so that nothing else has to be kept in step with it:
who holds the lock and finds a free slot starts the next. That is every training as it ends, and every open page.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import filelock

from core import hardware
from core.errors import UserError
from core.runs import job
from core.runs.run import Run, root

LARGE = 8  # cores from which on two trainings run beside one another
LOCK_SECONDS = 10.0
WITH_PROCESS = ("starting", "running", "paused")


def slots() -> int:
    """How many trainings may run at a time: the environment variable ATELIER_JOBS, else 1, or 2 from 8 cores on."""
    asked = os.environ.get("ATELIER_JOBS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else 1 + (hardware.cores() >= LARGE)


def submit(run: Run) -> bool:
    """Start or resume `run` where a slot is free, else put it at the end of the queue; whether it was started.

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
    """Go on from the last checkpoint: lifts the pause of a living process, else submits the run; whether it runs."""
    if _has_process(run):
        run.request("run")
        return True
    return submit(run)


def restart(run: Run) -> Run:
    """Stop `run` and submit a new run with the same settings; the old folder is kept."""
    if run.status().alive:
        run.request("stop")
    cancel(run)
    fresh = Run.create(run.kind, run.settings, name=run.name)
    submit(fresh)
    return fresh


def waiting() -> list[Run]:
    """The runs in the queue, the next one first."""
    found = [run for run in _said("queued") if run.status().state == "queued"]
    return sorted(found, key=lambda run: (run.place(), run.id))


def under_way() -> bool:
    """Whether any run has a process or waits for one."""
    return any(run.status().under_way for run in _said(*WITH_PROCESS, "queued"))


def cancel(run: Run) -> None:
    """Take `run` out of the queue; a run that does not wait in it is left as it is."""
    with lock():
        if run.status().state == "queued":
            run.report("stopped", "Taken out of the queue before its turn came; resume puts it in again.")


def sooner(run: Run) -> None:
    """Let `run` change places with the one before it in the queue."""
    _swap(run, -1)


def later(run: Run) -> None:
    """Let `run` change places with the one behind it in the queue."""
    _swap(run, 1)


def advance() -> list[Run]:
    """Start what waits, as far as slots are free; the runs that were started, the next one first.

    Never raises: it is called where a page is drawn or a training ends. A run that cannot be started fails. Of the
    processes that train one net together the first alone does it.
    """
    if os.environ.get("RANK", "0") != "0" or not waiting():
        return []
    try:
        with lock():
            return _advance()
    except UserError:
        return []  # whoever holds the lock for so long is starting them, or the folder cannot be written


@contextmanager
def lock() -> Iterator[None]:
    """Keep every other process from changing the queue. Raises UserError where that cannot be had."""
    try:
        root().mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(root() / ".queue.lock", timeout=LOCK_SECONDS)
        held.acquire()
    except OSError as error:
        raise UserError(f"The queue of {root()} cannot be changed ({error}); make the folder writable.") from error
    try:
        yield
    finally:
        held.release()


def _advance() -> list[Run]:
    taken = sum(_has_process(run) for run in _said(*WITH_PROCESS))
    started: list[Run] = []
    for run in waiting():
        if taken + len(started) >= slots():
            break
        try:
            job.start(run)
        except UserError as error:
            _fail(run, str(error))
        else:
            started.append(run)
    return started


def _said(*states: str) -> list[Run]:
    """The runs whose last word was one of the states. Quick, for it is asked at every turn of every page."""
    wanted = [f'"{state}"'.encode() for state in states]
    found = []
    for path in root().glob("*/status.json"):
        try:
            said = path.read_bytes()
            if any(state in said for state in wanted):
                found.append(Run.open(path.parent))
        except (OSError, UserError):
            continue  # gone since it was listed, or damaged
    return found


def _has_process(run: Run) -> bool:
    """Whether a process trains `run`; a folder that was only just made passes for starting, but has none."""
    return run.status().alive and (run.path / "status.json").exists()


def _fail(run: Run, sentence: str) -> None:
    try:
        run.report("failed", sentence)
    except UserError:
        return  # its folder is gone, or nobody can write there


def _swap(run: Run, by: int) -> None:
    with lock():
        line = waiting()
        places = [other.id for other in line]
        if run.id not in places or not 0 <= (there := places.index(run.id) + by) < len(line):
            return
        here = there - by
        line[here], line[there] = line[there], line[here]
        for place, other in enumerate(line, 1):
            other.report("queued", place=place)
