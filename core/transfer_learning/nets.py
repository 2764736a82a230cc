"""The nets of a study: each a classifier run of its own beside the study's folder, which opens like any other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from core import datasets, hardware
from core.datasets import Dataset
from core.models import catalogue
from core.runs.run import Run
from core.runs.status import Status
from core.runs.writer import Writer, writing
from core.trainers.trained import TrainedClassifier
from core.transfer_learning.linear_probe import LinearProbe
from core.transfer_learning.study import TITLES, Study, child_path, per_class, settings

POLL_SECONDS = 0.1


def open_or_create(run: Run, study: Study, source: TrainedClassifier, way: str, each: int) -> Run:
    """Return the run of the net that the study `run` trains in `way` on `each` pictures a class."""
    path = child_path(run, way, each)
    if (path / "run.json").exists():
        return Run.open(path)
    net, data = catalogue.title(source.model), datasets.info(study.dataset).title
    name = f"{net} on {data}, {per_class(each)}, {TITLES[way]}"
    return Run.create("classifier", settings(study, source, way, each).to_json(), name=name, path=path)


def assemble(child: Run, source: TrainedClassifier, data: Dataset, probe: LinearProbe, row: dict[str, Any]) -> None:
    """Fill the run of a net of frozen features whose head is the probe: there is nothing to train.

    `row` is the study's row of that probe, with its errors and the seconds so far.
    """
    tensors = dict(source.net.state_dict())
    tensors |= {"output.weight": probe.weight.float(), "output.bias": probe.bias.float()}
    with writing(child) as writer:
        writer.drop_metrics_after("step", -1)
        writer.facts(
            model=source.model,
            dataset=data.name,
            classes=list(data.classes),
            channels=data.channels,
            side=data.side,
            mean=list(source.mean),  # the features are those of images normalised as the source learned to see them
            std=list(source.std),
            held_out=data.held_out,
            selection="validation" if data.validation else "last epoch",
            device=hardware.describe(False),
            parameters=catalogue.parameters(source.net),
            test_error=row["test_error"],
            head=f"logistic regression, penalty {probe.penalty:g}",
        )
        figures = {key: row[key] for key in ("seconds", "train_error", "validation_error", "test_error")}
        writer.log({"step": 0, "epoch": 0, **figures})
        writer.save_model(tensors)


def results(child: Run) -> dict[str, Any]:
    """Return the figures of a finished net: its last errors and epoch, test error and the epoch that was selected."""
    data = Run.open(child.path).data
    last = {key: child.last(key) for key in ("train_error", f"{data['held_out']}_error", "epoch")}
    figures = {key: value for key, value in last.items() if value is not None}
    return figures | {key: data[key] for key in ("test_error", "selected_epoch") if key in data}


@contextmanager
def relayed(writer: Writer, child: Run, report: Callable[[Status], None]) -> Iterator[None]:
    """While the body trains `child`, pass the requests to the study on to it, and report its status."""
    ended = threading.Event()
    thread = threading.Thread(target=_Relay(writer, child, report).run, args=(ended,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Relay:
    """Passes the requests to a study on to the run that is being trained for it."""

    def __init__(self, writer: Writer, child: Run, report: Callable[[Status], None]):
        self.writer, self.child, self.report = writer, child, report
        self.holds = False  # the child, by a request that is to be taken back

    def run(self, ended: threading.Event) -> None:
        while not ended.wait(POLL_SECONDS):
            status = self.child.status()
            if status.state not in ("running", "paused"):
                continue  # a request to a run that has not begun would be forgotten
            control = self.writer.begin_step(self._hold)
            if control.command in ("stop", "step"):
                self.child.request(control.command)
                self.holds = control.command == "step"
            elif self.holds:
                self.child.request("run")
                self.holds = False
            self.report(status)

    def _hold(self) -> None:
        if self.writer.run.control().command == "pause":  # after a single step the training holds by itself
            self.child.request("pause")
            self.holds = True
