"""Data sets on the pages: read from this computer or downloaded on request, and the choice of a split of one."""

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core import datasets
from core.datasets import Dataset, Progress, Split
from core.errors import UserError
from core.explain import splits
from core.trainers.trained import TrainedClassifier
from ui import messages
from ui.frame import guard
from ui.messages import Work
from ui.slots import ESTIMATE_AFTER
from web import address

T = TypeVar("T")


def choose_split(trained: TrainedClassifier) -> str:
    """Return the name of the chosen split, the held-out one by default; the address carries it as `split=`."""
    names = [trained.held_out, *(name for name in reversed(splits.NAMES) if name != trained.held_out)]
    if trained.held_out == "test":
        names.remove("validation")
    return address.choice("split", "Images", tuple(names), str.capitalize, "The net was trained on those of train.")


def held_out_split(trained: TrainedClassifier) -> Split | None:
    """Return the held-out images of the data set that a net was trained on; None as for `load`."""
    data = load(trained.dataset)
    if data is None:
        return None
    return data.test if data.validation is None else data.validation


def load(name: str) -> Dataset | None:
    """Return the data set of that name. Where it is not on this computer, draw a button to download it: None."""
    info = datasets.info(name)
    if info.embedded:  # some of these are drawn or read piece by piece, which takes seconds
        return load_with_bar(lambda progress: datasets.load(name, progress=progress))
    try:
        return datasets.load(name, download=False)
    except UserError:
        return _offer_download(info)


def _offer_download(info: datasets.DatasetInfo) -> Dataset | None:
    place = st.empty()
    with place.container():
        st.markdown(f"The images of {info.title} are not on this computer yet.")
        clicked = st.button(
            f"Download {info.title} ({info.download_mb:,} MB)",
            icon=":material/download:",
            help="Once; later visits find it on this computer.",
        )
    if not clicked:
        return None
    with guard():
        data = load_with_bar(lambda progress: datasets.load(info.name, progress=progress))
        place.empty()
        return data
    return None


def load_with_bar(load: Callable[[Progress], T]) -> T:
    """Return what `load` returns; a progress bar in MB is shown meanwhile, with the time that is left."""
    place, start = st.empty(), time.monotonic()

    def show(what: str, done: int, total: int) -> None:
        seconds = time.monotonic() - start
        left = seconds * (total - done) / done if done and seconds > ESTIMATE_AFTER else None
        messages.progress(Work(what, done / 1e6, total / 1e6, "MB", left), place)

    try:
        return load(show)
    finally:
        place.empty()
