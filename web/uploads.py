"""Choosing files of one's own: uploaded once, kept for all pages, carried by the address as ids that nobody can guess.

A refused file is said under its field, and the page goes on with what it had.
"""

import hashlib
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import images, uploads
from core.errors import UserError
from core.uploads import Upload, UploadGone
from web import address
from web.formats import escape_markdown
from web.visitor import visitor

PICTURE_TYPES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")
PICTURE_HELP = "JPEG, PNG, WebP, GIF, BMP or TIFF of up to 40 megapixels. It stays on the computer that runs the app."
THUMBNAIL_PX = 72
MOST = 40  # pictures that one address names
DELETE = "delete my pictures"
_FAULT = "why an upload failed"
_ROUND = "round of the upload field"  # a field is drawn anew, and empty, once its files are kept
_KEYS = "keys of the addresses that name uploads"


def no_check(file: BinaryIO) -> None:
    """Accept any file: whoever opens it checks it."""


@dataclass(frozen=True)
class Field:
    """A field: its key in the address, what it takes, and how many; `check` raises UserError for an unusable file.

    `lasting` files are kept until their owner deletes them. Several files that are handed over at once are kept as one
    .zip called `packed_as`, where that is given: hundreds of ids are too many for an address. `megabytes` bound a file.
    """

    key: str
    label: str
    help: str | None
    types: tuple[str, ...] = PICTURE_TYPES
    check: Callable[[BinaryIO], object] = images.decode
    most: int = 1
    lasting: bool = False
    packed_as: str = ""
    megabytes: int | None = None

    @property
    def widget(self) -> str:
        """Key of the field's widget in its present round."""
        turn = st.session_state.get(f"{_ROUND} {self.key}", 0)
        return f"upload of {self.key}" + (f", {turn}" if turn else "")

    @property
    def ids(self) -> list[str]:
        """Ids in the address, each once."""
        return list(dict.fromkeys(filter(None, st.query_params.get_all(self.key))))[: self.most]


def picture(key: str, label: str, *, help: str | None = PICTURE_HELP) -> Upload | None:
    """Draw a field for a picture and return the one that the address names under `key`; None where it names none.

    Raises UploadGone where that one was deleted or has expired; the field and a button to forget it are drawn before.
    """
    return _one(Field(key, label, help))


def photograph(key: str, label: str, *, help: str | None = PICTURE_HELP) -> Upload | None:
    """Draw a field for a picture whose `pixels` go to a net; else as `picture`."""
    return _one(Field(key, label, help, check=_check_pixels))


def pixels(upload: Upload) -> images.Picture:
    """Return an uploaded picture as nets get it, uint8 (H, W, 3); decoded once for check, thumbnail and net.

    Raises UserError where it is no picture, UploadGone where it was deleted meanwhile.
    """
    return _pixels(upload.digest, upload.read)


def _check_pixels(file: BinaryIO) -> None:
    file.seek(0)
    _pixels(hashlib.sha256(file.read()).hexdigest(), lambda: file)


@st.cache_resource(max_entries=16, show_spinner=False)
def _pixels(digest: str, _read: Callable[[], bytes | BinaryIO]) -> images.Picture:
    return images.photograph(_read())


def archive(
    key: str, label: str, *, help: str | None = None, check: Callable[[BinaryIO], object] = no_check
) -> Upload | None:
    """Draw a field for a .zip, which is kept until its owner deletes it; else as `picture`."""
    return _one(Field(key, label, help, ("zip",), check, lasting=True))


def pictures(key: str, label: str, *, most: int = MOST, help: str | None = PICTURE_HELP) -> list[Upload]:
    """Draw a field for several pictures and return those that the address names under `key`, at most `most`.

    A sentence says how many of them are gone.
    """
    field = Field(key, label, help, most=most)
    _draw(field)
    present = [(id, _found(id)) for id in field.ids]
    if lost := sum(upload is None for _, upload in present):
        address.note(f"{lost} of these pictures {'is' if lost == 1 else 'are'} no longer here: deleted or expired.")
    if present:
        with st.container(horizontal=True, gap="small"):
            for id, upload in present:
                if upload is not None:
                    _tile(field, id, upload)
        _say_expiry([upload for _, upload in present if upload is not None])
    return [upload for _, upload in present if upload is not None]


