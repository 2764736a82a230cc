"""A progress bar in the terminal for a run that trains in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from core.runs.run import Run

FIGURES = (
    "train_loss",
    "train_error",
    "test_loss",
    "test_error",
    "validation_error",
    "content",
    "style",
    "loss",
)


@contextmanager
def bar(run: Run) -> Iterator[None]:
    """Show the run's steps and latest figures on standard error while the body runs, where that is a terminal."""
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(run, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _show(run: Run, ended: threading.Event) -> None:
    offset = 0
    figures: dict[str, str] = {}
    with tqdm(disable=None, unit="step", dynamic_ncols=True) as shown:
        while True:
            last = ended.wait(0.5)
            progress = run.status().progress
            if progress.downloading:
                done, total = progress.bytes or 0, progress.bytes_total or 0
                shown.set_description(f"downloading {progress.downloading} {done / 1e6:.0f}/{total / 1e6:.0f} MB")
            else:
                shown.set_description(None if progress.epoch is None else f"epoch {progress.epoch}")
            rows, offset = run.metrics_since(offset)
            for row in rows:
                figures |= {key: f"{row[key]:.4g}" for key in FIGURES if row.get(key) is not None}
            shown.total = progress.steps
            shown.set_postfix(figures, refresh=False)
            shown.update((progress.step or 0) - shown.n)
            if last:
                return
