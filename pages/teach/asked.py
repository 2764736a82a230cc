"""The picture that the taught net answers: an upload, one of the camera, a drawn toy, or the sample added last."""

from collections.abc import Hashable
from dataclasses import dataclass

import streamlit as st

from core import images
from core.datasets.toybox import CLASSES as TOYS
from core.images import Picture
from core.teach import drawn, example
from core.uploads import Upload, UploadGone
from pages.teach.current import Current
from web import address, camera, uploads

ASKED, DRAWN = "picture", "drawn"  # keys in the address


@dataclass(frozen=True)
class Asked:
    """A picture, uint8 (H, W, 3), what names its content, and a remark about where it comes from."""

    picture: Picture
    content: Hashable
    remark: str = ""


def choose(now: Current) -> Asked:
    """Draw the fields for a picture and return the chosen one, or else what stands for it."""
    upload, gone = None, ""
    try:
        upload = uploads.picture(ASKED, "Picture to classify")
    except UploadGone as error:
        gone = str(error)
    camera.upload(ASKED)
    if any(label in TOYS for label in now.content.taught):
        st.button(
            "Another drawn toy",
            icon=":material/toys:",
            key="ask a toy",
            width="stretch",
            on_click=_next_toy,
            args=(now,),
            help="One that was not learned from.",
        )
    if upload is not None:
        return Asked(_decoded(upload.digest, upload), ("upload", upload.digest))
    toy = _toy()
    if toy is None:
        return _instead(now, gone)
    return Asked(example.asked(*toy), ("toy", *toy), gone)


def _instead(now: Current, gone: str) -> Asked:
    """Return what is answered where no picture was chosen: a new drawn toy where one was taught, else a sample."""
    toys = [label for label in now.content.taught if label in TOYS]
    if now.is_example:
        return of_example(gone)
    if toys:
        return Asked(example.asked(toys[-1], 0), ("toy", toys[-1], 0), gone)
    last = now.content.samples[-1]
    remark = "This is the sample added last, which the net has learned from: show it a new picture."
    return Asked(now.picture(last), ("sample", last.file), gone or remark)


def of_example(remark: str = "") -> Asked:
    """Return the picture that the example answers."""
    return Asked(example.asked(*example.ASKED), ("toy", *example.ASKED), remark)


def _next_toy(now: Current) -> None:
    """Ask about the next drawn toy, of one class after the other."""
    labels = [label for label in now.content.taught if label in TOYS] or list(TOYS)
    toy = _toy()
    number = labels.index(toy[0]) + 1 + toy[1] * len(labels) if toy is not None and toy[0] in labels else 0
    address.put(DRAWN, f"{labels[number % len(labels)]}-{number // len(labels) % drawn.MOST}")
    uploads.forget(ASKED)


def _toy() -> tuple[str, int] | None:
    """Return class and number of the drawn toy in the address; None, with a sentence where that cannot be read."""
    text = address.value(DRAWN, "the drawn toy", "another picture is shown") if DRAWN in st.query_params else None
    if text is None:
        return None
    label, _, number = text.partition("-")
    if label in TOYS and number.isascii() and number.isdecimal() and len(number) < 3 and int(number) < drawn.MOST:
        return label, int(number)
    address.note(f"There is no drawn toy {address.quoted(text)}: another picture is shown.")
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _decoded(digest: str, _upload: Upload) -> Picture:
    return images.photograph(_upload.read())
