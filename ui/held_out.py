"""The held-out images of the data set that a net was trained on, fetched on request."""

import streamlit as st

from core import datasets
from core.datasets import Split
from core.errors import UserError
from core.trainers.trained import Trained
from ui.frame import guard


def split(trained: Trained) -> Split | None:
    """The net's held-out split. Where its data set is not on this computer: None, and the button that fetches it."""
    try:
        return _of(datasets.load(trained.dataset, download=False))
    except UserError:
        return _offer(trained)


def _of(dataset: datasets.Dataset) -> Split:
    return dataset.test if dataset.validation is None else dataset.validation


def _offer(trained: Trained) -> Split | None:
    known = datasets.info(trained.dataset)
    place = st.empty()
    with place.container():
        st.markdown(f"The images of {known.title} are not on this computer yet.")
        wanted = st.button(
            f"Download {known.title} ({known.download_mb} MB)",
            icon=":material/download:",
            help="Once; later visits find it on this computer.",
        )
    if not wanted:
        return None
    bar = st.progress(0.0, text=f"Fetching {known.title}")

    def show(what: str, done: int, total: int) -> None:
        bar.progress(min(1.0, done / total) if total else 0.0, text=f"{what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB")

    with guard():
        loaded = _of(datasets.load(trained.dataset, progress=show))
        bar.empty()
        place.empty()
        return loaded
    return None
