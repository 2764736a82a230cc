"""Where the picture to explain comes from: a sample, a test image, an upload, or the pad."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import streamlit as st
from torch import Tensor

from core import images
from core.explain import drawing, view
from core.explain.view import View
from core.images import Picture
from core.trainers.trained import TrainedClassifier
from pages.explain import map_panels
from ui import data_sets

# These titles stand in addresses (`?from=Test+image`): another title needs the old one to be read still.
SAMPLE, TEST, OWN, DRAWN = "Sample", "Test image", "Your own", "Draw a digit"
TYPES = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]

# A net, the classes that get a map (left out: the predicted one), a method and a multiple of the net's size to a view.
Explain = Callable[[TrainedClassifier, tuple[int, ...] | None, str | None, int], View]


@dataclass(frozen=True)
class Subject:
    """The picture to explain; `label` is its true class where it is known, `stem` begins the names of files."""

    explain: Explain
    label: int | None
    stem: str


def choose_source(trained: TrainedClassifier) -> str:
    """Return where the picture comes from: by default a test image for nets of grey images, else a sample."""
    # A default is left out of the address, so another default needs another key to make the same link again.
    options, key = ((SAMPLE, TEST, OWN), "from") if trained.channels == 3 else ((TEST, SAMPLE, OWN), "grey_from")
    if drawing.manner(trained.dataset):
        options = (*options, DRAWN)
    return st.selectbox("Picture from", options, key=key, bind="query-params")


def choose(trained: TrainedClassifier, source: str) -> Subject | None:
    """Return the chosen picture of a source other than the pad; None where there is none yet."""
    if source == SAMPLE:
        return _choose_sample()
    return _upload() if source == OWN else _choose_test_image(trained)


def _choose_sample() -> Subject:
    name = st.selectbox("Sample", images.sample_names(), key="sample", bind="query-params")
    return Subject(_of_picture(_sample(name)), None, name)


def _upload() -> Subject | None:
    file = st.file_uploader(
        "Photograph",
        type=TYPES,
        help=f"Up to {images.MAX_PIXELS // 1_000_000} megapixels. It stays on this computer.",
    )
    if file is None:
        return None
    stem = map_panels.plain_name(file.name.rpartition(".")[0])
    return Subject(_of_picture(_uploaded(file.file_id, file)), None, stem)


def _choose_test_image(trained: TrainedClassifier) -> Subject | None:
    split = data_sets.held_out_split(trained)
    if split is None:
        return None
    index = st.number_input(
        f"Image of the {trained.held_out} split",
        0,
        len(split) - 1,
        key="image",
        bind="query-params",
        help=f"0 to {len(split) - 1:,}. The net was not trained on these.",
    )
    stem = f"{trained.held_out}-{index}"
    return Subject(of_image(lambda net: split.images[index]), int(split.labels[index]), stem)


def of_image(image_for: Callable[[TrainedClassifier], Tensor]) -> Explain:
    """Return what explains an image, uint8 (C, side, side), which may differ from net to net."""

    def explain(net: TrainedClassifier, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        image, side = image_for(net), view.side_at_net(net, times)
        return view.of_image(net, image, classes, method, None if side == image.shape[-1] else side)

    return explain


def _of_picture(picture: Picture) -> Explain:
    def explain(net: TrainedClassifier, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        return view.of_picture(net, picture, classes, method, view.side_at_net(net, times))

    return explain


@st.cache_resource(max_entries=16, show_spinner=False)
def _sample(name: str) -> Picture:
    return images.sample(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _uploaded(id: str, _file: BinaryIO) -> Picture:
    return images.decode(_file, max_side=2048)
