"""`python -m training.pastiche`: train a multi-style pastiche net (section 5.5) on a folder of photographs.

The same command goes on where a run folder was left; `--resume RUN` does so without the rest of it.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from core import hardware, images
from core.errors import UserError
from core.images import Picture
from core.runs import queue
from core.runs.folder import Run
from core.style import loss_networks, trainer
from core.style.trainer import Recipe
from training import command, held_out
from training.progress import bar

PREVIEW_SIDE = 320
PREVIEWS = ("temple", "coffee", "astronaut", "cat")
FOLDERS = ("photos", "styles", "loss_networks")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def arguments() -> argparse.ArgumentParser:
    """The command's options; those left out take the recipe's defaults."""
    parser = argparse.ArgumentParser(prog="python -m training.pastiche", description=__doc__.split("\n")[0])
    source = parser.add_argument_group("what to learn from")
    source.add_argument("--photos", type=Path, metavar="DIR", help="folder of photographs")
    source.add_argument("--styles", type=Path, metavar="DIR", help="folder of paintings (titles from its styles.json)")
    source.add_argument("--only", nargs="+", metavar="NAME", help="file stems of the paintings to learn; default all")
    source.add_argument("--loss-networks", type=Path, metavar="DIR", help="folder of the loss networks' safetensors")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--steps", type=int, help="optimiser steps in all")
    recipe.add_argument("--batch", type=int, help="photographs a step")
    recipe.add_argument("--crop", type=int, help="side of the training pictures, px")
    recipe.add_argument("--jitter", type=int, help="largest shift between the net's grid and the loss networks', px")
    recipe.add_argument("--gentle", type=int, metavar="STEPS", help="first steps, in which the style counts half")
    recipe.add_argument(
        "--start", metavar="RUN", help="begin with the weights of another run, of these or other styles"
    )
    recipe.add_argument("--style-side", type=int, help="long side of the paintings, px: larger means larger strokes")
    recipe.add_argument("--width", type=float, help="factor on the feature maps of Table 5.1")
    recipe.add_argument("--learning-rate", type=float)
    recipe.add_argument("--content", type=float, help="weight of the content loss, equation 5.10")
    recipe.add_argument("--style", type=float, help="weight of the style loss")
    recipe.add_argument("--variation", type=float, help="weight of the total variation")
    recipe.add_argument("--factor", nargs="+", metavar="NAME=F", help="a style's own factor on its style loss")
    recipe.add_argument("--seed", type=int)
    recipe.add_argument("--save-every", type=int, help="steps between checkpoints and previews")
    command.add_arguments(parser)
    return parser


def factors(pairs: list[str] | None) -> dict[str, float] | None:
    """NAME=F pairs as a dictionary. Raises UserError for anything else."""
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        try:
            found[name] = float(value) if equals else float("nan")
        except ValueError:
            found[name] = float("nan")
        if not found[name] >= 0:
            raise UserError(f"The factor {pair!r} is not of the form NAME=F with a number F of zero or more.")
    return found or None


def pictures_in(folder: Path, what: str) -> list[Path]:
    """Picture files of a folder by name. Raises UserError where there are none."""
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; give the folder of the {what}.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not found:
        raise UserError(f"There are no pictures in {folder}; give the folder of the {what}.")
    return found


def chosen_paintings(folder: Path, names: list[str] | None) -> dict[str, Path]:
    """Style name (file stem) -> file, of all paintings or of `names`."""
    known = {path.stem: path for path in pictures_in(folder, "paintings")}
    for name in names or ():
        if name not in known:
            raise UserError(f"There is no painting {name!r} in {folder}; there are {', '.join(known)}.")
    return {name: known[name] for name in names} if names else known


def titles(paintings: dict[str, Path]) -> list[dict[str, str]]:
    """Name, title, artist and year of each painting, as styles.json beside it says."""
    listed = next(iter(paintings.values())).parent / "styles.json"
    entries = json.loads(listed.read_text()) if listed.is_file() else []
    told = {Path(entry["file"]).stem: entry for entry in entries}
    rows = []
    for name in paintings:
        entry = {"title": name.replace("_", " ").capitalize(), "artist": "", "year": "", **told.get(name, {})}
        rows.append({"name": name, **{key: str(entry[key]) for key in ("title", "artist", "year")}})
    return rows


def given(options: argparse.Namespace) -> dict:
    """The recipe's settings that were given on the command line."""
    names = ("steps", "batch", "crop", "style_side", "width", "learning_rate", "content", "style", "variation")
    values = {name: getattr(options, name) for name in (*names, "jitter", "gentle", "seed", "save_every")}
    values["style_factors"] = factors(options.factor)
    return {name: value for name, value in values.items() if value is not None}


def new_run(options: argparse.Namespace, path: Path | None) -> Run:
    """A fresh run folder for the recipe of the command line."""
    for option in FOLDERS:
        if getattr(options, option) is None:
            raise UserError(f"A new run needs --{option.replace('_', '-')}; a run to go on with needs --resume.")
    paintings = chosen_paintings(options.styles, options.only)
    recipe = Recipe(**{"styles": tuple(paintings), "half": hardware.bf16_is_fast(), **given(options)})
    folders = {name: str(getattr(options, name).resolve()) for name in FOLDERS}
    more = {f"{name}_folder": folder for name, folder in folders.items()}
    if options.start:
        more["start"] = str(Run.open(command.run_path(options.start)).path.resolve())
    settings = trainer.settings_of(recipe, **more)
    return Run.create("pastiche", settings, path=path, name=None if path else f"{len(paintings)} styles")


def existing_run(options: argparse.Namespace, name: Path | str) -> Run:
    """Open a run to go on with. Only the number of steps may differ from what it was started with."""
    run = Run.open(name)
    if run.kind != "pastiche":
        raise UserError(f"The run {run.id} trains a {run.kind}; give the run of a pastiche net.")
    return command.go_on(run, given(options), trainer.recipe_of)


def read_photographs(folder: Path) -> trainer.Photographs:
    """All photographs of the folder but those that nets are judged by."""
    seen = held_out.learnable(pictures_in(folder, "photographs"))
    paths = tqdm(seen, desc="Reading photographs", unit="picture", disable=None)
    return trainer.Photographs([torch.from_numpy(images.decode(path, max_side=1024)) for path in paths])


def previews() -> list[Picture]:
    """The photographs of the strips: sample pictures that no training sees."""
    return [images.fit(images.sample(name), PREVIEW_SIDE) for name in PREVIEWS if name in images.sample_names()]


def run_training(run: Run) -> None:
    """Read what the run's settings name, and train to the end of its recipe."""
    recipe = trainer.recipe_of(run.settings)
    folders = {name: Path(run.settings[f"{name}_folder"]) for name in FOLDERS}
    paintings = chosen_paintings(folders["styles"], list(recipe.styles))
    networks = loss_networks.load(folders["loss_networks"])
    photographs = read_photographs(folders["photos"])
    pictures = {name: images.decode(path) for name, path in paintings.items()}
    facts = {"styles": titles(paintings), "photographs": len(photographs.pictures)}
    with bar(run):
        trainer.train(run, photographs, pictures, networks, previews(), facts)


def main(given: list[str] | None = None) -> int:
    return command.carry_out(arguments(), given, new_run, existing_run, run_training)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()  # this training's slot is free now
