"""The choice of one's own pictures as a data set: a folder on the computer that serves the page, or an upload."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import datasets
from core.datasets import folder
from core.datasets.folder import Pictures


def choose(side: Callable[[], int]) -> str | None:
    """Draw the choice and return the name of the data set; None as long as there is neither folder nor archive.

    `side` draws and returns the side of the images in pixels. Raises UserError for an archive that cannot be used.
    """
    place = st.text_input(
        "Folder or .zip",
        key="path",
        bind="query-params",
        placeholder="/home/me/pictures",
        help="On the computer that serves this page. One sub-folder a class, named after it.",
    )
    file = st.file_uploader("Or upload a .zip", type=["zip"], help="One folder a class in it.")
    px = side()
    if file is not None:
        return Pictures(folder.keep(file.getvalue(), file.name, datasets.data_root()), px).name
    return Pictures(Path(place), px).name if place else None
