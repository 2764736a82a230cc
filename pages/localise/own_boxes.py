"""One's own pictures with their true boxes: from folders of this computer, or uploaded."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import streamlit as st

from core.errors import UserError
from core.explain import box_files
from core.explain.box_files import Boxed
from core.trainers.trained import TrainedClassifier

PICTURES = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]


class Upload(Protocol):
    """What Streamlit hands over of a file."""

    name: str
    file_id: str

    def getvalue(self) -> bytes: ...


def ask(trained: TrainedClassifier) -> Boxed | None:
    """Fields for pictures and boxes, and what they hold; None as long as something is missing.

    Raises UserError as `box_files.read` and `box_files.boxed` do.
    """
    folder = st.text_input("Folder of pictures", key="pictures", bind="query-params", help="A path on this computer.")
    file = st.text_input(
        "File of boxes",
        key="boxes",
        bind="query-params",
        help="A COCO-style .json, a Pascal VOC .xml, or a folder of such .xml files.",
    )
    if folder and file:
        where = [Path(text.strip()).expanduser() for text in (folder, file)]
        return _read(trained, *where)
    uploads = st.file_uploader(
        "Or upload both",
        type=[*PICTURES, "json", "xml"],
        accept_multiple_files=True,
        help="All pictures together with their .json or .xml files. They stay on this computer.",
    )
    return _uploaded(tuple(upload.file_id for upload in uploads), trained.name, uploads, trained) if uploads else None


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
    ids: tuple[str, ...], name: str, _uploads: Sequence[Upload | BinaryIO], _trained: TrainedClassifier
) -> Boxed:
    return of_files({Path(upload.name.replace("\\", "/")).name: upload.getvalue() for upload in _uploads}, _trained)


def of_files(files: dict[str, bytes], trained: TrainedClassifier) -> Boxed:
    """What files of these names hold. Raises UserError where pictures or boxes are missing among them."""
    said = [name for name in files if Path(name).suffix.lower() in (".json", ".xml")]
    if not said:
        raise UserError("There are no boxes among the files: upload the .json or .xml files as well.")
    if len(said) == len(files):
        raise UserError("There are no pictures among the files: upload those that the boxes were drawn in as well.")
    documents = [name for name in said if name.lower().endswith(".json")]
    if documents and len(said) > 1:
        raise UserError(f"{len(said)} files of boxes are too many: upload one .json, or only .xml files.")
    with tempfile.TemporaryDirectory() as folder:
        pictures, boxes = Path(folder, "pictures"), Path(folder, "boxes")
        for name, data in files.items():
            place = boxes if name in said else pictures
            place.mkdir(exist_ok=True)
            (place / name).write_bytes(data)
        try:
            return box_files.boxed(trained, pictures, box_files.read(boxes / documents[0] if documents else boxes))
        except UserError as error:
            # The folder is gone in a moment, so no sentence may send anybody there.
            told = str(error).replace(f"{boxes}", "The upload").replace(f"{pictures}", "the upload")
            raise UserError(told) from error
