"""What a pastiche net learns from: photographs and paintings, in folders of this machine or kept in the run's own.

The settings of a run name a folder either by its whole path or by one inside the run folder.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from core import images
from core.datasets import folder as own_pictures
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.style import losses, pastiche_recipe, sources
from core.style.origin import origin_of
from core.style.pastiche_recipe import Recipe

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
LONG_SIDE = 1024  # of a picture in memory, px
MAX_PHOTOGRAPHS = 4_000  # about 6 GB of memory
MAX_PAINTINGS = 64
LISTED = "styles.json"  # beside paintings: their titles, artists and years
FOLDERS = {"photos": "photographs", "styles": "paintings"}  # their names in the settings, and inside a run
PREVIEW_SIDE = 320
PREVIEWS = ("temple", "coffee", "astronaut", "cat")

Uploads = Sequence[tuple[str, bytes]]  # names and contents of files


@dataclass(frozen=True)
class Painting:
    """A painting to learn: `name` is what the style is called in files, the others are for people."""

    name: str
    picture: Picture
    title: str
    artist: str = ""
    year: str = ""


def pictures_in(folder: Path, what: str) -> list[Path]:
    """Picture files of a folder by name. Raises UserError where there are none."""
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; give the folder of the {what}.")
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror or error}); give a folder of yours.") from error
    if not found:
        raise UserError(f"There are no pictures in {folder}; give the folder of the {what}.")
    return found


def chosen_paintings(folder: Path, names: Sequence[str] | None) -> dict[str, Path]:
    """Style name (file stem) -> file, of all paintings or of `names`."""
    known = {path.stem: path for path in pictures_in(folder, "paintings")}
    for name in names or ():
        if name not in known:
            raise UserError(f"There is no painting {name!r} in {folder}; there are {', '.join(known)}.")
    return {name: known[name] for name in names} if names else known


def titles(paintings: dict[str, Path]) -> list[dict[str, str]]:
    """Name, title, artist and year of each painting, as styles.json beside it says."""
    listed = next(iter(paintings.values())).parent / LISTED
    entries = json.loads(listed.read_text("utf-8")) if listed.is_file() else []
    told = {Path(entry["file"]).stem: entry for entry in entries}
    rows = []
    for name in paintings:
        entry = {"title": title_of(name), "artist": "", "year": "", **told.get(name, {})}
        rows.append({"name": name, **{key: str(entry[key]) for key in ("title", "artist", "year")}})
    return rows


def title_of(name: str) -> str:
    """What a painting is called that only has the name of its file."""
    return name.replace("_", " ").capitalize()


def painting(file: str, data: bytes, title: str = "") -> Painting:
    """A painting that was handed over as a file. Raises UserError where it is no picture, or of one colour."""
    picture = images.decode(data, max_side=LONG_SIDE)
    losses.check_style(picture, f"The painting {file}")
    name = re.sub(r"[^a-z0-9]+", "_", Path(file).stem.lower()).strip("_")[:60] or "painting"
    return Painting(name, picture, title.strip() or title_of(name))


def paintings_of(folder: Path, names: Sequence[str] | None = None) -> list[Painting]:
    """The paintings of a folder, or those of `names`. Raises UserError as `painting` does."""
    files = chosen_paintings(folder, names)
    found = []
    for row, path in zip(titles(files), files.values(), strict=True):
        picture = images.decode(path, max_side=LONG_SIDE)
        losses.check_style(picture, f"The painting {path.name}")
        found.append(Painting(row["name"], picture, row["title"], row["artist"], row["year"]))
    check_names(found)
    return found


def check_names(paintings: Sequence[Painting]) -> None:
    """Raises UserError where two paintings have the same name, or there are too many."""
    names = [one.name for one in paintings]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"Two paintings have the name {twice[0]}; rename the file of one, or leave it out.")
    if len(names) > MAX_PAINTINGS:
        raise UserError(f"There are {len(names)} paintings; take {MAX_PAINTINGS} of them at most.")


def create(
    photographs: Path | Uploads,
    paintings: Sequence[Painting],
    recipe: Recipe,
    *,
    start: str = "",
    files: Path | None = None,
    name: str | None = None,
) -> Run:
    """A run folder with everything in it that the training needs, ready to be started.

    `photographs` are a folder, which is read where it lies, or files (pictures or .zip archives), which are kept in
    the run; paintings always are. `start` is a run or a shipped net whose weights come first, `files` the folder of
    the loss network "both". Raises UserError for anything that would end the training before it began.
    """
    if not paintings:
        raise UserError("There is no painting to learn; upload one or name a folder of them.")
    check_names(paintings)
    if not photographs:
        raise UserError("There are no photographs to learn from; name a folder of them, or upload some.")
    if not sources.at_hand(recipe.network, files) and not sources.can_be_fetched(recipe.network):
        sources.load(recipe.network, files)  # says what is missing
    if start:
        origin_of(start).must_fit(recipe)
    folders = dict(FOLDERS)
    if isinstance(photographs, Path):
        _check_count(len(pictures_in(photographs, "photographs")))
        folders["photos"] = str(photographs.resolve())
    more = {f"{key}_folder": value for key, value in folders.items()}
    more |= {"start": start} if start else {}
    more |= {"loss_networks_folder": str((files or sources.folder()).resolve())}
    titled = paintings[0].title if len(paintings) == 1 else f"{len(paintings)} styles"
    run = Run.create("pastiche", pastiche_recipe.settings_of(recipe, **more), name=name or titled)
    try:
        _keep_paintings(run.path / FOLDERS["styles"], paintings, recipe.style_side)
        if not isinstance(photographs, Path):
            _keep_photographs(run.path / FOLDERS["photos"], photographs)
    except OSError as error:
        shutil.rmtree(run.path, ignore_errors=True)
        raise UserError(f"The pictures cannot be kept in {run.path} ({error}); make room there.") from error
    except UserError:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    return run


def again(run: Run) -> Run:
    """A new run like `run`, with its pictures, from the start; not started yet."""
    fresh = Run.create(run.kind, run.settings, name=run.name)
    try:
        for place in FOLDERS.values():
            if (run.path / place).is_dir():
                shutil.copytree(run.path / place, fresh.path / place)
    except OSError as error:
        shutil.rmtree(fresh.path, ignore_errors=True)
        raise UserError(f"The pictures of {run.id} cannot be copied ({error}); make room and try again.") from error
    return fresh


def place(run: Run, key: str) -> Path:
    """The folder of a run's "photos" or "styles". Raises UserError where its settings name none."""
    named = run.settings.get(f"{key}_folder")
    if not isinstance(named, str) or not named:
        raise UserError(f"The settings of the run {run.id} name no folder of {FOLDERS[key]}; begin a new one.")
    return run.path / named  # a whole path stays as it is


