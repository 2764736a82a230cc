"""The choice of one's own pictures as a data set: a folder on the computer that serves the page, or an upload."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.datasets import folder
from core.datasets.folder import Pictures
from core.uploads import Upload, UploadGone
from web import address, uploads

ARCHIVE = "archive"  # key of the address


def choose(side: Callable[[], int]) -> str | None:
    """Draw the choice and return the name of the data set; None as long as there is neither folder nor archive.

    `side` draws and returns the side of the images in pixels. An archive that was uploaded goes before a folder.
    """
    place = address.text(
        "path",
        "Folder or .zip",
        placeholder="/home/me/pictures",
        help="On the computer that serves this page. One sub-folder a class, named after it.",
    )
    archive = _uploaded()
    px = side()
    if archive is not None:
        return Pictures(archive.path, px).name
    return Pictures(Path(place), px).name if place else None


def _uploaded() -> Upload | None:
    """Draw the field for an archive and return the one of the address; None, with a sentence, where it is gone."""
    try:
        return uploads.archive(ARCHIVE, "Or upload a .zip", help="One folder a class in it.", check=_check)
    except UploadGone:
        address.note("The archive of pictures in the address is no longer here: it was deleted. Upload it again.")
        return None


def _check(file: BinaryIO) -> None:
    """Raise UserError where an archive is none of pictures with classes."""
    folder.check(file, Path(file.name).name)


def path(text: str) -> Path | None:
    """Return the path that a field or an address names; None, with a sentence, where nothing is there."""
    try:
        named = Path(text.strip()).expanduser()
        named.stat()
    except (OSError, ValueError, RuntimeError):
        address.note(f"There is no folder or file {address.quoted(text)} on this computer: give another path.")
        return None
    return named
