"""The only way in and out for a picture: decode, orient, bound and encode.

Inside the project a picture is a uint8 array (H, W, 3), RGB. Files are not trusted and are checked here, once: the kind
by the first bytes, the size by the header before anything is decoded.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.errors import UserError

Picture = NDArray[np.uint8]

LUMINANCE = (0.299, 0.587, 0.114)  # weights of R, G, B: ITU-R BT.601, as the Y of YIQ and PIL's "L"
MIN_SIDE = 8
LONGEST_TO_NET = 1024  # px: a square of up to 256 px out of a picture four times as long as wide is never enlarged
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")

_ACCEPTED = "JPEG, PNG, WebP, GIF, BMP and TIFF"
_WHITE = (255, 255, 255)
_ORIENTATION_TAG, _DESCRIPTION_TAG, _SOFTWARE_TAG = 0x0112, 0x010E, 0x0131
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height
_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}

_ANIMATED = {".gif": "GIF", ".webp": "WEBP"}

# name -> (package that carries the file inside its wheel, path in the package)
_SAMPLES = {
    "cat": ("skimage", "data/chelsea.png"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "coffee": ("skimage", "data/coffee.png"),
    "temple": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "photographer": ("skimage", "data/camera.png"),
}


class ImageError(UserError):
    """A picture that cannot be read or written; the text is one sentence for the user."""


def decode(source: bytes | str | Path | BinaryIO, *, max_side: int | None = None) -> Picture:
    """Read a picture of any accepted kind into a uint8 array (H, W, 3), RGB, upright.

    `source` is the file's bytes, its path, or an open binary file (read from its start, left open). Use the first
    frame of an animation, put transparency on white, and convert an embedded colour profile to sRGB. With `max_side`
    the result is shrunk, if need be, so that neither side is longer. Raises ImageError for everything that is not a
    whole picture between 8 px a side and 40 megapixels.
    """
    with _opened(source) as (stream, name):
        kind = _recognise(stream, name)
        image = _header(stream, name, kind)
        try:
            # Decoders raise all kinds of exceptions on damaged data, so no narrower clause suffices.
            if max_side is not None:
                image.draft(None, (max_side, max_side))
            image.load()
            picture = np.array(_rgb(_upright(image)))
        except Exception as error:
            raise ImageError(_damaged(name, kind)) from error
    return picture if max_side is None else fit(picture, max_side)


def size(source: bytes | str | Path | BinaryIO) -> tuple[int, int]:
    """Return the (width, height) of a picture turned upright, from its header.

    Raises ImageError as `decode`, as far as the header shows.
    """
    with _opened(source) as (stream, name):
        image = _header(stream, name, _recognise(stream, name))
        try:
            turned = image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS
        except Exception:
            turned = False
    return (image.height, image.width) if turned else (image.width, image.height)


def encode(picture: Picture, format: str = "JPEG", quality: int = 85, description: str = "") -> bytes:
    """Return a uint8 picture (H, W, 3) encoded as a file; `quality` (1 to 95) applies to JPEG and WebP only.

    `description` is ASCII text that goes into the EXIF data of the file, where the format has such.
    """
    stream = io.BytesIO()
    more = {}
    if description and format != "BMP":
        exif = Image.Exif()
        exif[_DESCRIPTION_TAG], exif[_SOFTWARE_TAG] = description, "Atelier"
        more["exif"] = exif
    _pillow(picture).save(stream, format=format, quality=quality, **more)
    return stream.getvalue()


def description(source: bytes | str | Path | BinaryIO) -> str:
    """Return the description in the EXIF data of a picture; nothing where it has none, or the data are damaged.

    Raises ImageError as `decode`, as far as the header shows.
    """
    with _opened(source) as (stream, name):
        image = _header(stream, name, _recognise(stream, name))
        try:
            text = image.getexif().get(_DESCRIPTION_TAG)
        except Exception:
            return ""
    return text if isinstance(text, str) else ""


def save(picture: Picture, path: str | Path, description: str = "") -> None:
    """Write a uint8 picture (H, W, 3) to `path` in the format that its suffix names, or raise ImageError.

    `description` as in `encode`.
    """
    _write(Path(path), encode(picture, writable(path), quality=92, description=description))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ImageError(f"{path} cannot be written ({reason}): choose a folder that exists and is yours.") from error


def writable(path: str | Path) -> str:
    """Return the format that the suffix of `path` names. Raises ImageError where it names none."""
    path = Path(path)
    format = _SUFFIXES.get(path.suffix.lower())
    if format is None:
        raise ImageError(
            f"{path.name} names no picture format that can be written: "
            f"let the name end in one of {', '.join(_SUFFIXES)}."
        )
    return format


def save_animation(pictures: Sequence[Picture], path: str | Path, milliseconds: int) -> None:
    """Write pictures of one size, uint8 (H, W, 3), as an endless animation to `path`, each shown for `milliseconds`.

    Raises ImageError as `animated`, and where the file cannot be written.
    """
    format = animated(path)
    first, *rest = map(_pillow, pictures)
    stream = io.BytesIO()
    first.save(stream, format, save_all=True, append_images=rest, duration=milliseconds, loop=0, quality=85)
    _write(Path(path), stream.getvalue())


def animated(path: str | Path) -> str:
    """Return the format of an animation that the suffix of `path` names. Raises ImageError where it names none."""
    format = _ANIMATED.get(Path(path).suffix.lower())
    if format is None:
        raise ImageError(f"{Path(path).name} is to be an animation: let the name end in {' or '.join(_ANIMATED)}.")
    return format


def resize(picture: Picture, width: int, height: int) -> Picture:
    """Return the uint8 picture (H, W, 3) resized to (height, width, 3) by Lanczos resampling."""
    return np.array(_pillow(picture).resize((width, height), Image.Resampling.LANCZOS))


def fit(picture: Picture, max_side: int) -> Picture:
    """Return the picture, shrunk in proportion if its longer side exceeds `max_side` px; never enlarged."""
    height, width = picture.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return picture
    return resize(picture, max(1, round(width * scale)), max(1, round(height * scale)))


def photograph(source: bytes | str | Path | BinaryIO) -> Picture:
    """Read a picture that a net is to classify or to learn from: as `decode`, at most LONGEST_TO_NET px a side.

    Its pixels do not depend on the size that a net takes. A large JPEG is decoded at a fraction of its size, so that
    one of 12 megapixels takes a third of the time, and its pixels are not quite those of `decode` shrunk afterwards.
    """
    return decode(source, max_side=LONGEST_TO_NET)


def for_net(picture: Picture, side: int, *, whole: bool = False) -> Picture:
    """Return a picture, uint8 (H, W, 3), at a net's size: its central square, (side, side, 3).

    With `whole` it is the whole picture in its proportions, the longer side `side` px. Training and prediction both
    use this function alone, so the same file gives the same pixels. The filter is the antialiased triangle: with it
    photographs have the power spectrum of CIFAR's images, and the shipped nets the least loss on them.
    """
    small = fit(picture, LONGEST_TO_NET)
    height, width = small.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if not whole:
        top, left, edge = central_square(height, width)
        small, size = small[top : top + edge, left : left + edge], (side, side)
    return np.array(_pillow(small).resize(size, Image.Resampling.BILINEAR))


def central_square(height: int, width: int) -> tuple[int, int, int]:
    """Return (top, left, edge) in pixels of the largest central square of a picture of `height` x `width` pixels."""
    edge = min(height, width)
    return (height - edge) // 2, (width - edge) // 2, edge


def to_tensor(picture: Picture) -> torch.Tensor:
    """Return a uint8 picture (H, W, 3) as a float32 tensor (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255


def from_tensor(tensor: torch.Tensor) -> Picture:
    """Return a tensor (1, 3, H, W) or (3, H, W) as a uint8 picture (H, W, 3); values outside [0, 1] are clipped."""
    single = tensor.detach()[0] if tensor.ndim == 4 else tensor.detach()
    scaled = single.float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())


