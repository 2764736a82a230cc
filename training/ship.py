"""`python -m training.ship RUN NAME`: put a finished training into `weights/`, with the card that says what it is.

Its curves and settings go to `weights/runs/NAME`, without checkpoint, process or place on the disk. Of a study in
transfer learning these are all that is shipped: it has no weights of its own. Of a style transfer by optimisation its
pictures are shipped with them, as small JPEG files.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from core import datasets, images, weights
from core.datasets.name import parse
from core.errors import UserError
from core.models import catalogue
from core.runs.run import VERSION, Run
from core.style import distillation_run, optimisation_run, painter
from core.style.origin import work_of
from core.style.pastiche_card import card_of
from core.style.pastiche_recipe import recipe_of_run, settings_of
from core.style.row_weights import with_rows
from core.style.rows import rows_of
from core.style.training_pictures import previews
from core.trainers import evaluation, trained
from core.transfer_learning import study

PICTURE_BYTES = 60_000
SOURCE_SIDE = 256  # px, of the photograph and the style picture of a style transfer
JUDGED = ("style", "content", "unlearnt", "lattice", "shift", "tone", "photograph", "peer")  # of benchmarks.styles
LICENCES = {
    "digits": "MIT; the data: Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI), CC BY 4.0",
    "mnist": "MIT; the data: MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0",
    "fashion_mnist": "MIT; the data: Fashion-MNIST (Zalando SE), MIT",
    "svhn": "MIT; the data: SVHN (Netzer et al., 2011), for non-commercial use",
    "cifar10": "MIT; the data: CIFAR-10 (Krizhevsky, 2009), for research and education",
    "cifar100": "MIT; the data: CIFAR-100 (Krizhevsky, 2009), for research and education",
    "toybox": "MIT, and so is the data, which is generated",
    "folder": "MIT; the data: pictures of the user's, whose terms are not known",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    parser.add_argument("run", help="the finished run's folder or name")
    parser.add_argument("name", help="name of the weights, e.g. resnet20_cifar10")
    parser.add_argument("--licence", help="how the photographs of a style network, or your own pictures, may be used")
    parser.add_argument(
        "--scores",
        type=Path,
        metavar="JSON",
        help="of a style network: the output of python -m benchmarks.styles --json",
    )
    parser.add_argument(
        "--rows", action="store_true", help="put the rows of a training with --rows-only into the shipped net NAME"
    )
    parser.add_argument("--curves-only", action="store_true", help="write weights/runs/NAME alone, of shipped weights")
    options = parser.parse_args(arguments)
    try:
        run = Run.open(options.run)
        has_weights = run.kind not in (study.KIND, "iterative")
        if options.curves_only and has_weights:
            weights.card(options.name)
        if options.curves_only or not has_weights:
            print("\n".join(str(path) for path in ship_curves(run, options.name)))
            return 0
        if options.rows:
            card = ship_rows(run, options.name, options.scores)
        else:
            card = ship(run, options.name, options.licence, options.scores)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{options.name}: {card['title']}")
    for figure in ("error", "error_views", "losses", "bfloat16_error"):
        if figure in card:
            print(f"{figure}: {card[figure]}")
    return 0


def ship(run: Run, name: str, licence: str | None = None, scores: Path | None = None) -> dict:
    """Write weights/NAME.safetensors, its card and weights/runs/NAME; returns the card.

    `scores` is a file with the JSON of benchmarks.styles for a style network. Raises UserError where the run has
    not finished, or is a style or loss network and `licence` is missing, or for other scores.
    """
    path = run.model_path()
    _must_be_finished(run)
    if scores and run.kind != "pastiche":
        raise UserError(f"The run {run.id} trains no style network, so leave --scores out.")
    if path is None:
        raise UserError(f"The run {run.id} has no weights to ship; train it again.")
    if run.kind == "loss_network":
        card = loss_network_card(run, licence)
    else:
        card = pastiche_card(run, licence, scores) if run.kind == "pastiche" else classifier_card(run, licence)
    ship_curves(run, name)
    weights.write(weights.WEIGHTS / f"{name}.safetensors", weights.read(path))
    _write_json(weights.WEIGHTS / f"{name}.json", card)
    return card


def ship_rows(run: Run, name: str, scores: Path | None = None) -> dict:
    """Put the rows that a training has learnt alone into the shipped net `name`, and a line about it on its card.

    All else of the net stays as it is, to the bit, and so do its curves. `scores` is as for `ship`, of the run's styles
    alone. A second time, only the scores change. Returns the card. Raises UserError where the training has not
    finished, has learnt more than rows, or those of another net.
    """
    path, card = run.model_path(), weights.card(name)
    _must_be_finished(run)
    if run.kind != "pastiche" or path is None or not recipe_of_run(run).rows_only:
        raise UserError(f"The run {run.id} has learnt no rows alone; train it with --rows-only.")
    recipe, file = recipe_of_run(run), weights.WEIGHTS / f"{name}.safetensors"
    drawn = [row for row, share in zip(recipe.rows, recipe.shares, strict=True) if share]
    tensors = with_rows(weights.read(file), rows_of(card), weights.read(path), run.style_network.trained_styles)
    own = {"rows": drawn, "steps": run.metrics()[-1]["step"], "training_seconds": work_of(run)["training_seconds"]}
    own |= {"photographs": run.style_network.photographs, "recipe": settings_of(recipe)}
    card["rows_since"] = [*(one for one in card.get("rows_since", []) if one != own), own]
    if scores:
        judged = scores_in(scores, list(recipe.styles))
        card["judged"] = judged | {"styles": card.get("judged", {}).get("styles", {}) | judged["styles"]}
    weights.write(file, tensors)
    net = painter.read_net(file, len(rows_of(card)), card["width"])
    card["bfloat16_error"] = round(painter.half_error(net, previews()), 5)
    _write_json(weights.WEIGHTS / f"{name}.json", _placeless(card))
    return card


def _must_be_finished(run: Run) -> None:
    state = run.status().state
    if state != "finished":
        raise UserError(f"The run {run.id} is {state}; only a finished training can be shipped.")


def ship_curves(run: Run, name: str) -> list[Path]:
    """Write weights/runs/NAME, and NAME_part1, NAME_part2 ... of the runs that it started from; returns the folders.

    Each holds run.json, status.json and metrics.jsonl and opens like any run. Raises UserError where one of the runs
    has not finished or is gone.
    """
    parts = _parts(run)
    names = [*(f"{name}_part{number}" for number in range(1, len(parts))), name]
    folders = []
    for number, (part, called) in enumerate(zip(parts, names, strict=True)):
        _must_be_finished(part)
        folder = weights.WEIGHTS / "runs" / called
        folder.mkdir(parents=True, exist_ok=True)
        settings = part.settings | ({"start_from": names[number - 1]} if number else {})
        title = part.name if len(parts) == 1 else f"{part.name}, part {number + 1} of {len(parts)}"
        record = {"version": VERSION, "kind": part.kind, "name": title, "created": part.created}
        _write_json(folder / "run.json", _placeless(record | {"settings": settings, "data": part.data}))
        status = {"state": "finished", "message": "", "progress": part.status().progress.to_json()}
        _write_json(folder / "status.json", status | {"heartbeat": 0.0})  # of no process
        rows = "".join(json.dumps(row) + "\n" for row in part.metrics())
        (folder / "metrics.jsonl").write_text(rows, "utf-8")
        if part.kind == "iterative":
            ship_pictures(part, folder)
        folders.append(folder)
    return folders


def ship_pictures(run: Run, folder: Path) -> None:
    """Write the picture of a style transfer and, smaller, what it was made from, as JPEG of at most PICTURE_BYTES each.

    Raises UserError where one of them is missing.
    """
    painted = optimisation_run.picture_of(run)
    if painted is None:
        raise UserError(f"The run {run.id} has no picture to ship; make it again.")
    (folder / "previews").mkdir(exist_ok=True)
    (folder / "previews" / f"{optimisation_run.PREVIEW}.jpg").write_bytes(_small(painted))
    for name in optimisation_run.PICTURES:
        source = images.fit(images.decode(run.path / f"{name}.png"), SOURCE_SIDE)
        (folder / f"{name}.jpg").write_bytes(_small(source))


def _small(picture: images.Picture) -> bytes:
    """Return a picture as JPEG in the best quality that fits into PICTURE_BYTES, or the least."""
    for quality in range(90, 30, -5):
        data = images.encode(picture, "JPEG", quality)
        if len(data) <= PICTURE_BYTES:
            break
    return data


def _parts(run: Run) -> list[Run]:
    """Return the runs that led to `run`, each having started from the one before it, and `run` itself."""
    parts = [run]
    while (before := parts[0].classifier.start_from) and before not in weights.cards():
        parts.insert(0, Run.open(before))
    return parts


def _placeless(value: Any) -> Any:
    """Return a value of a run.json with each whole path replaced by the name of its file or folder."""
    if isinstance(value, dict):
        return {key: _placeless(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_placeless(part) for part in value]
    if not isinstance(value, str):
        return value
    if value.startswith("folder:"):
        name = parse(value)
        return str(replace(name, path=PurePath(name.path).name))
    return PurePath(value).name if PurePath(value).is_absolute() else value


def _write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def classifier_card(run: Run, licence: str | None = None) -> dict:
    """Return the card of a classifier, its error measured anew in float32, on the test split.

    Where the recipe averages over several views of an image, that error is there too. `licence` replaces the known
    terms of the data.
    """
    net = trained.open_run(run)
    data = datasets.load(net.dataset)
    loss, error = evaluation.evaluate(net.net, data.test, net.mean, net.std)
    parts = _parts(run)
    ends = [part.metrics()[-1] for part in parts]
    shipped = parts[0].classifier.began_from or {"epochs": 0, "training_seconds": 0}  # that the first started from
    card = {
        "kind": "classifier",
        "title": f"{catalogue.title(net.model)} on {data.title}",
        "error": round(error, 4),
        "loss": round(loss, 5),
        "train_error": round(ends[-1]["train_error"], 4),
        "epochs": sum(end["epoch"] for end in ends) + shipped["epochs"],
        "training_seconds": round(sum(end["seconds"] for end in ends) + shipped["training_seconds"]),
        "hardware": run.classifier.device,
        "trained_on": f"the {len(data.train)} training images of {data.title}",
        "selection": _selection(run),
        "licence": licence or LICENCES[parse(net.dataset).kind],
        "settings": run.settings,
        "data": run.data,
    }
    if (views := run.classifier.views_per_image) > 1:
        _, averaged = evaluation.evaluate(net.net, data.test, net.mean, net.std, views=views)
        card |= {"views": views, "error_views": round(averaged, 4)}
    return _placeless(card)


def _selection(run: Run) -> str:
    record = run.classifier
    if record.selection == "validation":
        return f"the weights of epoch {record.selected_epoch:g}, which had the lowest validation error"
    return "none: the weights of the last step, whatever they scored"


def loss_network_card(run: Run, licence: str | None) -> dict:
    """Return the card of a loss network: how near it comes to its teachers on pictures it has not learnt from."""
    if not licence:
        raise UserError("A loss network's card needs --licence: its photographs, and how they may be used.")
    return distillation_run.card_of(run, licence)


def pastiche_card(run: Run, licence: str | None, scores: Path | None = None) -> dict:
    """Return the card of a style network, with its error in bfloat16 on photographs it has not learnt from."""
    if not licence:
        raise UserError("A style network's card needs --licence: its photographs, and how they may be used.")
    card = card_of(run, licence)
    scored = {"judged": scores_in(scores, [style["name"] for style in card["styles"]])} if scores else {}
    net = painter.read_net(run.path / "model.safetensors", len(rows_of(card)), card["width"])
    return card | scored | {"bfloat16_error": round(painter.half_error(net, previews()), 5)}


def scores_in(path: Path, styles: list[str]) -> dict:
    """Return the figures by style in a file of `python -m benchmarks.styles --json`, and the sizes of their losses.

    Raises UserError where it is no such file, or of other styles.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        rows = {row["name"]: row for row in found["scores"]} if found["name"] == "styles" else {}
        measured = {name: {key: row[key] for key in JUDGED if key in row} for name, row in rows.items()}
        sides = found["sides"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} does not hold what python -m benchmarks.styles --json prints; write that into it first."
        ) from error
    if sorted(rows) != sorted(styles):
        raise UserError(f"{path} scores other styles than the run's; score the run itself, with --net and its name.")
    by = "python -m benchmarks.styles, on photographs that are not learnt from; losses at each long side, px"
    return {"by": by, "sides": sides, "styles": measured}


if __name__ == "__main__":
    sys.exit(main())
