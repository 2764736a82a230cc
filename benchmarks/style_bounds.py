"""The floors and goals of a style network's figures: what must hold before it is shipped, and what is aimed at.

Each figure becomes a row whose peer is what it is measured against: the peer's figure, the figure of the recorded
base line, or the bound itself. The floor and the goal of a row are the least ratios that hold.
"""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import report
from benchmarks.report import BoundedRow
from benchmarks.scores import SIDES, Figures

LATTICE_FLOOR, LATTICE_GOAL = 4.0, 2.0  # of 255, at most
SHIFT_FLOOR, SHIFT_GOAL = 0.88, 0.95  # at least
TONE_FLOOR, TONE_GOAL = 0.95, 0.97  # at least
STYLE_GOALS = (0.25, 0.40, 0.45)  # at most, by SIDES; the floor is the peer's style loss
CONTENT_FLOOR, CONTENT_GOAL = 1.25, 1.0  # times the peer's content loss, at most
BASE_LINE = Path(__file__).with_name("styles_base_line.json")  # what `benchmarks.styles --json` printed, without rows
PEER = "fast-style-transfer"


@dataclass(frozen=True)
class Beside:
    """What a style's figures stand beside: those of the peer's net, where there is one, and the base line's content.

    `content` holds the mean content losses, by SIDES, of the net that was shipped when the base line was recorded.
    """

    peer: Figures | None = None
    content: tuple[float, ...] | None = None


def rows_of(style: str, figures: Figures, beside: Beside) -> list[BoundedRow]:
    """Return the rows of one style; a bound that nothing gives has no row."""
    return [
        *_texture_rows(style, figures),
        *_style_rows(style, figures, beside),
        *_content_rows(style, figures, beside),
    ]


def _texture_rows(style: str, figures: Figures) -> Iterator[BoundedRow]:
    lattice = figures.lattice, LATTICE_FLOOR
    yield report.bounded(f"lattice of {style}", *lattice, "of 255", floor=1.0, goal=LATTICE_FLOOR / LATTICE_GOAL)
    for name, value, floor, goal in (
        ("shift", figures.shift, SHIFT_FLOOR, SHIFT_GOAL),
        ("tone", figures.tone, TONE_FLOOR, TONE_GOAL),
    ):
        yield report.bounded(f"{name} of {style}", value, floor, "correlation", floor=1.0, goal=goal / floor, more=True)


def _style_rows(style: str, figures: Figures, beside: Beside) -> Iterator[BoundedRow]:
    for number, (side, ours, goal) in enumerate(zip(SIDES, figures.style, STYLE_GOALS, strict=True)):
        case = f"style loss of {style} at {side} px"
        if beside.peer is None:
            yield report.bounded(f"{case}, against the goal", ours, goal, "loss", goal=1.0)
        else:
            theirs = beside.peer.style[number]
            yield report.bounded(f"{case}, against {PEER}", ours, theirs, "loss", floor=1.0, goal=theirs / goal)


def _content_rows(style: str, figures: Figures, beside: Beside) -> Iterator[BoundedRow]:
    for number, (side, ours) in enumerate(zip(SIDES, figures.content, strict=True)):
        case = f"content loss of {style} at {side} px"
        if beside.peer is not None:
            bounds = {"floor": 1 / CONTENT_FLOOR, "goal": 1 / CONTENT_GOAL}
            yield report.bounded(f"{case}, against {PEER}", ours, beside.peer.content[number], "loss", **bounds)
        elif beside.content is not None:
            yield report.bounded(f"{case}, against the base line", ours, beside.content[number], "loss", goal=1.0)


def worst(rows_by_style: Mapping[str, Sequence[BoundedRow]]) -> tuple[str, BoundedRow]:
    """Return the style that is farthest below its floors, or nearest to them, and the row where it is."""
    rows = [(style, row) for style, rows in rows_by_style.items() for row in rows if row.floor is not None]
    return min(rows, key=lambda pair: pair[1].ratio / pair[1].floor)


@cache
def base_line() -> dict[str, dict]:
    """Return by style the scores of the net that was shipped when these bounds were set (see BASE_LINE)."""
    scores = json.loads(BASE_LINE.read_text("utf-8"))["scores"]
    return {score["name"]: score for score in scores}


def base_line_content(style: str, photographs: Sequence[str]) -> tuple[float, ...] | None:
    """Return the recorded net's mean content losses, by SIDES, on photographs; None where it has no such record."""
    by_photograph = base_line().get(style, {}).get("content_by_photograph", {})
    if not set(photographs) <= set(by_photograph):
        return None
    return tuple(statistics.fmean(each) for each in zip(*(by_photograph[name] for name in photographs), strict=True))
