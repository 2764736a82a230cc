"""Where a taught set is kept: one upload of its visitor, its pictures beside it, found again by the upload's id.

upload   taught.json              classes and samples
beside   SHA256.jpg, SHA256.png   the pictures, at most SIDE px a side, re-encoded: no place or time of a camera
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core import images, uploads
from core.errors import UserError
from core.images import Picture
from core.teach import taught
from core.teach.taught import FILE_LENGTH, Sample, TaughtSet
from core.uploads import Upload, UploadGone

NAME = "taught.json"
SIDE = 512  # px of a picture's longer side
LOSSLESS_SIDE = 128  # px: smaller pictures are kept without loss
QUALITY = 92  # of JPEG


class SetGone(UploadGone):
    """A taught set that is not there: expired, deleted, or never made."""

    def __init__(self) -> None:
        UserError.__init__(self, "What was taught here is no longer kept: it was deleted or has expired. Start anew.")


@dataclass(frozen=True)
class Encoded:
    """A picture as it is kept: `file` is named by the SHA-256 of `data`, `name` is that of the visitor's file."""

    file: str
    data: bytes
    name: str

    def sample(self, label: str) -> Sample:
        """Return the picture as a sample of a class."""
        return Sample(self.file, label, self.name)


def encoded(picture: Picture, name: str = "") -> Encoded:
    """Return a picture, uint8 (H, W, 3), as it is kept."""
    small = images.fit(picture, SIDE)
    kind = "PNG" if max(small.shape[:2]) <= LOSSLESS_SIDE else "JPEG"
    data = images.encode(small, kind, QUALITY)
    name = "".join(letter for letter in name if letter.isprintable())[:FILE_LENGTH]
    return Encoded(f"{hashlib.sha256(data).hexdigest()}.{'png' if kind == 'PNG' else 'jpg'}", data, name)


def unchanged(data: bytes, name: str) -> Encoded:
    """Return a JPEG that is small enough already as it is kept."""
    return Encoded(f"{hashlib.sha256(data).hexdigest()}.jpg", data, name)


def decoded(files: Iterable[tuple[str, bytes]]) -> tuple[list[Encoded], list[str]]:
    """Return the pictures among files, by name and bytes, and a sentence about each that cannot be read."""
    pictures, faults = [], []
    for name, data in files:
        try:
            pictures.append(encoded(images.photograph(data), name))
        except UserError as error:
            faults.append(str(error).replace("The file", name or "The picture", 1))
    return pictures, faults


def read(upload: Upload) -> TaughtSet:
    """Return the set that an upload holds. Raises SetGone where it is gone, UserError where it is damaged."""
    try:
        return taught.parse(upload.read())
    except UploadGone as error:
        raise SetGone from error


def find(id: str) -> Upload:
    """Return the upload of that id. Raises SetGone where there is none that holds a taught set."""
    try:
        upload = uploads.find(id)
    except UploadGone as error:
        raise SetGone from error
    if upload.name != NAME:
        raise SetGone
    return upload


def create(owner: str, content: TaughtSet, pictures: Iterable[Encoded] = ()) -> Upload:
    """Keep a new set of `owner`; `pictures` are those of its samples. Raises UserError as `uploads.keep` does."""
    # Two sets of the same content are two uploads: each is changed by itself.
    upload = uploads.keep(secrets.token_bytes(16), NAME, owner)
    return change(upload, content, pictures)


def change(upload: Upload, content: TaughtSet, pictures: Iterable[Encoded] = ()) -> Upload:
    """Replace the set of an upload; `pictures` are those of the samples it had not, those of samples gone are removed.

    Raises UserError as `uploads.amend` does.
    """
    files = {picture.file: picture.data for picture in pictures if picture.file in content.files}
    beside = upload.path.parent / "beside"
    surplus = {path.name for path in beside.glob("*.*")} - content.files if beside.is_dir() else set()
    return uploads.amend(upload.id, upload.owner, content.to_json().encode(), add=files, remove=surplus)


def copied(upload: Upload, owner: str) -> Upload:
    """Return a copy of a set for another owner, as for one who opened a link and changes what it shows."""
    content = read(upload)
    pictures = [Encoded(sample.file, data(upload, sample), sample.name) for sample in content.samples]
    return create(owner, content, pictures)


def data(upload: Upload, sample: Sample) -> bytes:
    """Return the bytes of a sample's picture. Raises SetGone where they are gone or were changed."""
    try:
        content = upload.beside(sample.file).read_bytes()
    except OSError as error:
        raise SetGone from error
    if hashlib.sha256(content).hexdigest() != sample.digest:
        raise SetGone
    return content


def picture(upload: Upload, sample: Sample) -> Picture:
    """Return the picture of a sample, uint8 (H, W, 3). Raises SetGone as `data` does."""
    return images.decode(data(upload, sample))


def thumbnail(picture: Picture, side: int) -> Picture:
    """Return the central square of a picture, `side` px a side."""
    height, width = picture.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return images.resize(np.ascontiguousarray(picture[top : top + edge, left : left + edge]), side, side)
