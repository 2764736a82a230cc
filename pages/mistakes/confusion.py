"""The confusion matrix: which class is predicted as which, and how often; a click on a cell chooses its images."""

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
    """Return the side of a cell in pixels."""
    return max(_SMALLEST, _SIDE // classes)


def matrix(counts: Tensor, classes: Sequence[str]) -> alt.LayerChart:
    """Return the chart of counts (classes, classes), a row for each true class; right cells green, others vermilion."""
    has_names = len(classes) <= MOST_NAMES
    chosen = alt.selection_point(name=CELL, fields=["truth", "predicted"], on="click")
    axis = _axis(has_names)
    base = alt.Chart(alt.Data(values=_cells(counts, classes))).encode(
        x=alt.X("predicted:N", sort=None, title="predicted", axis=alt.Axis(orient="top", labelAngle=-60, **axis)),
        y=alt.Y("truth:N", sort=None, title="true class", axis=alt.Axis(**axis)),
        tooltip=[
            alt.Tooltip("truth:N", title="true class"),
            alt.Tooltip("predicted:N"),
            alt.Tooltip("images:Q", format=",d"),
        ],
    )
    colours = theme.colours()
    palette = alt.Scale(domain=["right", "wrong"], range=[colours.truth, colours.prediction])
    rectangles = base.mark_rect().encode(
        color=alt.Color("role:N", legend=None, scale=palette),
        opacity=alt.Opacity("strength:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.06, 0.9])),
        stroke=alt.condition(chosen, alt.value("gray"), alt.value("transparent"), empty=False),
        strokeWidth=alt.value(2),
    )
    layers = [rectangles]
    if has_names:
        ink = "#E9E6DF" if theme.is_dark() else "#22252B"
        layers.append(base.mark_text(fontSize=10, color=ink).encode(text="number:N"))
    # On top, that no number stands between the pointer and its cell.
    layers.append(base.mark_rect(cursor="pointer", opacity=0).add_params(chosen))
    side = step(len(classes))
    return alt.layer(*layers).properties(width=alt.Step(side), height=alt.Step(side))


def _cells(counts: Tensor, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row of data a cell; of more than MOST_NAMES classes only the cells that hold something."""
    cells: list[dict[str, Any]] = [
        {"truth": classes[i], "predicted": classes[j], "images": count, "role": "right" if i == j else "wrong"}
        for i, row in enumerate(counts.tolist())
        for j, count in enumerate(row)
        if len(classes) <= MOST_NAMES or count
    ]
    # A cell is the stronger, the greater its share: of the largest class on the diagonal, of the commonest pair off it.
    largest = counts.sum(1).max().item()
    commonest = max((cell["images"] for cell in cells if cell["role"] == "wrong"), default=0)
    for cell in cells:
        cell["strength"] = cell["images"] / max(1, largest if cell["role"] == "right" else commonest)
        cell["number"] = str(cell["images"]) if cell["images"] else ""
    return cells


def _axis(has_names: bool) -> dict[str, Any]:
    extent = EXTENT - 18 if has_names else 4
    return {
        "labels": has_names,
        "ticks": False,
        "domain": False,
        "labelLimit": EXTENT - 18,
        "labelOverlap": False,
        "minExtent": extent,
        "maxExtent": extent,
    }


def clicked(state: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return true and predicted class of the selected cell; None where none is."""
    cells = state["selection"].get(CELL) or []
    return (cells[0]["truth"], cells[0]["predicted"]) if cells else None


def commonest(counts: Tensor, most: int) -> list[tuple[int, int, int]]:
    """Return at most `most` pairs of confused classes, (true, predicted, how often), the commonest first."""
    wrong = counts.clone().fill_diagonal_(0)
    values, places = wrong.flatten().sort(descending=True, stable=True)
    pairs = zip(values[:most].tolist(), places[:most].tolist(), strict=True)
    return [(place // len(counts), place % len(counts), value) for value, place in pairs if value]
