"""A page of mistakes as one picture, to be printed or shared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.images import Picture, encode, resize

SIDE = 160  # px of every picture on the sheet
COLUMNS = 2  # cards beside each other
GAP, LINE = 16, 20  # px
PAPER, INK, FAINT = (252, 251, 248), (34, 37, 43), (110, 105, 95)


@dataclass(frozen=True)
class Entry:
    """A mistake on the sheet: its headline, and pictures uint8 (H, W, 3), each with the words under it."""

    headline: str
    pictures: Sequence[Picture]
    words: Sequence[str]


def png(title: str, entries: Sequence[Entry]) -> bytes:
    """Return the sheet as a PNG file: the title, then the entries, two beside each other where they fit."""
    most = max((len(entry.pictures) for entry in entries), default=1)
    columns = COLUMNS if most > 1 else 2 * COLUMNS
    across, down = most * (SIDE + GAP // 2) + GAP, SIDE + 3 * LINE + GAP
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (GAP + columns * across, 2 * GAP + LINE + rows * down), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, GAP // 2), title, INK, ImageFont.load_default(16))
    for place, entry in enumerate(entries):
        left, top = GAP + place % columns * across, GAP + LINE + place // columns * down
        pen.text((left, top), entry.headline, INK, ImageFont.load_default(14))
        for i, (picture, words) in enumerate(zip(entry.pictures, entry.words, strict=True)):
            x = left + i * (SIDE + GAP // 2)
            scale = SIDE / max(picture.shape[:2])
            height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
            corner = (x + (SIDE - width) // 2, top + LINE + (SIDE - height) // 2)
            sheet.paste(Image.fromarray(resize(picture, width, height)), corner)
            pen.text((x, top + LINE + SIDE + 3), words, FAINT, ImageFont.load_default(12))
    return encode(np.array(sheet), "PNG")
