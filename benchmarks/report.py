"""The figures that a benchmark prints: rows of ours against a peer, measured in turn, as a table or as one JSON object.

A new benchmark times both sides by `in_turn` (more of them by `all_in_turn`), makes a `Row` by `faster`, `compared`,
`rate`, `lower` or `bounded`, and ends in `show`.
"""

import json
import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import torch

from core import hardware

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Row:
    """One case: our figure, the peer's, their unit, and the ratio: above 1, ours is better."""

    case: str
    ours: float
    peer: float
    unit: str
    ratio: float


@dataclass(frozen=True)
class BoundedRow(Row):
    """A row that is missed where its ratio is below `floor`, and reaches its goal at `goal`; None: no such bound."""

    floor: float | None = None
    goal: float | None = None

    @property
    def missed(self) -> bool:
        return self.floor is not None and self.ratio < self.floor

    @property
    def reached(self) -> bool:
        return self.goal is None or self.ratio >= self.goal


def in_turn(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median milliseconds of both, run A B A B after one unmeasured round each."""
    times = all_in_turn({"ours": ours, "peer": peer}, rounds)
    return statistics.median(times["ours"]), statistics.median(times["peer"])


def all_in_turn(runs: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, list[float]]:
    """Return the milliseconds of each round of every one of `runs`, run A B C A B C after one unmeasured round."""
    times: dict[Key, list[float]] = {key: [] for key in runs}
    for repeat in range(rounds + 1):
        for key, run in runs.items():
            started = time.perf_counter()
            run()
            if repeat:
                times[key].append(1000 * (time.perf_counter() - started))
    return times


def compared(case: str, ours: Sequence[float], peer: Sequence[float]) -> Row:
    """Return the row of the milliseconds of the same rounds: medians, and the median of the ratios.

    Where other programs run, that one is steadier than the ratio of the medians: both sides of a round feel them alike.
    """
    ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, peer, strict=True))
    return Row(case, round(statistics.median(ours), 1), round(statistics.median(peer), 1), "ms", round(ratio, 2))


def faster(case: str, ours: float, peer: float) -> Row:
    """Return the row of two durations in milliseconds."""
    return Row(case, round(ours, 1), round(peer, 1), "ms", round(peer / ours, 2))


def rate(case: str, items: int, ours: float, peer: float) -> Row:
    """Return the row of images a second, of two durations in milliseconds for `items` images."""
    return Row(case, round(1000 * items / ours, 1), round(1000 * items / peer, 1), "images/s", round(peer / ours, 2))


def lower(case: str, ours: float, peer: float) -> Row:
    """Return the row of two losses."""
    return Row(case, round(ours, 4), round(peer, 4), "loss", round(peer / max(ours, 1e-12), 3))


def bounded(
    case: str,
    ours: float,
    peer: float,
    unit: str,
    *,
    floor: float | None = None,
    goal: float | None = None,
    more: bool = False,
) -> BoundedRow:
    """Return a row whose ratio has a `floor` and a `goal`; less is better, or `more` is. All have four digits."""
    ours, peer = round(ours, 4), round(peer, 4)
    ratio = ours / peer if more else peer / max(ours, 1e-12)
    bounds = (None if bound is None else round(bound, 4) for bound in (floor, goal))
    return BoundedRow(case, ours, peer, unit, round(ratio, 4), *bounds)


def machine() -> str:
    """Return the device, its precision, the threads and the version of PyTorch, in words."""
    return f"{hardware.describe(hardware.bf16_is_fast())}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def show(name: str, rows: list[Row], as_json: bool, **more: object) -> None:
    """Print the rows: as one JSON object with the keys of `more` beside them, or as a table for people."""
    if as_json:
        print_json(name, rows, **more)
        return
    print(f"{name}, {machine()}")
    width = max(len(row.case) for row in rows)
    for row in rows:
        figures = f"ours {row.ours:>9} {row.unit}   peer {row.peer:>9} {row.unit}"
        print(f"{row.case:<{width}}   {figures}   {row.ratio:.2f} times as good")


def print_json(name: str, rows: Sequence[Row], **more: object) -> None:
    """Print one object: `name`, `rows` with the fields of their class, the keys of `more`, and `machine`."""
    document = {"name": name, "rows": [asdict(row) for row in rows], **more, "machine": machine()}
    print(json.dumps(document, indent=1))
