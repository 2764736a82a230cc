"""Deleted runs: they are in a folder of their own, and can be restored until it is emptied."""

import os
import shutil
from pathlib import Path

from core.errors import UserError
from core.runs import queue
from core.runs.run import DamagedRun, Run, root


def folder() -> Path:
    """Return the folder of the deleted runs."""
    return root() / ".trash"


def delete(run: Run | DamagedRun) -> None:
    """Move `run` (a damaged folder too) to the trash, and out of the queue.

    Raises UserError for a run that is under way, came with Atelier, or lies outside of `root()`.
    """
    if isinstance(run, Run):
        run.require_own()
        queue.cancel(run)
    source, target = root() / run.id, folder() / run.id
    with queue.lock():
        if isinstance(run, Run) and run.status().alive:
            raise UserError(f"The run {run.id} is under way; stop it before it is deleted.")
        if not source.is_dir() or (isinstance(run, Run) and run.path.resolve() != source.resolve()):
            raise UserError(f"The run {run.id} does not lie among the others; delete its folder yourself.")
        _move(source, target)


def undelete(id: str) -> None:
    """Restore the run `id`. Raises UserError where it is not in the trash, or another run has its name now."""
    source, target = folder() / Path(id).name, root() / Path(id).name
    if not source.is_dir():
        raise UserError(f"There is no deleted run named {id}; the trash was emptied, or it was brought back before.")
    if target.exists():
        raise UserError(f"There is a run named {id} again; delete or move that one first.")
    _move(source, target)


def deleted() -> list[str]:
    """Return the names of the deleted runs, the one deleted last first."""
    try:
        entries = [(path.stat().st_ctime_ns, path.name) for path in folder().iterdir() if path.is_dir()]
    except OSError:
        return []
    return [name for _, name in sorted(entries, reverse=True)]


def size() -> int:
    """Return the size of the deleted runs in bytes."""
    total = 0
    for parent, _, names in os.walk(folder()):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except OSError:
                continue
    return total


def empty() -> None:
    """Delete the runs in the trash for good. Raises UserError where they cannot be removed."""
    try:
        if folder().exists():
            shutil.rmtree(folder())
    except OSError as error:
        raise UserError(f"The deleted runs cannot be removed ({error}); make their folder writable.") from error


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            shutil.rmtree(target)  # an older run of the same name, deleted before
        os.replace(source, target)
    except OSError as error:
        raise UserError(f"The folder {source.name} cannot be moved ({error}); make {root()} writable.") from error
