"""Choosing a picture of one's own: uploaded once, kept for all pages, carried by the address as an id."""

from collections.abc import Sequence

import streamlit as st

from core import uploads
from core.errors import UserError
from core.uploads import Upload, UploadGone
from ui.formats import escape_markdown
from ui.visitor import visitor

PICTURE_TYPES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")
_FAULT = "why an upload failed"


def picture(key: str, label: str, *, types: Sequence[str] = PICTURE_TYPES, help: str | None = None) -> Upload | None:
    """Draw an upload field and return the file that the address names under `key`; None where it names none.

    Raises UploadGone where the address names one that was deleted or has expired, and UserError where a new file could
    not be kept; what was there before stays in the address then.
    """
    widget = f"upload of {key}"
    st.file_uploader(label, list(types), key=widget, help=help, on_change=_keep, args=(key, widget))
    if fault := st.session_state.pop(f"{_FAULT} {key}", None):
        raise UserError(fault)
    id = st.query_params.get(key)
    if not id:
        return None
    try:
        upload = uploads.find(id)
    except UploadGone:
        st.button("Forget it", key=f"forget {key}", on_click=_forget, args=(key, widget), icon=":material/close:")
        raise
    _show(upload, key, widget)
    return upload


def delete_mine() -> None:
    """Draw a button that deletes all uploads of the visitor; nothing where there are none."""
    mine = uploads.owned(visitor())
    if mine:
        size = sum(upload.size for upload in mine) / 1e6
        st.button(
            f"Delete my pictures ({len(mine)}, {size:.1f} MB)",
            icon=":material/delete:",
            on_click=lambda: uploads.delete_all(visitor()),
            help="Removes every file that you uploaded from the computer that runs the app. Links to them end.",
        )


def _show(upload: Upload, key: str, widget: str) -> None:
    """Draw the upload's name, how long it is kept, and the buttons to leave or delete it."""
    st.caption(f"**{escape_markdown(upload.name)}**, kept until {upload.kept_until}.")
    with st.container(horizontal=True):
        st.button("Remove", key=f"remove {key}", on_click=_forget, args=(key, widget), icon=":material/close:")
        if upload.owner == visitor():
            delete_mine()


def _keep(key: str, widget: str) -> None:
    """Keep the file that was handed over and let the address carry its id."""
    file = st.session_state.get(widget)
    if file is None:
        return  # taken out of the field: the address still carries it until "Remove"
    try:
        st.query_params[key] = uploads.keep(file.getvalue(), file.name, visitor()).id
    except UserError as error:
        st.session_state[f"{_FAULT} {key}"] = str(error)


def _forget(key: str, widget: str) -> None:
    st.query_params.pop(key, None)
    st.session_state.pop(widget, None)
