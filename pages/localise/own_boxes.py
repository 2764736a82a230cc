"""One's own pictures with their true boxes: from folders of this computer, or uploaded."""

import tempfile
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import streamlit as st

from core import images
from core.datasets import folder
from core.errors import UserError
from core.explain import box_files
from core.explain.box_files import Boxed, Source
from core.trainers.trained import TrainedClassifier
from core.uploads import Upload
from ui import class_choice, nets, own_pictures
from web import address, hide, uploads

UPLOADS = "boxed"  # the key of the uploads' ids in the address
FOLDER = "pictures"  # and of a folder on this computer
MOST = 100  # files that one address names
BOX_TYPES = ("json", "xml")
UPLOAD_HELP = (
    "All pictures together with their .json or .xml files, or one .zip of all. They stay on the computer that runs "
    "the app."
)


@dataclass(frozen=True)
class Own:
    """Pictures with their boxes, and `content`, which is the same for the same files and the same meaning of names."""

    boxed: Boxed
    content: Hashable


def choose(trained: TrainedClassifier) -> Own | None:
    """Draw the fields for pictures and boxes, and return what they hold; None as long as something is missing.

    Raise UserError as `box_files.read` and `box_files.boxed` do.
    """
    chosen = _choose_source()
    if chosen is None:
        return None
    source, content = chosen
    with hide.group("classes"):
        classes = class_choice.choose(trained, source.names)
    key = (content, tuple(sorted(classes.items())))
    return Own(_boxed(key, trained.name, nets.stamp(trained.name), replace(source, chosen=classes), trained), key)


def _choose_source() -> tuple[Source, Hashable] | None:
    """Draw the fields and return the pictures and boxes with what names their content; None without any."""
    with hide.group("folder"):
        place = address.text(
            FOLDER, "Folder of pictures", help="A path on the computer that runs the app: a folder or a .zip."
        )
        file = address.text(
            "boxes",
            "File of boxes",
            help="A COCO-style .json, a Pascal VOC .xml, or a folder of such .xml files.",
        )
    if place and file:
        where = [path for text in (place, file) if (path := own_pictures.path(text)) is not None]
        if len(where) < 2:
            return None
        content = (*where, *map(_changed, where))
        return _read_at(content), content
    with hide.group("upload"):
        kept = uploads.files(
            uploads.Field(
                UPLOADS, "Or upload both", UPLOAD_HELP, (*uploads.PICTURE_TYPES, *BOX_TYPES, "zip"), _check, MOST
            )
        )
    if not kept:
        return None
    uploaded = tuple((upload.name, upload.digest) for upload in kept)
    return _uploaded(uploaded, kept), uploaded


@st.cache_resource(max_entries=2, show_spinner="Reading pictures and boxes")
def _boxed(key: Hashable, name: str, stamp: int, _source: Source, _trained: TrainedClassifier) -> Boxed:
    return box_files.boxed(_trained, _source)


def _check(file: BinaryIO) -> None:
    """Raise UserError for a picture that cannot be read; a file of boxes is read together with its pictures."""
    if Path(getattr(file, "name", "")).suffix.lower().removeprefix(".") not in (*BOX_TYPES, "zip"):
        images.decode(file)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@st.cache_resource(max_entries=2, show_spinner="Reading pictures and boxes")
def _read_at(content: tuple[Path, Path, float, float]) -> Source:
    place, file, *_ = content
    return Source.read(place, box_files.read(file))


@st.cache_resource(max_entries=2, show_spinner="Reading pictures and boxes")
def _uploaded(content: tuple[tuple[str, str], ...], _kept: list[Upload]) -> Source:
    return of_uploads(_kept)


def of_uploads(kept: list[Upload]) -> Source:
    """Return the pictures and boxes of uploads, which stay where they are, or of the one .zip among them.

    Raise UserError where either are missing among them.
    """
    archives = [upload for upload in kept if upload.name.lower().endswith(".zip")]
    if not archives:
        of_boxes = {upload.name: upload.read() for upload in kept if _holds_boxes(upload.name)}
        places = {upload.name: [str(upload.path)] for upload in kept if not _holds_boxes(upload.name)}
        return Source(Path("/"), places, _labelled(of_boxes, bool(places)), "the upload")
    if len(kept) > 1:
        raise UserError(
            f"{len(kept)} files with a .zip among them are too many: upload one .zip of everything, or none."
        )
    names = [place for place, *_ in folder.contents(archives[0].path)]
    of_boxes = {
        PurePosixPath(place).name: data for place, data in folder.files_of_zip(archives[0].path) if _holds_boxes(place)
    }
    labelled = _labelled(of_boxes, any(not _holds_boxes(name) for name in names))
    return replace(Source.read(archives[0].path, labelled), where="the upload")


def _holds_boxes(name: str) -> bool:
    return Path(name).suffix.lower() in (".json", ".xml")


def _labelled(of_boxes: dict[str, bytes], has_pictures: bool) -> list[box_files.Labelled]:
    """Return the boxes in files of these names. Raise UserError where there are none, no pictures or too many."""
    if not of_boxes:
        raise UserError("There are no boxes among the files: upload the .json or .xml files as well.")
    if not has_pictures:
        raise UserError("There are no pictures among the files: upload those that the boxes were drawn in as well.")
    documents = [name for name in of_boxes if name.lower().endswith(".json")]
    if documents and len(of_boxes) > 1:
        raise UserError(f"{len(of_boxes)} files of boxes are too many: upload one .json, or only .xml files.")
    with tempfile.TemporaryDirectory() as place:
        for name, data in of_boxes.items():
            Path(place, name).write_bytes(data)
        try:
            return box_files.read(Path(place, documents[0]) if documents else Path(place))
        except UserError as error:
            # The folder is deleted in a moment, so the message must not name it.
            raise UserError(str(error).replace(f"{place}/", "").replace(place, "The upload")) from error
