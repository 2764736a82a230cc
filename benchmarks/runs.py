"""`python -m benchmarks.runs`: milliseconds until the Runs page has its figures, of 200 runs of 300 epochs.

Ours does what the page does: a row for every run, and of four runs the curves and the settings that differ. The peer
reads every row of every run.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks import report
from core.runs import comparison
from core.runs.run import Run, list_runs
from core.trainers import recipe

RUNS, EPOCHS, ROWS_PER_EPOCH = 200, 300, 10
DRAWN, POINTS = 4, 400
ROUNDS = 3


def build(runs: int, epochs: int) -> None:
    """Make `runs` runs of `epochs` epochs in the folder of ATELIER_RUNS."""
    for number in range(runs):
        settings = recipe.settings("cifar10", "resnet20", epochs=epochs, learning_rate=0.1 / (1 + number % 7))
        run = Run.create("classifier", settings.to_json(), name=f"ResNet-20, {number}")
        (run.path / "metrics.jsonl").write_text("".join(rows(epochs, number)))
        run.report("finished")


def rows(epochs: int, number: int) -> list[str]:
    """Return lines of metrics as a training writes them: ten an epoch, the last of them with the test figures."""
    lines = []
    for place in range(1, epochs * ROWS_PER_EPOCH + 1):
        epoch = place / ROWS_PER_EPOCH
        error = 8 + 60 / (1 + epoch) + (place * (number + 7)) % 5 / 10
        row = {
            "step": 39 * place,
            "epoch": epoch,
            "train_loss": error / 30,
            "train_error": error - 3,
            "learning_rate": 0.1 if epoch < epochs / 2 else 0.01,
            "seconds": 3.1 * place,
            "images_per_second": 1607.3,
        }
        if place % ROWS_PER_EPOCH == 0:
            row |= {"test_loss": error / 28, "test_error": error}
        lines.append(json.dumps(row) + "\n")
    return lines


def open_page() -> None:
    """Compute the figures of the page at a first visit, with empty caches."""
    comparison.forget()
    runs = [run for run in list_runs() if isinstance(run, Run)]
    for run in runs:
        comparison.summary(run)
        run.status()
    drawn = runs[:DRAWN]
    for quantity in comparison.QUANTITIES:
        for run in drawn:
            comparison.curves(run, quantity, "epoch", POINTS)
    comparison.difference({run.id: run.settings for run in drawn})


def read_all() -> None:
    """Read all rows of all runs for the same figures."""
    comparison.forget()
    for run in list_runs():
        assert isinstance(run, Run)
        assert run.metrics()[-1]["test_error"]


def measure(runs: int, epochs: int, rounds: int) -> list[report.Row]:
    """Return one row: the figures of the page against reading everything."""
    before = os.environ.get("ATELIER_RUNS")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ATELIER_RUNS"] = str(Path(folder) / "runs")
        try:
            build(runs, epochs)
            return [report.faster(f"{runs} runs of {epochs} epochs", *report.in_turn(open_page, read_all, rounds))]
        finally:
            os.environ.pop("ATELIER_RUNS")
            if before is not None:
                os.environ["ATELIER_RUNS"] = before


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runs", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    report.show("runs", measure(RUNS, EPOCHS, ROUNDS), options.json)


if __name__ == "__main__":
    main()
