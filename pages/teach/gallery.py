"""The samples of every class: sheets of small pictures, and for one class the buttons that change it."""

import numpy as np
import streamlit as st

from core import images
from core.errors import UserError
from core.images import Picture
from core.teach import store
from core.teach.taught import NAME_LENGTH, Sample
from pages.teach import current, samples
from pages.teach.current import Current
from web import address
from web.formats import escape_markdown

THUMBNAIL_PX = 96
A_ROW = 8  # small pictures of a class side by side
SHOWN = 3 * A_ROW  # of a class
COLUMNS = 3


def show(now: Current) -> None:
    """Draw a card for each class with its samples; one's own class under work has fields to change it."""
    label = "" if now.is_example else samples.chosen(now.content)
    cards = [name for name in now.content.classes if name != label]
    if label:
        with st.container(border=True):
            _edit(now, label)
    if cards:
        with st.grid(COLUMNS, min_column_width=240, gap="small"):
            for name in cards:
                with st.container(border=True):
                    own = now.content.of(name)
                    st.markdown(f"**{escape_markdown(name)}** · {_count(len(own))}")
                    _sheet(now, name)


def _count(number: int) -> str:
    return f"{number} picture{'' if number == 1 else 's'}"


def _edit(now: Current, label: str) -> None:
    """Draw name, samples and buttons of a class."""
    own = now.content.of(label)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"name of {label}"
        st.text_input(
            f"Class, {_count(len(own))}", label, NAME_LENGTH, key=key, on_change=_rename, args=(label, key), width=260
        )
        st.button("Delete class", icon=":material/delete:", on_click=_delete, args=(label,), help="And its pictures.")
    if not own:
        st.caption("No picture yet: add some by file, camera or folder.")
        return
    latest = list(reversed(own))[:SHOWN]
    with st.container(horizontal=True, gap="small"):
        for sample in latest:
            with st.container(width=THUMBNAIL_PX, gap="xsmall"):
                _tile(now, sample)
    if len(own) > SHOWN:
        st.caption(f"The latest {SHOWN} are shown.")


def _tile(now: Current, sample: Sample) -> None:
    try:
        small = _small(sample.file, now)
    except UserError as error:
        st.caption(escape_markdown(str(error)))
    else:
        name = sample.name or "a sample"
        st.image(images.encode(small), width=THUMBNAIL_PX, alt=f"A sample of {sample.label}: {name}")
    st.button(
        "Remove",
        key=f"remove {sample.file} of {sample.label}",
        type="tertiary",
        on_click=current.change,
        args=(lambda content: content.without_sample(sample.label, sample.file),),
        help=escape_markdown(sample.name) or None,
    )


def _sheet(now: Current, label: str) -> None:
    """Draw the latest samples of a class as one picture."""
    own = list(reversed(now.content.of(label)))[:SHOWN]
    if not own:
        st.caption("No picture yet.")
        return
    tiles = []
    for sample in own:
        try:
            tiles.append(_small(sample.file, now))
        except UserError as error:
            address.note(f"A picture of {address.quoted(label)} is missing: {error}")
    if tiles:
        st.image(images.encode(_joined(tiles)), width="stretch", alt=f"Samples of {label}")


def _joined(tiles: list[Picture]) -> Picture:
    """Return small pictures in rows of A_ROW, the last row filled up with nothing."""
    rows = -(-len(tiles) // A_ROW)
    sheet = np.full((rows * THUMBNAIL_PX, A_ROW * THUMBNAIL_PX, 3), 128, dtype=np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // A_ROW * THUMBNAIL_PX, place % A_ROW * THUMBNAIL_PX
        sheet[top : top + THUMBNAIL_PX, left : left + THUMBNAIL_PX] = tile
    return sheet[:, : min(len(tiles), A_ROW) * THUMBNAIL_PX]


@st.cache_resource(max_entries=2000, show_spinner=False)
def _small(file: str, _now: Current) -> Picture:
    sample = next(sample for sample in _now.content.samples if sample.file == file)
    return store.thumbnail(_now.picture(sample), THUMBNAIL_PX)


def _rename(label: str, key: str) -> None:
    name = st.session_state[key]
    if current.change(lambda content: content.renamed(label, name)):
        address.put(samples.CLASS, " ".join(name.split()))
    else:
        st.session_state[key] = label


def _delete(label: str) -> None:
    if current.change(lambda content: content.without_class(label)):
        address.put(samples.CLASS, None)
