"""The pictures that a style network learns from: photographs and paintings, in folders or in memory."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import images
from core.errors import UserError
from core.images import Picture
from core.style import losses

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
LONG_SIDE = 1024  # of a picture in memory, px
MAX_PHOTOGRAPHS = 4_000  # about 6 GB of memory
MAX_PAINTINGS = 64
LISTED = "styles.json"  # beside paintings: their titles, artists and years
PREVIEW_SIDE = 320
PREVIEWS = ("temple", "coffee", "astronaut", "cat")


@dataclass(frozen=True)
class Painting:
    """A painting to learn: `name` is the name of the style in files, `picture` uint8 (H, W, 3)."""

    name: str
    picture: Picture
    title: str
    artist: str = ""
    year: str = ""


def pictures_in(folder: Path, what: str) -> list[Path]:
    """Return the picture files of a folder, sorted by name. Raises UserError where there are none."""
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; give the folder of the {what}.")
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror or error}); give a folder of yours.") from error
    if not paths:
        raise UserError(f"There are no pictures in {folder}; give the folder of the {what}.")
    return paths


def chosen_paintings(folder: Path, names: Sequence[str] | None) -> dict[str, Path]:
    """Return style name (file stem) -> file, of all paintings or of `names`. Raises UserError for other names."""
    paths = {path.stem: path for path in pictures_in(folder, "paintings")}
    for name in names or ():
        if name not in paths:
            raise UserError(f"There is no painting {name!r} in {folder}; there are {', '.join(paths)}.")
    return {name: paths[name] for name in names} if names else paths


def titles(paintings: dict[str, Path]) -> list[dict[str, str]]:
    """Return name, title, artist and year of each painting, from styles.json beside it."""
    listed = next(iter(paintings.values())).parent / LISTED
    entries = json.loads(listed.read_text("utf-8")) if listed.is_file() else []
    by_name = {Path(entry["file"]).stem: entry for entry in entries}
    rows = []
    for name in paintings:
        entry = {"title": title_of(name), "artist": "", "year": "", **by_name.get(name, {})}
        rows.append({"name": name, **{key: str(entry[key]) for key in ("title", "artist", "year")}})
    return rows


def title_of(name: str) -> str:
    """Return the title of a painting that has nothing but the name of its file."""
    return name.replace("_", " ").capitalize()


def read_painting(file: str, data: bytes, title: str = "") -> Painting:
    """Return the painting in an uploaded file. Raises UserError where it is no picture, or of one colour."""
    picture = images.decode(data, max_side=LONG_SIDE)
    losses.check_style(picture, f"The painting {file}")
    name = re.sub(r"[^a-z0-9]+", "_", Path(file).stem.lower()).strip("_")[:60] or "painting"
    return Painting(name, picture, title.strip() or title_of(name))


def read_paintings(folder: Path, names: Sequence[str] | None = None) -> list[Painting]:
    """Return the paintings of a folder, or those of `names`. Raises UserError as `read_painting` does."""
    files = chosen_paintings(folder, names)
    paintings = []
    for row, path in zip(titles(files), files.values(), strict=True):
        picture = images.decode(path, max_side=LONG_SIDE)
        losses.check_style(picture, f"The painting {path.name}")
        paintings.append(Painting(row["name"], picture, row["title"], row["artist"], row["year"]))
    check_names(paintings)
    return paintings


def check_names(paintings: Sequence[Painting]) -> None:
    """Raise UserError where two paintings have the same name, or there are too many."""
    names = [one.name for one in paintings]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"Two paintings have the name {twice[0]}; rename the file of one, or leave it out.")
    if len(names) > MAX_PAINTINGS:
        raise UserError(f"There are {len(names)} paintings; take {MAX_PAINTINGS} of them at most.")


def previews() -> list[Picture]:
    """Return the photographs of the previews, uint8 (H, W, 3): sample pictures that no training sees."""
    return [images.fit(images.sample(name), PREVIEW_SIDE) for name in PREVIEWS if name in images.sample_names()]
