"""One's own photographs in folders named like classes, and a net's answers for them."""

from pathlib import Path
from typing import BinaryIO

import streamlit as st

from core.datasets import folder
from core.errors import UserError
from core.explain import subjects
from core.explain.mistakes import Answers
from core.explain.subjects import Photographs
from core.trainers.trained import TrainedClassifier
from core.uploads import Upload, UploadGone
from pages.mistakes.listing import Classified
from ui import class_choice, nets, own_pictures
from ui.slots import canceller, is_cancelled, progress_bar
from web import address, uploads

FOLDER, ARCHIVE = "photographs", "archive"  # keys of the address
NAME = "photograph"


def choose(trained: TrainedClassifier) -> Photographs | None:
    """Draw the choice of a folder or archive and of what its names mean; return the photographs, None without any.

    None, with a sentence, too where a path leads to no folder or archive. An archive that was uploaded goes before a
    folder. Raise UserError as `subjects.in_folders` does.
    """
    place = address.text(
        FOLDER,
        "Folder or .zip of photographs",
        placeholder="/home/me/pictures",
        help="On the computer that serves this page. One sub-folder a class, named after it.",
    )
    archive = _uploaded()
    path = archive.path if archive else own_pictures.path(place) if place else None
    if path is None:
        return None
    try:
        names = folder.listing(path).classes
    except UserError as error:
        if archive or path.is_dir():
            raise
        address.note(str(error))
        return None
    chosen = class_choice.choose(trained, names)
    return subjects.in_folders(trained, path, chosen)


def classified(trained: TrainedClassifier, photographs: Photographs) -> Classified | None:
    """Return the photographs that can be read with the net's answers, made behind a progress bar.

    None after that was cancelled: then a button starts it again.
    """
    content = hash((photographs.path, photographs.entries, photographs.groups))
    key = (trained.name, nets.stamp(trained.name), content)
    slot = _slot(*key)
    if not slot and is_cancelled(key, "Classify these photographs"):
        return None
    if not slot:
        with progress_bar(f"Classifying with {trained.title}", "photographs", canceller(key)) as progress:
            slot.append(subjects.answers(trained, photographs, progress))
    readable, answers = slot[0]
    title = f"photographs in {photographs.path.stem}"
    marks_key = f"photographs {readable.digest()}"
    return Classified(title, NAME, f"photographs {content}", marks_key, readable, answers)


@st.cache_resource(max_entries=8, show_spinner=False)
def _slot(name: str, stamp: int, content: int) -> list[tuple[Photographs, Answers]]:
    """Return the cache slot for a net's answers on some photographs."""
    return []


def _uploaded() -> Upload | None:
    """Draw the field for an archive and return the one of the address; None, with a sentence, where it is gone."""
    try:
        return uploads.archive(ARCHIVE, "Or upload a .zip", help="One folder a class in it.", check=_check)
    except UploadGone:
        address.note("The archive of photographs in the address is no longer here: it was deleted. Upload it again.")
        return None


def _check(file: BinaryIO) -> None:
    """Raise UserError where an archive is none of photographs in folders."""
    folder.check(file, Path(file.name).name, folder.listing)
