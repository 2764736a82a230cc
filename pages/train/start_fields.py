"""The controls of the initial weights: random ones, or those of a shipped net or a run."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core import datasets, weights
from core.datasets import DatasetInfo
from core.runs.record import NetRecord
from core.runs.run import DamagedRun, Run
from pages.train.fields import Fields, heading

RANDOM_WEIGHTS = "Random weights"


def draw_start(fields: Fields, runs: Iterable[Run | DamagedRun]) -> dict[str, Any]:
    """Draw the choice of the initial weights and return its value."""
    heading("Start")
    titles = {"": RANDOM_WEIGHTS} | starts(fields.net, fields.dataset, runs)
    return {
        "start_from": st.selectbox(
            "Initial weights",
            list(titles),
            format_func=titles.get,
            key=fields.key("start"),
            help="Shipped nets and runs of the same net with as many classes, to train them on.",
        )
    }


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
