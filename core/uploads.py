"""Files that visitors upload, kept once for all pages and found again by an id that nobody can guess.

    ROOT/ID/upload.json      name, owner, size, digest and times
    ROOT/ID/NAME             the bytes as they came, under the file's name without its folders
    ROOT/ID/beside/FILE      more files that belong to it, where `amend` has put some

Who has the id can read the file: an address with it is a link to the picture. Only the owner can delete it. A picture
expires after `LIFETIME`; a data set does not, since runs are trained on it, and stays until its owner deletes it.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock

from core.errors import UserError

LIFETIME = timedelta(days=7)
TOTAL_BYTES = 4_000_000_000  # of all uploads; the environment variable ATELIER_UPLOAD_BYTES names another bound
OWNER_SHARE = 0.25  # of the total that one owner may fill
NAME_LENGTH = 120
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_BESIDE = re.compile(r"[A-Za-z0-9_-]{1,80}\.[a-z]{1,8}")


class UploadGone(UserError):
    """An upload that is not there: expired, deleted, or never made."""

    def __init__(self) -> None:
        super().__init__("This picture is no longer here: it was deleted or has expired. Upload it again.")


@dataclass(frozen=True)
class Upload:
    """One file: `owner` is the visitor who uploaded it, `digest` the SHA-256 of its bytes, times are POSIX seconds.

    `size` counts the files beside it too. `expires` is None for a file that is kept until its owner deletes it.
    """

    id: str
    name: str
    owner: str
    size: int
    digest: str
    created: float
    expires: float | None

    @property
    def path(self) -> Path:
        """The file itself."""
        return root() / self.id / self.name

    def beside(self, name: str) -> Path:
        """Return the path of a file that belongs to it. Raises ValueError for a name that `amend` would not take."""
        if not _BESIDE.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a file beside an upload")
        return root() / self.id / "beside" / name

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return Path(self.name).stem

    @property
    def kept_until(self) -> str:
        """Return the day of expiry as "3 December 2026", or "you delete it"."""
        if self.expires is None:
            return "you delete it"
        day = datetime.fromtimestamp(self.expires, UTC)
        return f"{day.day} {day:%B %Y}"

    def read(self) -> bytes:
        """Return the bytes. Raises UploadGone where they have been deleted meanwhile."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise UploadGone from error


def root() -> Path:
    """Return the folder of all uploads: the environment variable ATELIER_UPLOADS, else ~/.cache/atelier/uploads."""
    chosen = os.environ.get("ATELIER_UPLOADS")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "atelier" / "uploads"


def keep(data: bytes, name: str, owner: str, *, lasting: bool = False) -> Upload:
    """Keep a file of `owner`; the same bytes under the same name again renew the one that is there.

    `lasting` files do not expire. Raises UserError where the owner's share or the total is full, or the disk cannot be
    written.
    """
    name, digest = _plain(name), hashlib.sha256(data).hexdigest()
    try:
        root().mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(root() / ".lock"):
            _remove_expired()
            uploads = _all()
            same = (one for one in uploads if (one.owner, one.digest, one.name) == (owner, digest, name))
            earlier = next(same, None)
            if earlier is None:
                _check_room(len(data), owner, uploads)
            id = earlier.id if earlier else secrets.token_urlsafe(16)
            now = time.time()
            lasting = lasting or (earlier is not None and earlier.expires is None)
            expires = None if lasting else now + LIFETIME.total_seconds()
            upload = Upload(id, name, owner, len(data), digest, earlier.created if earlier else now, expires)
            _write(upload, None if earlier else data)
    except OSError as error:
        raise UserError(f"The upload cannot be kept ({error.strerror or error}): make room on the disk.") from error
    return upload


def amend(id: str, owner: str, data: bytes, *, add: Mapping[str, bytes], remove: Collection[str] = ()) -> Upload:
    """Replace the bytes of an upload of `owner`, add and remove files beside it, and renew it.

    Names beside it are letters, digits, "-" and "_" with a suffix; a name that is there already keeps its bytes. Raises
    UploadGone where the upload is not there, UserError where it is another's, and as `keep` does.
    """
    try:
        with filelock.FileLock(root() / ".lock"):
            before = find(id)
            if before.owner != owner:
                raise UserError("Only the visitor who uploaded this can change it.")
            new = {name: content for name, content in add.items() if not before.beside(name).exists()}
            gone = [path for name in remove if (path := before.beside(name)).is_file()]
            grown = sum(map(len, new.values())) - sum(path.stat().st_size for path in gone)
            grown += len(data) - before.path.stat().st_size
            if grown > 0:
                _check_room(grown, owner, _all())
            expires = None if before.expires is None else time.time() + LIFETIME.total_seconds()
            digest = hashlib.sha256(data).hexdigest()
            upload = replace(before, size=before.size + grown, digest=digest, expires=expires)
            _write_beside(upload, new)
            _replace(upload.path, data)
            _replace(root() / id / "upload.json", _record(upload))
            for path in gone:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"The upload cannot be kept ({error.strerror or error}): make room on the disk.") from error
    return upload


