"""The taught set of the page: the one that the address names, or the example; and how callbacks change it.

A change by somebody who opened another visitor's link makes a copy of their own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import streamlit as st

from core import images
from core.errors import UserError
from core.images import Picture
from core.teach import example, store
from core.teach.store import Encoded, SetGone
from core.teach.taught import Sample, TaughtSet
from core.uploads import Upload
from web import address, uploads
from web.formats import escape_markdown
from web.visitor import visitor

KEY = "taught"  # of the address
_FAULT, _REMARKS = "why what was taught could not be changed", "what was left out of what was taught"


@dataclass(frozen=True)
class Current:
    """A set and where its pictures are: in `upload`, or, without one, those of the example."""

    content: TaughtSet
    upload: Upload | None

    @property
    def is_example(self) -> bool:
        """Whether nothing has been taught yet."""
        return self.upload is None

    def picture(self, sample: Sample) -> Picture:
        """Return the picture of a sample, uint8 (H, W, 3). Raises SetGone where it is gone."""
        if self.upload is not None:
            return store.picture(self.upload, sample)
        return images.decode(next(one.data for one in example.example()[1] if one.file == sample.file))


def read() -> Current:
    """Return the set of the address; the example, with a sentence where that one is gone, without one."""
    uploads.remember(KEY)
    id = address.value(KEY, "what was taught", "an example is shown") if KEY in st.query_params else None
    if id is not None:
        try:
            upload = store.find(id)
            return Current(store.read(upload), upload)
        except UserError as error:
            address.note(f"{error} An example is shown.")
    return of_example()


def of_example() -> Current:
    """Return the example."""
    return Current(example.example()[0], None)


def change(make: Callable[[TaughtSet], TaughtSet], pictures: Iterable[Encoded] = ()) -> bool:
    """Replace the set by what `make` returns of it, in a callback; return whether that could be done.

    Where not, its sentence is kept for `draw_remarks`. `pictures` are those of samples that the set had not. The first
    change makes a set, whose id the address gets.
    """
    try:
        upload = _own()
        content = make(TaughtSet() if upload is None else store.read(upload))
        if upload is None:
            address.put(KEY, store.create(visitor(), content, pictures).id)
        else:
            store.change(upload, content, pictures)
    except UserError as error:
        st.session_state[_FAULT] = str(error)
        return False
    return True


def _own() -> Upload | None:
    """Return the upload of the address where it is the visitor's, a copy where it is another's; None without one."""
    id = st.query_params.get(KEY)
    try:
        upload = store.find(id) if id else None
    except SetGone:
        upload = None
    if upload is None or upload.owner == visitor():
        return upload
    copy = store.copied(upload, visitor())
    address.put(KEY, copy.id)
    return copy


def add(label: str, pictures: list[Encoded], faults: Iterable[str] = ()) -> None:
    """Add pictures to a class in a callback, and keep sentences about those that were left out."""
    remarks: list[str] = list(faults)

    def make(content: TaughtSet) -> TaughtSet:
        if label not in content.classes:
            content = content.with_class(label)
        content, more = content.with_samples(label, [picture.sample(label) for picture in pictures])
        remarks.extend(more)
        return content

    if pictures:
        change(make, pictures)
    say(remarks)


def say(remarks: Iterable[str]) -> None:
    """Keep sentences about what was left out for the next drawing of the page."""
    st.session_state[_REMARKS] = [*st.session_state.get(_REMARKS, []), *remarks]


def draw_remarks() -> None:
    """Draw why the last change could not be made, and what was left out of it."""
    if fault := st.session_state.pop(_FAULT, None):
        st.error(escape_markdown(fault), icon=":material/error:")
    remarks = list(dict.fromkeys(st.session_state.pop(_REMARKS, [])))
    for sentence in remarks[:3]:
        st.caption(f":material/info: {escape_markdown(sentence)}")
    if len(remarks) > 3:
        st.caption(f"And {len(remarks) - 3} more like these.")
