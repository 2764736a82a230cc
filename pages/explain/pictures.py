"""Where the picture to explain comes from: a sample, a test image, an upload, the camera, or the pad."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from core import images
from core.explain import drawing, view
from core.explain.view import View
from core.images import Picture
from core.trainers.trained import TrainedClassifier
from pages.explain import map_panels
from ui import data_sets, digit_pad, nets
from web import address, camera, hide, uploads

# These names stand in addresses (`?from=Test+image`): another name needs the old one to be read still.
SAMPLE, TEST, OWN, DRAWN = "Sample", "Test image", "Your own", "Draw a digit"
TITLES = {OWN: "Your own, or camera"}
UPLOAD = "upload"  # the key of an uploaded picture's id in the address
_UNFIT = {
    DRAWN: "This net was not trained on digits, so there is none to draw",
    TEST: "The photographs that this net was tested on are not here",
}

# A net, the classes that get a map (left out: the predicted one), a method and a multiple of the net's size to a view.
Explain = Callable[[TrainedClassifier, tuple[int, ...] | None, str | None, int], View]


@dataclass(frozen=True)
class Subject:
    """The picture to explain; `label` is its true class where it is known, `stem` begins the names of files.

    `content` names what it shows: the same for the same picture, whoever looks at it.
    """

    view_of: Explain
    content: Hashable
    label: int | None
    stem: str

    def explain(self, net: TrainedClassifier, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        """Return the view of a net, cached. Raises UserError where the net cannot explain the picture."""
        stamp = nets.stamp(net.name)
        if nets.opened(net.name) is not net:  # newer weights came while the page was drawn
            return self.view_of(net, classes, method, times)
        return _view(self.content, (net.name, stamp), classes, method, times, self, net)

    def by_methods(self, net: TrainedClassifier, seen: View, names: Sequence[str], times: int) -> list[View]:
        """Return the view `seen` with the maps of each of other methods, cached. Raises as `explain`."""
        stamp = nets.stamp(net.name)
        return _by_methods(self.content, (net.name, stamp), seen.classes, tuple(names), times, seen, net)


@st.cache_resource(max_entries=16, show_spinner=False)
def _by_methods(
    content: Hashable,
    net: tuple[str, int],
    classes: tuple[int, ...],
    names: tuple[str, ...],
    times: int,
    _seen: View,
    _net: TrainedClassifier,
) -> list[View]:
    return view.by_methods(_net, _seen, names)


@st.cache_resource(max_entries=64, show_spinner=False)
def _view(
    content: Hashable,
    net: tuple[str, int],
    classes: tuple[int, ...] | None,
    method: str | None,
    times: int,
    _subject: Subject,
    _net: TrainedClassifier,
) -> View:
    return _subject.view_of(_net, classes, method, times)


def choose_source(trained: TrainedClassifier) -> str:
    """Return where the picture comes from: what the address carries, else a test image for nets of grey images."""
    # A default is left out of older addresses, so another default has another key.
    options, key = ((SAMPLE, TEST, OWN), "from") if trained.channels == 3 else ((TEST, SAMPLE, OWN), "grey_from")
    if trained.whole:
        options = (SAMPLE, OWN)
    if drawing.manner(trained.dataset):
        options = (*options, DRAWN)
    carried = [source for source, param in ((OWN, UPLOAD), (DRAWN, digit_pad.PARAM)) if param in st.query_params]
    first = [source for source in carried if source in options][:1]
    options = (*first, *(source for source in options if source not in first))
    return address.choice(key, "Picture from", options, lambda name: TITLES.get(name, name), unfit=_UNFIT)


def choose(trained: TrainedClassifier, source: str) -> Subject | None:
    """Return the chosen picture of a source other than the pad; None where there is none yet.

    Raises UploadGone where the address names an upload that is gone.
    """
    if source == SAMPLE:
        return sample(address.choice("sample", "Sample", tuple(images.sample_names())))
    return _upload() if source == OWN else _choose_test_image(trained)


def sample(name: str = "") -> Subject:
    """Return a sample picture by its name, the first one by default."""
    name = name or images.sample_names()[0]
    return Subject(_of_picture(_sample(name)), ("sample", name), None, name)


def of_drawing(strokes: tuple[drawing.Stroke, ...]) -> Subject:
    """Return a digit on the pad."""
    content = ("drawn", *(stroke.tobytes() for stroke in strokes))
    return Subject(of_image(lambda net: drawing.as_digit(strokes, net.dataset)), content, None, "drawn-digit")


def _upload() -> Subject | None:
    with hide.group(UPLOAD):
        place = st.container()
        camera.upload(UPLOAD)
        with place:
            upload = uploads.photograph(UPLOAD, "Photograph")
    if upload is None:
        return None
    picture = uploads.pixels(upload)
    return Subject(_of_picture(picture), ("upload", upload.digest), None, map_panels.plain_name(upload.stem))


def _choose_test_image(trained: TrainedClassifier) -> Subject | None:
    split = data_sets.held_out_split(trained)
    if split is None:
        return None
    index = address.number(
        "image",
        f"Image of the {trained.held_out} split",
        (0, len(split) - 1),
        help=f"0 to {len(split) - 1:,}. The net was not trained on these.",
    )
    content = ("image", split.images[index].numpy().tobytes())
    stem = f"{trained.held_out}-{index}"
    return Subject(of_image(lambda net: split.images[index]), content, int(split.labels[index]), stem)


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