def remember(key: str) -> None:
    """Let the button that deletes a visitor's uploads take theirs out of the address under `key`."""
    st.session_state.setdefault(_KEYS, set()).add(key)


def forget(key: str) -> None:
    """Take the uploads under `key` out of the address; their files stay until they expire or are deleted."""
    st.query_params.pop(key, None)
    st.session_state.pop(f"{_FAULT} {key}", None)


def files(field: Field) -> list[Upload]:
    """Draw a field for several files that belong together and return those that the address names.

    Where one of them is gone, so are all: a sentence says so, and none is returned.
    """
    _draw(field)
    present = [_found(id) for id in field.ids]
    found = [upload for upload in present if upload is not None]
    if present:
        st.button(
            "Remove",
            key=f"remove {field.key}",
            type="tertiary",
            icon=":material/close:",
            on_click=_clear,
            args=(field,),
        )
    if len(found) < len(present):
        address.note(
            f"{len(present) - len(found)} of these {len(present)} files are no longer here: deleted or expired."
        )
        return []
    if found:
        st.caption(
            escape_markdown(f"{len(found)} files: {', '.join(upload.name for upload in found[:3])}")
            + (", ..." if len(found) > 3 else "")
        )
        _say_expiry(found)
    return found


def delete_mine() -> None:
    """Draw a button that deletes all uploads of the visitor; nothing where there are none, or it is there already."""
    mine = uploads.owned(visitor())
    if mine:
        size = sum(upload.size for upload in mine) / 1e6
        with suppress(StreamlitDuplicateElementKey):
            st.button(
                f"Delete my pictures ({len(mine)}, {size:.1f} MB)",
                icon=":material/delete:",
                key=DELETE,
                on_click=_delete_mine,
                help="Removes every file that you uploaded from the computer that runs the app. Links to them end.",
            )


def _one(field: Field) -> Upload | None:
    """Draw a field for one file and return the upload of the address."""
    _draw(field)
    id = address.value(field.key, "the picture", "none is shown") if field.key in st.query_params else None
    if id is None:
        return None
    try:
        upload = uploads.find(id)
    except UploadGone:
        _remove_button(field, id, "Forget it")
        raise
    _show(field, upload)
    return upload


def _draw(field: Field) -> None:
    """Draw the field, and below it why the last file was refused."""
    remember(field.key)
    st.file_uploader(
        field.label,
        list(field.types),
        accept_multiple_files=field.most > 1,
        max_upload_size=field.megabytes,
        key=field.widget,
        help=field.help,
        on_change=_keep,
        args=(field,),
    )
    if fault := st.session_state.pop(f"{_FAULT} {field.key}", None):
        st.error(escape_markdown(fault), icon=":material/error:")


