"""Runs side by side: a line of figures for each, their curves on shared axes, and where their settings differ."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.runs.run import Run

FILES = ("run.json", "note.json", "metrics.jsonl")
OF_STYLES = ("content", "style", "variation")  # equation 5.10 before its weights
# The objective is what a transfer or a loss network minimises, a weighted sum of its own: no loss of a classifier.
QUANTITIES = ("error", "loss", *OF_STYLES, "objective", "learning_rate")
AXES = {"epoch": "epoch", "step": "step", "time": "seconds"}  # and the key of each in a row
STUDY = "transfer"  # the rows of such a run are the findings of many trainings, and no curve of one

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Summary:
    """A run in a line. Errors in percent of the last epoch or, where a selection was made, of the weights selected;
    `seconds` of training; None or empty where the run does not say."""

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
    """One quantity of one split of a run; `points` are (place on `axis`, value), in order: epochs, steps or minutes."""

    run: str
    split: str
    points: Points
    axis: str = "epoch"


def summary(run: Run) -> Summary:
    """The run's line, read anew only when its files have changed."""
    return _summary(run.path, tuple(_stamp(run.path / name) for name in FILES))


@functools.lru_cache(maxsize=2048)
def _summary(path: Path, stamps: tuple) -> Summary:
    run = Run.open(path)
    rows = run.tail()
    split = held_out(run)
    error = run.data.get("test_error") if run.data.get("selection") == "validation" else None
    if error is None and rows and run.kind == "classifier":
        error = _last(rows, f"{split}_error") or run.last(f"{split}_error")
    elif error is not None:
        split = "test"
    measured = [] if run.kind == STUDY else rows
    train = smoothed(measured, "train_error", "epoch")
    return Summary(
        run.name,
        run.note,
        _text(run.settings.get("model")) or run.kind,
        _text(run.settings.get("dataset")),
        _text(run.settings.get("recipe_name")),
        split,
        _number(error),
        train[-1][1] if train else None,
        _last(measured, "epoch"),
        _last(rows, "seconds"),
        _last(rows, "images_per_second"),
        _moment(run.created),
    )


def held_out(run: Run) -> str:
    """The split whose error the run's curves show: "test" until the run says otherwise."""
    return _text(run.data.get("held_out")) or "test"


def curves(run: Run, quantity: str, axis: str, most: int) -> list[Curve]:
    """The run's curves of one of QUANTITIES (the error in percent) over one of AXES, the time in minutes.

    Error and loss are those of train and of the held-out split of a classifier; everything else is one curve without a
    split. Each of at most `most` points, none where the run has no such figures.
    """
    if run.kind == STUDY:
        return []
    rows = _rows(run.path, _stamp(run.path / "metrics.jsonl"))
    along = AXES[axis]
    scale = 1 / 60 if axis == "time" else 1.0
    if quantity not in ("error", "loss"):
        found = {"": _points(rows, "loss" if quantity == "objective" else quantity, along)}
    else:
        split = held_out(run)
        found = {
            "train": smoothed(rows, f"train_{quantity}", along),
            split: _points(rows, f"{split}_{quantity}", along),
        }
    return [
        Curve(run.id, split, [(scale * x, y) for x, y in thinned(points, most)], axis)
        for split, points in found.items()
        if points
    ]


def side_by_side(runs: Sequence[Run], axis: str, most: int) -> dict[str, list[Curve]]:
    """Of every quantity the curves that the runs have; over steps where epochs are asked for and none counts them.

    Only classifiers count epochs. A quantity of theirs is never mixed with steps: its chart has one axis.
    """
    found = {}
    for quantity in QUANTITIES:
        for along in dict.fromkeys((axis, "step" if axis == "epoch" else axis)):
            found[quantity] = [curve for run in runs for curve in curves(run, quantity, along, most)]
            if found[quantity]:
                break
    return found


def smoothed(rows: Sequence[Mapping[str, Any]], key: str, along: str) -> Points:
    """(row's `along`, mean of `key` over the epoch that ends there) for every row that has both.

    Single rows are measured on a few batches and jump; their mean over an epoch shows where the net stands.
    """
    good = [
        (row["epoch"], row[along], row[key])
        for row in rows
        if is_number(row.get(key)) and is_number(row.get("epoch")) and is_number(row.get(along))
    ]
    means: Points = []
    first = 0
    for place, (epoch, x, _) in enumerate(good):
        while good[first][0] <= epoch - 1:
            first += 1
        window = [value for _, _, value in good[first : place + 1]]
        means.append((x, sum(window) / len(window)))
    return means


def thinned(points: Points, most: int) -> Points:
    """At most `most` of the points: the first, the last, and of every stretch between them the lowest and highest.

    So a spike stays a spike, where every n-th point would miss it.
    """
    if len(points) <= max(most, 4):
        return points
    stretches = max(1, (most - 2) // 2)
    inner = points[1:-1]
    kept = [points[0]]
    for number in range(stretches):
        stretch = inner[number * len(inner) // stretches : (number + 1) * len(inner) // stretches]
        if stretch:
            values = [value for _, value in stretch]
            ends = {values.index(min(values)), values.index(max(values))}
            kept += [stretch[place] for place in sorted(ends)]
    return [*kept, points[-1]]


def is_number(value: Any) -> bool:
    """Whether a value of a run folder is a number, which a truth value is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def difference(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Where the settings of several runs differ: {"recipe.momentum": {run: "0.9", ...}, ...}, empty where nowhere.

    A setting that a run does not have is shown as "–".
    """
    flat = {run: dict(_flat(values)) for run, values in settings.items()}
    keys = list(dict.fromkeys(key for values in flat.values() for key in values))
    table = {key: {run: _shown(values.get(key)) for run, values in flat.items()} for key in keys}
    return {key: line for key, line in table.items() if len(set(line.values())) > 1}


def forget() -> None:
    """Read every file anew from now on."""
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
    return next((value for row in reversed(rows) if (value := _number(row.get(key))) is not None), None)


def _number(value: Any) -> float | None:
    """A number of a run folder, which somebody may have edited."""
    return value if is_number(value) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(created: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