def find(id: str) -> Upload:
    """Return the upload of that id. Raises UploadGone where there is none, or none any more."""
    upload = _read(id) if _ID.fullmatch(id) else None
    if upload is None or _is_expired(upload) or not upload.path.is_file():
        raise UploadGone
    return upload


def owned(owner: str) -> list[Upload]:
    """Return an owner's uploads, newest first."""
    mine = [one for one in _all() if one.owner == owner and not _is_expired(one)]
    return sorted(mine, key=lambda one: one.created, reverse=True)


def delete(id: str, owner: str) -> None:
    """Delete an upload. Raises UserError where it is not the owner's, UploadGone where it is not there."""
    if find(id).owner != owner:
        raise UserError("Only the visitor who uploaded this picture can delete it.")
    shutil.rmtree(root() / id, ignore_errors=True)


def delete_all(owner: str) -> int:
    """Delete all uploads of an owner; return how many there were."""
    mine = [one for one in _all() if one.owner == owner]
    for upload in mine:
        shutil.rmtree(root() / upload.id, ignore_errors=True)
    return len(mine)


def total_bytes() -> int:
    """Return the bound on all uploads together, in bytes."""
    text = os.environ.get("ATELIER_UPLOAD_BYTES", "")
    return int(text) if text.isdecimal() else TOTAL_BYTES


def _check_room(size: int, owner: str, uploads: list[Upload]) -> None:
    """Raise UserError where `size` bytes more are too many for the owner or for all."""
    most = int(total_bytes() * OWNER_SHARE)
    if size > most:
        raise UserError(f"The file has {size / 1e6:,.0f} MB; at most {most / 1e6:,.0f} MB can be kept for one visitor.")
    if size + sum(one.size for one in uploads if one.owner == owner) > most:
        raise UserError(f"Your uploads would exceed {most / 1e6:,.0f} MB: delete your pictures, then upload again.")
    if size + sum(one.size for one in uploads) > total_bytes():
        raise UserError("The space for uploads is full: delete your pictures, or try again when others have expired.")


def _plain(name: str) -> str:
    """Return a file name without folders, control characters and leading dots, with its suffix kept."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    stem, suffix = os.path.splitext(kept)
    plain = stem.encode("utf-8", "ignore")[:NAME_LENGTH].decode("utf-8", "ignore") + suffix[:12]
    return plain if plain and plain != "upload.json" else "upload"


def _write(upload: Upload, data: bytes | None) -> None:
    """Write the folder of an upload; without `data` only its record, in place of the one before."""
    folder = root() / upload.id
    if data is None:
        _replace(folder / "upload.json", _record(upload))
        return
    part = root() / f".{upload.id}.part"
    try:
        part.mkdir()
        (part / upload.name).write_bytes(data)
        (part / "upload.json").write_bytes(_record(upload))
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_beside(upload: Upload, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = upload.beside(name)
        path.parent.mkdir(exist_ok=True)
        _replace(path, content)


def _record(upload: Upload) -> bytes:
    return json.dumps(asdict(upload), indent=1).encode()


def _replace(path: Path, data: bytes) -> None:
    """Replace a file whole: a reader sees the old bytes or the new ones."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)


def _read(id: str) -> Upload | None:
    """Return the record of an upload, None where it cannot be read."""
    try:
        values = json.loads((root() / id / "upload.json").read_text("utf-8"))
        upload = Upload(**values)
    except (OSError, ValueError, TypeError):
        return None
    numbers = [upload.size, upload.created, *([] if upload.expires is None else [upload.expires])]
    whole = all(isinstance(value, int | float) for value in numbers)
    return upload if whole and upload.id == id and upload.name == _plain(str(upload.name)) else None


def _all() -> list[Upload]:
    """Return every upload that can be read, the expired ones included."""
    if not root().is_dir():
        return []
    ids = [entry.name for entry in os.scandir(root()) if _ID.fullmatch(entry.name)]
    return [upload for id in ids if (upload := _read(id)) is not None]


def _is_expired(upload: Upload) -> bool:
    return upload.expires is not None and upload.expires < time.time()


def _remove_expired() -> None:
    for upload in _all():
        if _is_expired(upload):
            shutil.rmtree(root() / upload.id, ignore_errors=True)