def _show(field: Field, upload: Upload) -> None:
    """Draw a thumbnail of the upload, its name, how long it is kept, and the buttons to leave or delete it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _thumbnail(upload)
        st.markdown(escape_markdown(upload.name), width="stretch")
        _remove_button(field, upload.id, "Remove")
    _say_expiry([upload])


def _tile(field: Field, id: str, upload: Upload) -> None:
    """Draw one of several uploads, small, over the button that removes it."""
    with st.container(width=THUMBNAIL_PX + 16, gap="xsmall"):
        _thumbnail(upload)
        _remove_button(field, id, "Remove", help=escape_markdown(upload.name))


def _remove_button(field: Field, id: str, label: str, help: str | None = None) -> None:
    key = f"remove {field.key} {id[:40]}"
    st.button(label, key=key, type="tertiary", icon=":material/close:", help=help, on_click=_remove, args=(field, id))


def _thumbnail(upload: Upload) -> None:
    """Draw the upload small; nothing where it is no picture."""
    try:
        small = _small(upload.digest, upload)
    except UserError:
        return
    with st.container(width=THUMBNAIL_PX):
        st.image(small, width="stretch", alt=f"Your picture {upload.name}")


def _say_expiry(mine: list[Upload]) -> None:
    """Say until when the uploads are kept, the first to go named, and draw the button that deletes them."""
    if not mine:
        return
    first = min(mine, key=lambda upload: upload.expires or float("inf"))
    st.caption(f"Kept until {first.kept_until}. Whoever has the link sees it.")
    if any(upload.owner == visitor() for upload in mine):
        delete_mine()


@st.cache_data(max_entries=256, show_spinner=False)
def _small(digest: str, _upload: Upload) -> bytes:
    """Return the upload's middle square as a JPEG of twice a thumbnail's size.

    Raises UserError where it is no picture or gone.
    """
    picture = pixels(_upload)
    height, width = picture.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return images.encode(images.fit(picture[top : top + edge, left : left + edge], 2 * THUMBNAIL_PX))


def _keep(field: Field) -> None:
    """Keep the files that were handed over and let the address carry their ids; note why one is refused."""
    handed = st.session_state.get(field.widget)
    files: list[UploadedFile] = handed if isinstance(handed, list) else [handed] if handed else []
    if not files:
        return
    kept, faults = [], []
    for name, file in _packed(files, field.packed_as):
        try:
            field.check(file)
            kept.append(uploads.keep(file.getvalue(), name, visitor(), lasting=field.lasting).id)
        except UserError as error:
            faults.append(str(error))
    ids = list(dict.fromkeys([*field.ids, *kept])) if field.most > 1 else kept
    if len(ids) > field.most:
        faults.append(f"At most {field.most} pictures are used; the first {field.most} are kept here.")
    if kept:
        st.query_params[field.key] = ids[: field.most] if field.most > 1 else ids[0]
    more = f" ({len(faults) - 1} more were refused.)" if len(faults) > 1 else ""
    st.session_state[f"{_FAULT} {field.key}"] = f"{faults[0]}{more}" if faults else ""
    turn = f"{_ROUND} {field.key}"
    st.session_state[turn] = st.session_state.get(turn, 0) + 1


def _packed(files: list[UploadedFile], name: str) -> list[tuple[str, BytesIO]]:
    """Return names and contents of files; several that are no archives as one .zip called `name`, if that is given."""
    loose = [file for file in files if not file.name.lower().endswith(".zip")]
    if not name or len(loose) < 2:
        return [(file.name, file) for file in files]
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, file in enumerate(loose):
            # Numbered, for two files may have one name; of no date, so that the same files have the same bytes.
            archive.writestr(zipfile.ZipInfo(f"{number:05d} {file.name}"), file.getvalue())
    return [(name, packed), *((file.name, file) for file in files if file not in loose)]


def _clear(field: Field) -> None:
    """Take all uploads of a field out of the address."""
    st.query_params.pop(field.key, None)
    st.session_state.pop(f"{_FAULT} {field.key}", None)


def _remove(field: Field, id: str) -> None:
    """Take an upload out of the address; its file stays until it expires or is deleted."""
    rest = [other for other in field.ids if other != id] if field.most > 1 else []
    if rest:
        st.query_params[field.key] = rest
    else:
        forget(field.key)


def _delete_mine() -> None:
    """Delete the visitor's uploads and take their ids out of the address."""
    mine = {upload.id for upload in uploads.owned(visitor())}
    uploads.delete_all(visitor())
    for key in st.session_state.get(_KEYS, ()):
        ids = st.query_params.get_all(key)
        rest = [id for id in ids if id not in mine]
        if rest != ids:
            if rest:
                st.query_params[key] = rest
            else:
                forget(key)


def _found(id: str) -> Upload | None:
    try:
        return uploads.find(id)
    except UploadGone:
        return None
