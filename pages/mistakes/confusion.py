"""The confusion matrix: which class is taken for which, and how often; a click on a cell chooses its images."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from torch import Tensor

from ui import theme

CELL = "cell"  # the name of the selection
MOST_NAMES = 20  # classes whose names and counts have room
EXTENT = 76  # px, of the names
_SIDE = 260  # px, about, of all cells together
_SMALLEST = 4


def step(classes: int) -> int:
    """The side of a cell in pixels."""
    return max(_SMALLEST, _SIDE // classes)


def matrix(counts: Tensor, classes: Sequence[str]) -> alt.LayerChart:
    """The chart of counts (classes, classes), a row for each truth; right answers green, wrong ones vermilion."""
    named = len(classes) <= MOST_NAMES
    cells = [
        {"truth": classes[i], "taken": classes[j], "images": count, "role": "right" if i == j else "wrong"}
        for i, row in enumerate(counts.tolist())
        for j, count in enumerate(row)
        if named or count  # of very many cells only those that hold something
    ]
    wrong = max((cell["images"] for cell in cells if cell["role"] == "wrong"), default=0)
    for cell in cells:
        # A cell's strength tells how often its truth, or how often of all pairs, that happens.
        most = counts.sum(1).max().item() if cell["role"] == "right" else wrong
        cell["strength"] = cell["images"] / max(1, most)
        cell["number"] = str(cell["images"]) if cell["images"] else ""
    colours = theme.colours()
    chosen = alt.selection_point(name=CELL, fields=["truth", "taken"], on="click")
    axis = {
        "labels": named,
        "ticks": False,
        "domain": False,
        "labelLimit": EXTENT - 18,
        "labelOverlap": False,
        "minExtent": EXTENT - 18 if named else 4,
        "maxExtent": EXTENT - 18 if named else 4,
    }
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("taken:N", sort=None, title="taken for", axis=alt.Axis(orient="top", labelAngle=-60, **axis)),
        y=alt.Y("truth:N", sort=None, title="truth", axis=alt.Axis(**axis)),
        tooltip=["truth:N", alt.Tooltip("taken:N", title="taken for"), alt.Tooltip("images:Q", format=",d")],
    )
    rectangles = base.mark_rect().encode(
        color=alt.Color(
            "role:N",
            legend=None,
            scale=alt.Scale(domain=["right", "wrong"], range=[colours.truth, colours.prediction]),
        ),
        opacity=alt.Opacity("strength:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.06, 0.9])),
        stroke=alt.condition(chosen, alt.value("gray"), alt.value("transparent"), empty=False),
        strokeWidth=alt.value(2),
    )
    layers = [rectangles]
    if named:
        ink = "#E9E6DF" if theme.is_dark() else "#22252B"
        layers.append(base.mark_text(fontSize=10, color=ink).encode(text="number:N"))
    # On top, that no number stands between the pointer and its cell.
    layers.append(base.mark_rect(cursor="pointer", opacity=0).add_params(chosen))
    side = step(len(classes))
    return alt.layer(*layers).properties(width=alt.Step(side), height=alt.Step(side))


def clicked(state: Mapping[str, Any]) -> tuple[str, str] | None:
    """Truth and prediction of the cell that is selected; None where none is."""
    cells = state["selection"].get(CELL) or []
    return (cells[0]["truth"], cells[0]["taken"]) if cells else None


def commonest(counts: Tensor, most: int) -> list[tuple[int, int, int]]:
    """The pairs of classes that are confused most often, (truth, taken for, how often), the commonest first."""
    wrong = counts.clone().fill_diagonal_(0)
    values, places = wrong.flatten().sort(descending=True, stable=True)
    pairs = zip(values[:most].tolist(), places[:most].tolist(), strict=True)
    return [(place // len(counts), place % len(counts), value) for value, place in pairs if value]
