"""One's own pictures with their true boxes: from folders of this computer, or uploaded."""

import tempfile
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from core import images
from core.errors import UserError
from core.explain import box_files
from core.explain.box_files import Boxed
from core.trainers.trained import TrainedClassifier
from core.uploads import Upload
from ui import nets
from web import address, hide, uploads

UPLOADS = "boxed"  # the key of the uploads' ids in the address
FOLDER = "pictures"  # and of a folder on this computer
MOST = 100  # files that one address names
BOX_TYPES = ("json", "xml")


def choose(trained: TrainedClassifier) -> Boxed | None:
    """Draw the fields for pictures and boxes, and return what they hold; None as long as something is missing.

    Raise UserError as `box_files.read` and `box_files.boxed` do.
    """
    with hide.group("folder"):
        folder = address.text(FOLDER, "Folder of pictures", help="A path on the computer that runs the app.")
        file = address.text(
            "boxes",
            "File of boxes",
            help="A COCO-style .json, a Pascal VOC .xml, or a folder of such .xml files.",
        )
    if folder and file:
        where = [path for text in (folder, file) if (path := _path(text)) is not None]
        return _read(trained, *where) if len(where) == 2 else None
    with hide.group("upload"):
        kept = uploads.files(
            uploads.Field(
                UPLOADS,
                "Or upload both",
                "All pictures together with their .json or .xml files. They stay on the computer that runs the app.",
                (*uploads.PICTURE_TYPES, *BOX_TYPES),
                _check,
                MOST,
            )
        )
    if not kept:
        return None
    content = tuple((upload.name, upload.digest) for upload in kept)
    return _uploaded(content, trained.name, nets.stamp(trained.name), kept, trained)


def _path(text: str) -> Path | None:
    """Return the path that a field or an address names; None, with a sentence, where nothing is there."""
    try:
        path = Path(text.strip()).expanduser()
        path.stat()
    except (OSError, ValueError, RuntimeError):
        address.note(f"There is no folder or file {address.quoted(text)} on this computer: give another path.")
        return None
    return path


def _check(file: BinaryIO) -> None:
    """Raise UserError for a picture that cannot be read; a file of boxes is read together with its pictures."""
    if Path(getattr(file, "name", "")).suffix.lower().removeprefix(".") not in BOX_TYPES:
        images.decode(file)


def _read(trained: TrainedClassifier, folder: Path, file: Path) -> Boxed:
    return _read_at(trained.name, folder, file, _changed(folder), _changed(file), trained)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@st.cache_resource(max_entries=2, show_spinner="Reading pictures and boxes")
def _read_at(
    name: str, folder: Path, file: Path, stamp: float, file_stamp: float, _trained: TrainedClassifier
) -> Boxed:
    return box_files.boxed(_trained, folder, box_files.read(file))


@st.cache_resource(max_entries=2, show_spinner="Reading pictures and boxes")
def _uploaded(
    content: tuple[tuple[str, str], ...], name: str, stamp: int, _kept: list[Upload], _trained: TrainedClassifier
) -> Boxed:
    return of_files({upload.name: upload.read() for upload in _kept}, _trained)


def of_files(files: dict[str, bytes], trained: TrainedClassifier) -> Boxed:
    """Return the pictures and boxes in files of these names. Raise UserError where either are missing among them."""
    of_boxes = [name for name in files if Path(name).suffix.lower() in (".json", ".xml")]
    if not of_boxes:
        raise UserError("There are no boxes among the files: upload the .json or .xml files as well.")
    if len(of_boxes) == len(files):
        raise UserError("There are no pictures among the files: upload those that the boxes were drawn in as well.")
    documents = [name for name in of_boxes if name.lower().endswith(".json")]
    if documents and len(of_boxes) > 1:
        raise UserError(f"{len(of_boxes)} files of boxes are too many: upload one .json, or only .xml files.")
    with tempfile.TemporaryDirectory() as folder:
        pictures, boxes = Path(folder, "pictures"), Path(folder, "boxes")
        for name, data in files.items():
            place = boxes if name in of_boxes else pictures
            place.mkdir(exist_ok=True)
            (place / name).write_bytes(data)
        try:
            return box_files.boxed(trained, pictures, box_files.read(boxes / documents[0] if documents else boxes))
        except UserError as error:
            # The folder is deleted in a moment, so the message must not name it.
            message = str(error).replace(f"{boxes}", "The upload").replace(f"{pictures}", "the upload")
            raise UserError(message) from error
