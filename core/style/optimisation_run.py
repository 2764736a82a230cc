"""Run folders of style transfers by optimisation: made here, carried out to the end of their recipe, and read."""

import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from core import hardware, images
from core.datasets.download import silent
from core.datasets.split import Progress
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.runs.writer import Writer, writing
from core.style import losses, sources
from core.style.optimisation import ImageOptimisation, first_picture
from core.style.optimisation_recipe import MIN_SIDE, OptimisationRecipe, recipe_of

PICTURES = ("content", "style")  # files in the run folder
PREVIEW = "picture"
PREVIEW_SECONDS = 0.4


def create(
    content: Picture,
    style: Picture,
    recipe: OptimisationRecipe,
    *,
    name: str | None = None,
    path: Path | None = None,
    files: Path | None = None,
    **more: Any,
) -> Run:
    """Return a new run whose folder holds both pictures, uint8 (H, W, 3), and the first preview.

    `files` is the folder of the loss network "both"; `more` is kept among the settings.
    Raises UserError for pictures or settings that cannot be used, before anything is written.
    """
    pictures = {"content": prepared(content, recipe.size, "photograph")}
    pictures["style"] = prepared(style, recipe.style_size, "style picture")
    losses.check_style(pictures["style"])
    if not sources.at_hand(recipe.network, files) and not sources.can_be_fetched(recipe.network):
        sources.load(recipe.network, files)  # raises UserError, naming what is missing
    settings = {**asdict(recipe), "files": str(files) if files else None, **more}
    run = Run.create("iterative", settings, name=name or "Transfer", path=path)
    for key, picture in pictures.items():
        images.save(picture, run.path / f"{key}.png")
    (run.path / "previews").mkdir()
    first = images.from_tensor(first_picture(pictures["content"], recipe))
    (run.path / "previews" / f"{PREVIEW}.jpg").write_bytes(images.encode(first, "JPEG", 90))
    return run


def again(run: Run) -> Run:
    """Return a new run with the pictures and settings of `run`. Raises UserError where its folder is damaged."""
    content, style = (images.decode(run.path / f"{name}.png") for name in PICTURES)
    names = {entry.name for entry in fields(OptimisationRecipe)}
    more = {name: value for name, value in run.settings.items() if name not in names | {"files"}}
    files = run.optimisation.files
    folder = Path(files) if files else None
    return create(content, style, recipe_of(run.settings), name=run.name, files=folder, **more)


def prepared(picture: Picture, size: int, what: str) -> Picture:
    """Return the picture with a long side of at most `size` px. Raises UserError for too short a side."""
    height, width = picture.shape[:2]
    small = images.fit(picture, size)
    if min(small.shape[:2]) < MIN_SIDE:
        raise UserError(
            f"The {what} is {width} x {height} px, at this size {small.shape[1]} x {small.shape[0]} px; each side "
            f"needs at least {MIN_SIDE}, so take a larger size or a picture that is less long and narrow."
        )
    return small


def picture_of(run: Run) -> Picture | None:
    """Return the picture of the last checkpoint, uint8 (H, W, 3); None where there is none yet."""
    path = run.path / f"{PREVIEW}.png"
    return images.decode(path) if path.is_file() else None


def carry_out(run: Run, progress: Progress = silent) -> None:
    """Optimise the picture of `run` to the end of its recipe, from its checkpoint where it has one.

    `progress` is called while a loss network is downloaded. Raises UserError where the run cannot be carried out.
    """
    recipe = recipe_of(run.settings)
    files = run.optimisation.files
    with writing(run) as writer:

        def downloading(what: str, done: int, total: int) -> None:
            writer.progress(downloading=what, bytes=done, bytes_total=total)
            progress(what, done, total)

        network = sources.load(recipe.network, Path(files) if files else None, downloading)
        writer.progress(downloading=None, bytes=None, bytes_total=None)
        content, style = (images.decode(run.path / f"{name}.png") for name in PICTURES)
        work = ImageOptimisation(recipe, content, style, network)
        saved = run.checkpoint()
        if saved:
            work.restore(*saved)
        writer.facts(steps=recipe.steps, precision=hardware.precision(recipe.half))
        writer.drop_metrics_after("step", work.step)
        _loop(work, writer)


def _loop(work: ImageOptimisation, writer: Writer) -> None:
    recipe = work.recipe
    shown, message = 0.0, ""
    while work.step < recipe.steps:
        control = writer.begin_step(lambda: _save(work, writer))
        if control.command == "stop":
            break
        refused = work.set_weights(control.values)
        if refused != message:
            message = refused
            writer.message(message)
        with work.clock.step():
            figures = work.advance()
        writer.progress(
            step=work.step,
            steps=recipe.steps,
            milliseconds_a_step=1000 * (work.clock.left(1) or 0.0),
            seconds_left=work.clock.left(recipe.steps - work.step),
        )
        weights = {f"weight/{name}": value for name, value in work.weights.items()}
        writer.log({"step": work.step, **work.clock.row(), **figures, **weights})
        if time.monotonic() - shown > PREVIEW_SECONDS:
            writer.preview(PREVIEW, images.encode(work.picture(), "JPEG", 90))
            shown = time.monotonic()
        if work.step % recipe.save_every == 0 and work.step < recipe.steps:
            _save(work, writer)
    _save(work, writer)


def _save(work: ImageOptimisation, writer: Writer) -> None:
    writer.save(*work.checkpoint())
    picture = work.picture()
    writer.preview(PREVIEW, images.encode(picture, "JPEG", 90))
    part = writer.run.path / f".{PREVIEW}.part.png"
    images.save(picture, part)
    part.replace(writer.run.path / f"{PREVIEW}.png")
