"""The controls of the initial weights: random ones, or those of a shipped net or a run."""

from collections.abc import Iterable
from typing import Any

from core import datasets, weights
from core.datasets import DatasetInfo
from core.runs.record import NetRecord
from core.runs.run import DamagedRun, Run
from pages.train.fields import Fields, heading
from web import address

RANDOM_WEIGHTS = "Random weights"


def draw_start(fields: Fields, runs: Iterable[Run | DamagedRun]) -> dict[str, Any]:
    """Draw the choice of the initial weights and return its value."""
    heading("Start")
    titles = {address.NONE: RANDOM_WEIGHTS} | starts(fields.net, fields.dataset, runs)
    start = address.choice(
        "start",
        "Initial weights",
        tuple(titles),
        titles.__getitem__,
        "Shipped nets and runs of the same net with as many classes, to train them on.",
    )
    return {"start_from": "" if start == address.NONE else start}


def starts(net: str, dataset: str, runs: Iterable[Run | DamagedRun]) -> dict[str, str]:
    """Return names and titles of the shipped nets and runs whose weights fit a net for a data set."""
    images = datasets.info(dataset)
    shipped = {
        name: f"{card.get('title', name)}, shipped"
        for name, card in weights.cards("classifier").items()
        if _fits(NetRecord.find(card.get("data", {})), net, images)
    }
    own = {
        run.id: f"{run.name}, {run.created[:16].replace('T', ' ')}"
        for run in runs
        if isinstance(run, Run) and _fits(run.classifier.net, net, images) and run.model_path()
    }
    return shipped | own


def _fits(record: NetRecord | None, net: str, images: DatasetInfo) -> bool:
    return (
        record is not None
        and record.model == net
        and (len(record.classes), record.channels, record.side) == (images.classes, images.channels, images.side)
    )
