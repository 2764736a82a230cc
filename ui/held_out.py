"""Data sets on the pages: from this computer, or fetched on request, while a bar moves; and which split of one."""

from collections.abc import Callable

import streamlit as st

from core import datasets
from core.datasets import Dataset, Progress, Split
from core.errors import UserError
from core.explain import splits
from core.trainers.trained import TrainedClassifier
from ui import address
from ui.frame import guard


def choice(trained: TrainedClassifier) -> str:
    """The split to look at, the one held out first; the address says it as `split=`."""
    names = [trained.held_out, *(name for name in reversed(splits.NAMES) if name != trained.held_out)]
    if trained.held_out == "test":
        names.remove("validation")
    return address.choice("split", "Images", tuple(names), str.capitalize, "The net learned from those of train.")


def split(trained: TrainedClassifier) -> Split | None:
    """The held-out images of the data set that a net was trained on; None as for `dataset`."""
    found = dataset(trained.dataset)
    if found is None:
        return None
    return found.test if found.validation is None else found.validation


def dataset(name: str) -> Dataset | None:
    """The data set of that name. Where it is not on this computer: None, and the button that fetches it."""
    known = datasets.info(name)
    if known.embedded:  # some of these are drawn or read piece by piece, which takes seconds
        return _behind_a_bar(lambda progress: datasets.load(name, progress=progress))
    try:
        return datasets.load(name, download=False)
    except UserError:
        return _offer(known)


def _offer(known: datasets.DatasetInfo) -> Dataset | None:
    place = st.empty()
    with place.container():
        st.markdown(f"The images of {known.title} are not on this computer yet.")
        wanted = st.button(
            f"Download {known.title} ({known.download_mb:,} MB)",
            icon=":material/download:",
            help="Once; later visits find it on this computer.",
        )
    if not wanted:
        return None
    with guard():
        loaded = _behind_a_bar(lambda progress: datasets.load(known.name, progress=progress))
        place.empty()
        return loaded
    return None


def _behind_a_bar(load: Callable[[Progress], Dataset]) -> Dataset:
    """What `load` gives; a bar is there from the first piece that arrives to the last."""
    place = st.empty()

    def show(what: str, done: int, total: int) -> None:
        text = f"{what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB"
        place.progress(min(1.0, done / total) if total else 0.0, text=text)

    try:
        return load(show)
    finally:
        place.empty()
