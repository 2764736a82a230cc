"""The start of trainings: their names, and their way into the queue."""

from dataclasses import replace

import streamlit as st

from core import datasets, hardware
from core.models import catalogue
from core.runs import queue
from core.runs.run import Run
from core.trainers import kept_epochs, recipe
from core.trainers.recipe import Settings


def start(trainings: list[tuple[str, Settings]]) -> None:
    """Start or queue trainings, each with its name, and show the first. Raises UserError where that cannot be."""
    runs = [Run.create("classifier", settings.to_json(), name=name) for name, settings in trainings]
    st.query_params["run"] = runs[0].id
    for run in runs:
        queue.submit(run)


def title(settings: Settings) -> str:
    """Return the name of a run of these settings."""
    data = datasets.info(settings.dataset).title.partition(" (")[0]
    return f"{catalogue.title(settings.model)} on {data}"


def with_page_defaults(settings: Settings) -> Settings:
    """Return the settings with one core left free for the pages, and with checkpoints where the net is small."""
    net = recipe.blank(settings.model, datasets.info(settings.dataset))
    count = kept_epochs.usual(net, settings.recipe.epochs)
    return replace(settings, threads=hardware.spare_threads(), keep_epochs=count)
