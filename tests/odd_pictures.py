"""Photographs that are unlike others: tiny, long, grey, of other colours and depths, transparent, and too large."""

import io

import numpy as np
from PIL import Image

from core import images

ODD = ("8 px", "24:1", "1:24", "grey", "CMYK", "16 bits", "transparent")
LARGE = "50 megapixels"


def file_of(kind: str) -> tuple[str, bytes]:
    """Return name and bytes of a picture of that kind, one of ODD or LARGE."""
    image = Image.fromarray(images.resize(images.sample("coffee"), 300, 200))
    format = "JPEG" if kind == "CMYK" else "PNG"
    if kind == "8 px":
        image = image.resize((8, 8))
    elif kind in ("24:1", "1:24"):
        image = image.resize((960, 40) if kind == "24:1" else (40, 960))
    elif kind == "grey":
        image = image.convert("L")
    elif kind == "CMYK":
        image = image.convert("CMYK")
    elif kind == "16 bits":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif kind == "transparent":
        image.putalpha(90)
    elif kind == LARGE:
        image = Image.new("1", (8000, 6250))
    stream = io.BytesIO()
    image.save(stream, format)
    return f"{kind.replace(':', ' to ')}.{format.lower()}", stream.getvalue()
