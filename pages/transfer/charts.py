"""Charts of features that travel: accuracy over the depth they are taken at, and over the pictures there are."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from core.transfer_learning.findings import Findings, many
from core.transfer_learning.training import ALL, TITLES, WAYS
from ui import theme

HEIGHT = 300
# One hue for the numbers of pictures, for they say the same thing more or less strongly; more is stronger.
_LIGHT, _DARK = ("#93A4E8", "#5A72D6", "#2A46A8", "#16245A"), ("#5468C4", "#8096FF", "#B4C1FF", "#E4E9FF")
_COLOURS = ("#5A72D6", "#CC79A7", "#8C8478")
_SHAPES = ("circle", "square", "triangle-up")
_DASHES = ([1, 0], [6, 3], [2, 2])


def by_depth(found: Findings) -> alt.LayerChart:
    """A line for each number of pictures a class over the cuts of the net, the image itself at the left."""
    cuts = list(dict.fromkeys(point.cut for point in found.depths))
    counts = list(dict.fromkeys(many(point.pictures) for point in found.depths))
    rows = [
        (point.cut, many(point.pictures), point.accuracy, point.depth, point.parameters, point.width, point.penalty)
        for point in found.depths
    ]
    data = pd.DataFrame(
        rows, columns=["cut", "pictures", "accuracy", "layers", "parameters", "numbers", "penalty"]
    )  # fmt: skip
    hues = _DARK if theme.is_dark() else _LIGHT
    shown = alt.Chart(data).encode(
        x=alt.X("cut:N", title="features taken behind", sort=cuts, axis=alt.Axis(labelAngle=-40)),
        y=_accuracy(),
        color=alt.Color(
            "pictures:N",
            scale=alt.Scale(domain=counts, range=[hues[min(i, len(hues) - 1)] for i in range(len(counts))]),
            legend=_legend(),
        ),
        tooltip=[
            "cut:N", "pictures:N", alt.Tooltip("accuracy:Q", format=".1f", title="accuracy, %"), "layers:Q",
            alt.Tooltip("parameters:Q", format=","), "numbers:Q", "penalty:Q",
        ],
    )  # fmt: skip
    line, dots = shown.mark_line(strokeWidth=2), shown.mark_point(filled=True, size=44, opacity=1)
    return alt.layer(_chance(found), line, dots).properties(height=HEIGHT)


def by_pictures(found: Findings) -> alt.LayerChart:
    """A line for each way of training over the pictures a class, on a logarithmic axis; all of them at their mean."""
    ways = [way for way in WAYS if any(net.way == way for net in found.nets)]
    titles = [TITLES[way] for way in ways]
    rows = [
        (TITLES[net.way], _place(net.pictures, net.images, found.classes), net.accuracy, many(net.pictures), net.images)
        for net in found.nets
    ]
    data = pd.DataFrame(rows, columns=["way", "pictures", "accuracy", "of each", "images"])
    places = sorted(set(data["pictures"]))
    if not places:
        places = [1.0, 10.0]
    places_shown = [places[0] / 1.6, places[-1] * 1.6]
    chosen = [WAYS.index(way) for way in ways]
    shown = alt.Chart(data).encode(
        x=alt.X(
            "pictures:Q",
            title="training pictures a class",
            scale=alt.Scale(type="log", domain=places_shown, nice=False),
            axis=alt.Axis(values=places, format=",.0f"),
        ),
        y=_accuracy(),
        color=alt.Color(
            "way:N", scale=alt.Scale(domain=titles, range=[_COLOURS[i] for i in chosen]), legend=_legend()
        ),
        tooltip=["way:N", "of each:N", "images:Q", alt.Tooltip("accuracy:Q", format=".1f", title="accuracy, %")],
    )  # fmt: skip
    dashes = alt.Scale(domain=titles, range=[_DASHES[i] for i in chosen])
    shapes = alt.Scale(domain=titles, range=[_SHAPES[i] for i in chosen])
    line = shown.mark_line(strokeWidth=2).encode(strokeDash=alt.StrokeDash("way:N", scale=dashes, legend=None))
    dots = shown.mark_point(filled=True, size=70, opacity=1).encode(
        shape=alt.Shape("way:N", scale=shapes, legend=_legend())
    )
    return alt.layer(_chance(found), line, dots).properties(height=HEIGHT)


def _place(pictures: int, images: int, classes: int) -> float:
    return images / max(1, classes) if pictures == ALL else float(pictures)


def _accuracy() -> alt.Y:
    return alt.Y("accuracy:Q", title="test accuracy, %", scale=alt.Scale(domain=[0, 100]))


def _chance(found: Findings) -> alt.Chart:
    """Where guessing stands."""
    data = pd.DataFrame({"accuracy": [found.chance], "what": ["guessing"]})
    rule = alt.Chart(data).mark_rule(color="gray", strokeDash=[2, 3])
    return rule.encode(y="accuracy:Q", tooltip=["what:N", alt.Tooltip("accuracy:Q", format=".1f")])


def _legend() -> alt.Legend:
    # Three names in a row are wider than a phone; the dashes of the lines would fray the symbols.
    return alt.Legend(orient="top", title=None, columns=2, symbolStrokeWidth=0)


def table(found: Findings) -> pd.DataFrame:
    """A row for each cut: what comes before it, and the accuracy with each number of pictures, in per cent."""
    rows: dict[str, dict[str, object]] = {}
    for point in found.depths:
        row = rows.setdefault(
            point.cut,
            {"Behind": point.cut, "Layers": point.depth, "Parameters": point.parameters, "Numbers": point.width},
        )
        row[many(point.pictures)] = point.accuracy
    return pd.DataFrame(list(rows.values()))


def counts(found: Findings) -> Sequence[str]:
    """The columns of `table` that hold accuracies."""
    return list(dict.fromkeys(many(point.pictures) for point in found.depths))