def previews() -> list[Picture]:
    """The photographs of the strips: sample pictures that no training sees."""
    return [images.fit(images.sample(name), PREVIEW_SIDE) for name in PREVIEWS if name in images.sample_names()]


def _keep_paintings(folder: Path, paintings: Sequence[Painting], side: int) -> None:
    """PNG files of the size that is learnt, and their titles as `titles` reads them."""
    folder.mkdir()
    rows = []
    for one in paintings:
        images.save(images.fit(one.picture, side), folder / f"{one.name}.png")
        rows.append({"file": f"{one.name}.png", **{k: v for k, v in asdict(one).items() if isinstance(v, str)}})
    (folder / LISTED).write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _keep_photographs(folder: Path, files: Uploads) -> None:
    """Every photograph of the files as NUMBER.SUFFIX; those that are no pictures are left to the training to pass over.

    Raises UserError where there is none, too many of them, or an archive that cannot be used.
    """
    folder.mkdir()
    count = 0
    for name, data in files:
        found: Iterable[tuple[str, bytes]] = [(name, data)]
        if name.lower().endswith(".zip"):
            packed = folder / ".packed.zip"
            packed.write_bytes(data)
            found = _unpacked(packed, name)
        for place, content in found:
            suffix = PurePosixPath(place).suffix.lower()
            if suffix in SUFFIXES:
                count += 1
                _check_count(count)
                (folder / f"{count:05d}{suffix}").write_bytes(content)
        (folder / ".packed.zip").unlink(missing_ok=True)
    if not count:
        raise UserError("There are no pictures in what was uploaded; give JPEG, PNG, WebP, BMP or TIFF files.")


def _unpacked(archive: Path, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        yield from own_pictures.files_of_zip(archive)
    except UserError as error:
        raise UserError(str(error).replace(str(archive), name).replace(archive.name, name)) from error


def _check_count(photographs: int) -> None:
    if photographs > MAX_PHOTOGRAPHS:
        raise UserError(f"There are more than {MAX_PHOTOGRAPHS:,} photographs, the most that are read: take a part.")
