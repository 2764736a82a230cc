"""Runs side by side: a row of figures for each, their curves on shared axes, and the settings that differ."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.runs.run import Run
from core.runs.values import is_number, number

FILES = ("run.json", "note.json", "metrics.jsonl")
OF_STYLES = ("content", "style", "variation")  # equation 5.10 before its weights
# The objective is the weighted sum that a style transfer or a loss network minimises: no loss of a classifier.
QUANTITIES = ("error", "loss", *OF_STYLES, "objective", "learning_rate")
AXES = {"epoch": "epoch", "step": "step", "time": "seconds"}  # and the key of each in a row
STUDY = "transfer"  # the rows of such a run are the findings of many trainings, and no curve of one

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Summary:
    """The figures of a run in one row of a table; None or empty where they are not known.

    Errors are percentages: of the last epoch or, where weights were selected, of those. `seconds` are of training.
    """

    name: str
    note: str
    net: str
    dataset: str
    recipe: str
    held_out: str
    error: float | None
    train_error: float | None
    epochs: float | None
    seconds: float | None
    images_per_second: float | None
    created: datetime | None


@dataclass(frozen=True)
class Curve:
    """One quantity of one split of a run. `points` are (x, value) in order, x in epochs, steps or minutes."""

    run: str
    split: str
    points: Points
    axis: str = "epoch"


def summary(run: Run) -> Summary:
    """Return the summary of a run, reading its files anew only after a change."""
    return _summary(run.path, tuple(_stamp(run.path / name) for name in FILES))


@functools.lru_cache(maxsize=2048)
def _summary(path: Path, stamps: tuple) -> Summary:
    run = Run.open(path)
    rows = run.tail()
    record = run.classifier
    split = record.split
    error = record.test_error if record.selection == "validation" else None
    if error is None and rows and run.kind == "classifier":
        error = _last(rows, f"{split}_error") or run.last(f"{split}_error")
    elif error is not None:
        split = "test"
    of_one_training = [] if run.kind == STUDY else rows
    train = smoothed(of_one_training, "train_error", "epoch")
    return Summary(
        run.name,
        run.note,
        record.model or run.kind,
        record.dataset,
        record.recipe_name,
        split,
        error,
        train[-1][1] if train else None,
        _last(of_one_training, "epoch"),
        _last(rows, "seconds"),
        _last(rows, "images_per_second"),
        _moment(run.created),
    )


def curves(run: Run, quantity: str, axis: str, most: int) -> list[Curve]:
    """Return the curves of a run of one of QUANTITIES (the error in percent) over one of AXES, the time in minutes.

    Error and loss of a classifier give two curves, of the train split and of the held-out one; any other quantity
    gives one without a split. Each has at most `most` points; there is none where the run has no such figures.
    """
    if run.kind == STUDY:
        return []
    rows = _rows(run.path, _stamp(run.path / "metrics.jsonl"))
    along = AXES[axis]
    scale = 1 / 60 if axis == "time" else 1.0
    if quantity not in ("error", "loss"):
        points_by_split = {"": _points(rows, "loss" if quantity == "objective" else quantity, along)}
    else:
        split = run.classifier.split
        points_by_split = {
            "train": smoothed(rows, f"train_{quantity}", along),
            split: _points(rows, f"{split}_{quantity}", along),
        }
    return [
        Curve(run.id, split, [(scale * x, y) for x, y in thinned(points, most)], axis)
        for split, points in points_by_split.items()
        if points
    ]


def side_by_side(runs: Sequence[Run], axis: str, most: int) -> dict[str, list[Curve]]:
    """Return the curves of the runs by quantity; over steps where `axis` is "epoch" and none of them counts epochs.

    Only classifiers count epochs. The curves of one quantity are either all over epochs or all over steps.
    """
    curves_by_quantity = {}
    for quantity in QUANTITIES:
        for along in dict.fromkeys((axis, "step" if axis == "epoch" else axis)):
            curves_by_quantity[quantity] = [curve for run in runs for curve in curves(run, quantity, along, most)]
            if curves_by_quantity[quantity]:
                break
    return curves_by_quantity


def smoothed(rows: Sequence[Mapping[str, Any]], key: str, along: str) -> Points:
    """Return (row's `along`, mean of `key` over the epoch that ends there) for every row that has both.

    A single row is measured on a few batches and jumps; the mean over an epoch shows the trend.
    """
    complete = [
        (row["epoch"], row[along], row[key])
        for row in rows
        if is_number(row.get(key)) and is_number(row.get("epoch")) and is_number(row.get(along))
    ]
    means: Points = []
    first = 0
    for place, (epoch, x, _) in enumerate(complete):
        while complete[first][0] <= epoch - 1:
            first += 1
        window = [value for _, _, value in complete[first : place + 1]]
        means.append((x, sum(window) / len(window)))
    return means


def thinned(points: Points, most: int) -> Points:
    """Return at most `most` of the points: the first, the last, and the lowest and highest of each stretch between.

    A spike stays visible, where taking every n-th point would miss it.
    """
    if len(points) <= max(most, 4):
        return points
    stretches = max(1, (most - 2) // 2)
    inner = points[1:-1]
    selected = [points[0]]
    for index in range(stretches):
        stretch = inner[index * len(inner) // stretches : (index + 1) * len(inner) // stretches]
        if stretch:
            values = [value for _, value in stretch]
            ends = {values.index(min(values)), values.index(max(values))}
            selected += [stretch[place] for place in sorted(ends)]
    return [*selected, points[-1]]


def difference(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the settings in which several runs differ: {"recipe.momentum": {run: "0.9", ...}, ...}.

    A setting that a run does not have is shown as "–".
    """
    flat = {run: dict(_flat(values)) for run, values in settings.items()}
    keys = list(dict.fromkeys(key for values in flat.values() for key in values))
    table = {key: {run: _shown(values.get(key)) for run, values in flat.items()} for key in keys}
    return {key: line for key, line in table.items() if len(set(line.values())) > 1}


def forget() -> None:
    """Empty the caches, so that every file is read anew."""
    _summary.cache_clear()
    _rows.cache_clear()


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        parts = (f"({_shown(part)})" if isinstance(part, list | tuple) else _shown(part) for part in value)
        return ", ".join(parts) or "–"
    return str(value)


@functools.lru_cache(maxsize=32)
def _rows(path: Path, stamp: tuple[int, int]) -> list[dict]:
    return Run.open(path).metrics()


def _points(rows: Iterable[Mapping[str, Any]], key: str, along: str) -> Points:
    return [(row[along], row[key]) for row in rows if is_number(row.get(key)) and is_number(row.get(along))]


def _last(rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    return next((value for row in reversed(rows) if (value := number(row.get(key))) is not None), None)


def _moment(created: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        info = path.stat()
    except OSError:
        return 0, 0
    return info.st_mtime_ns, info.st_size