def sample_names() -> tuple[str, ...]:
    """Return the names of the installed sample pictures, which scikit-image and scikit-learn have in their wheels."""
    return tuple(name for name in _SAMPLES if _sample_path(name) is not None)


def sample(name: str) -> Picture:
    """Return the sample picture of that name, uint8 (H, W, 3). Raises ImageError, which lists all, for another."""
    path = _sample_path(name) if name in _SAMPLES else None
    if path is None:
        raise ImageError(f"There is no sample picture “{name}”: choose one of {', '.join(sample_names())}.")
    return decode(path)


def named(name: str | Path, *, max_side: int | None = None) -> Picture:
    """Return the picture in a file, or the sample of `sample:NAME`. Raises ImageError as `decode` and `sample`."""
    kind, _, rest = str(name).partition(":")
    if kind == "sample":
        picture = sample(rest)
        return picture if max_side is None else fit(picture, max_side)
    return decode(Path(name), max_side=max_side)


# Opening


@contextmanager
def _opened(source: bytes | str | Path | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """Yield the source as a binary stream at its start, with a name for messages."""
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source), "The file"
        return
    if not isinstance(source, str | Path):
        source.seek(0)
        name = getattr(source, "name", None)
        yield source, Path(name).name if isinstance(name, str) else "The file"
        return
    path = Path(source)
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise ImageError(f"There is no file {path}: check the path and its spelling.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageError(f"{path} cannot be opened ({reason}): give the path of a picture file.") from error
    with stream:
        yield stream, path.name


def _recognise(stream: BinaryIO, name: str) -> str:
    """Return the accepted format of the first bytes. Raises ImageError, which names what the file is instead."""
    start = stream.read(512)
    stream.seek(0)
    if not start:
        raise ImageError(f"{name} is empty (0 bytes): save or download the picture again.")
    kind = _kind(start)
    if kind == "BMP" and _is_text(start):  # two letters are a weak signature: plenty of prose starts with BM
        kind = None
    if kind in FORMATS:
        return kind
    if kind is not None:
        raise ImageError(f"{name} is {kind}, which is not read here: convert it to one of {_ACCEPTED}.")
    if _is_text(start):
        raise ImageError(f"{name} is text, not a picture, whatever its name says: choose one of {_ACCEPTED}.")
    raise ImageError(f"{name} is not a picture of a known kind: choose one of {_ACCEPTED}.")


def _kind(start: bytes) -> str | None:
    """Return the kind of a file by its first bytes: one of FORMATS, another kind with its article, or None."""
    signatures = (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"MM\0+", "TIFF"),
        (b"BM", "BMP"),
        (b"%PDF", "a PDF document"),
        (b"%!PS", "a PostScript document"),
        (b"8BPS", "a Photoshop document"),
        (b"\0\0\1\0", "an icon (ICO)"),
        (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
        (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
        (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
        (b"\xff\x0a", "a JPEG XL picture"),
        (b"qoif", "a QOI picture"),
        (b"DDS ", "a DirectDraw surface (DDS)"),
        (b"v/1\1", "an OpenEXR picture"),
        (b"PK\3\4", "a ZIP archive or an office document"),
    )
    for signature, kind in signatures:
        if start.startswith(signature):
            return kind
    if start.startswith(b"RIFF"):
        return "WEBP" if start[8:12] == b"WEBP" else "a sound or a film (RIFF)"
    if start[4:8] == b"ftyp":
        return _of_brand(start[8:12])
    if start[:1] == b"P" and start[1:2] in b"1234567" and start[2:3].isspace():
        return "a Netpbm picture (PPM, PGM or PBM)"
    if b"<svg" in start.lower():
        return "an SVG drawing"
    return None


def _of_brand(brand: bytes) -> str:
    if brand in (b"avif", b"avis"):
        return "an AVIF picture"
    if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "a HEIC picture"
    return "a film (MP4 or MOV)"


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:  # not merely a character cut by the end of the sample
            return False
        text = start[: error.start].decode("utf-8")
    return all(character.isprintable() or character.isspace() for character in text)


def _header(stream: BinaryIO, name: str, kind: str) -> Image.Image:
    """Read the header alone. Raises ImageError for a size out of bounds before any pixel is decoded."""
    limit = f"{MAX_PIXELS // 1_000_000} megapixels"
    too_large = f"over {limit}, the most that is read here: save a smaller copy and take that."
    try:
        image: Image.Image = Image.open(stream, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{name} claims to be {too_large}") from error
    except Exception as error:
        raise ImageError(_damaged(name, kind)) from error
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"{name} is {width} x {height} px: a picture must be at least {MIN_SIDE} px wide and {MIN_SIDE} px high."
        )
    if width * height > MAX_PIXELS:
        raise ImageError(f"{name} is {width} x {height} px, {too_large}")
    return image


def _damaged(name: str, kind: str) -> str:
    return f"{name} starts as a {kind} picture but is damaged or cut short: save or download it again."


# Colours and orientation


def _upright(image: Image.Image) -> Image.Image:
    """Turn the picture by its EXIF orientation; ignore damaged EXIF data."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except Exception:
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    # transpose() drops format and info where the colour profile and the transparent colour stand.
    if turn is None:
        return image
    turned = image.transpose(turn)
    turned.info = dict(image.info)
    return turned


def _rgb(image: Image.Image) -> Image.Image:
    """Return the picture, of any mode that the accepted formats decode to, as RGB without transparency, in sRGB."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        to_srgb = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
        return ImageCms.applyTransform(image, to_srgb) or image
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        image = _on_white(image)
    if image.mode not in ("RGB", "CMYK"):
        image = image.convert("RGB")
    return _in_srgb(image, profile).convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    transparent = image.convert("RGBA")
    page = Image.new("RGB", image.size, _WHITE)
    page.paste(transparent, mask=transparent.getchannel("A"))
    return page


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Apply an embedded ICC profile; ignore one that is damaged or of another colour model."""
    if not profile:
        return image
    try:
        embedded = ImageCms.getOpenProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, embedded, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return turned or image


def _eight_bits(image: Image.Image) -> Picture:
    """Return deep greyscale (H, W) as uint8 (H, W).

    16-bit samples and floats in [0, 1] keep their scale. 32-bit integers and other floats have no standard white, so
    they are scaled from their minimum to their maximum.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    elif image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scaled = (values - low) * (255 / (high - low)) if high > low else np.clip(values, 0, 255)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        scaled[values == transparent] = 255
    return np.rint(scaled).astype(np.uint8)


# Arrays and samples


def _pillow(picture: Picture) -> Image.Image:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(f"a picture is uint8 of shape (H, W, 3), not {picture.dtype} of shape {picture.shape}")
    return Image.fromarray(np.ascontiguousarray(picture))


def _sample_path(name: str) -> Path | None:
    package, inside = _SAMPLES[name]
    spec = find_spec(package)  # finds the folder without the seconds that importing the package takes
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / inside
    return path if path.is_file() else None
