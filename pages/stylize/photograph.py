"""The photograph that is painted: a sample picture, or an upload that the address names by its id."""

from dataclasses import dataclass, field
from functools import lru_cache

from streamlit.delta_generator import DeltaGenerator

from core import images
from core import uploads as core_uploads
from core.images import Picture
from core.style.paint_settings import quoted
from core.uploads import Upload
from web import address, hide, uploads

SAMPLE = "temple"
UPLOAD = "photo"  # in the address
LARGEST_SIDE = 1024  # px on the screen


@dataclass(frozen=True)
class Photograph:
    """A photograph by its content: two of one `digest` are equal, whatever they are called."""

    digest: str
    name: str = field(compare=False)
    upload: Upload | None = field(compare=False, default=None)

    def read(self) -> Picture:
        """Return the photograph at full size. Raises UserError where it cannot be read, or is gone by now."""
        return images.sample(self.name) if self.upload is None else images.decode(self.upload.read())


@dataclass(frozen=True)
class Loaded:
    """A photograph for the screen, and its width and height at full size, px."""

    picture: Picture
    width: int
    height: int


def choose(samples: DeltaGenerator) -> Photograph:
    """Draw a field to upload and, in `samples`, a sample to choose; an upload comes first, and hides the samples.

    Raises UploadGone where the address names an upload that is no longer there.
    """
    with hide.group("upload"):
        upload = uploads.picture(UPLOAD, "Or a photograph of yours")
    if upload is not None:
        return of_upload(upload)
    with samples:
        names = sorted(images.sample_names(), key=lambda name: name != SAMPLE)
        name = address.choice("sample", "Photograph", tuple(names), str.capitalize)
    return of_sample(name)


def of_address(id: str | None, sample: str | None) -> Photograph:
    """Return the upload of that id, else the sample of that name, else the first sample.

    Whoever has the id sees the upload, as on the page. Raises UploadGone where it is no longer there, ImageError for
    another sample.
    """
    if id is not None:
        return of_upload(core_uploads.find(id))
    names = images.sample_names()
    if sample is None:
        sample = SAMPLE if SAMPLE in names else names[0]
    if sample not in names:
        raise images.ImageError(f"There is no sample {quoted(sample)}: choose one of {', '.join(names)}.")
    return of_sample(sample)


def of_upload(upload: Upload) -> Photograph:
    """Return the photograph of an upload."""
    return Photograph(upload.digest, upload.stem or "photograph", upload)


def of_sample(name: str) -> Photograph:
    """Return the photograph of a sample."""
    return Photograph(f"sample {name}", name)


@lru_cache(maxsize=16)
def loaded(photograph: Photograph) -> Loaded:
    """Return a photograph for the screen, decoded once however often a slider moves."""
    picture = photograph.read()
    height, width = picture.shape[:2]
    return Loaded(images.fit(picture, LARGEST_SIDE), width, height)


@lru_cache(maxsize=32)
def scaled(photograph: Photograph, side: int) -> Picture:
    """Return a photograph for the screen, its longer side at most `side` px: at most 3 MB, scaled once."""
    return images.fit(loaded(photograph).picture, side)
