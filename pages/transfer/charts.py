"""Charts of a transfer learning study: accuracy over the depth of the features and over the number of pictures."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from core.transfer_learning.findings import Findings, many
from core.transfer_learning.study import ALL, TITLES, WAYS
from ui import theme

HEIGHT = 300  # px of the chart that is not in the stage
# One hue for the numbers of pictures, for they say the same thing more or less strongly; more is stronger.
_LIGHT, _DARK = ("#93A4E8", "#5A72D6", "#2A46A8", "#16245A"), ("#5468C4", "#8096FF", "#B4C1FF", "#E4E9FF")
_COLOURS = ("#5A72D6", "#CC79A7", "#8C8478")
_SHAPES = ("circle", "square", "triangle-up")
_DASHES = ([1, 0], [6, 3], [2, 2])


def by_depth(study: Findings) -> alt.LayerChart:
    """Return a line for each number of pictures a class over the layers of the net, the image itself at the left."""
    columns = ["cut", "pictures", "accuracy", "layers", "parameters", "features", "penalty"]
    rows = [
        (point.cut, many(point.pictures), point.accuracy, point.depth, point.parameters, point.width, point.penalty)
        for point in study.depths
    ]
    labels = accuracy_columns(study)
    hues = _DARK if theme.is_dark() else _LIGHT
    colours = [hues[min(place, len(hues) - 1)] for place in range(len(labels))]
    base = alt.Chart(pd.DataFrame(rows, columns=columns)).encode(
        x=alt.X(
            "cut:N",
            title="features of the layer",
            sort=list(dict.fromkeys(point.cut for point in study.depths)),
            axis=alt.Axis(labelAngle=-40),
        ),
        y=_accuracy(),
        color=alt.Color("pictures:N", scale=alt.Scale(domain=labels, range=colours), legend=_legend()),
        tooltip=[
            "cut:N", "pictures:N", alt.Tooltip("accuracy:Q", format=".1f", title="accuracy, %"), "layers:Q",
            alt.Tooltip("parameters:Q", format=","), "features:Q", "penalty:Q",
        ],
    )  # fmt: skip
    line, dots = base.mark_line(aria=False, strokeWidth=2), base.mark_point(aria=False, filled=True, size=44, opacity=1)
    return alt.layer(_chance(study), line, dots)


def by_pictures(study: Findings) -> alt.LayerChart:
    """Return a line for each way of training over the pictures a class, on a logarithmic axis; "all" at their mean."""
    ways = [way for way in WAYS if any(net.way == way for net in study.nets)]
    titles, places = [TITLES[way] for way in ways], [WAYS.index(way) for way in ways]
    data = _by_pictures(study)
    colours = alt.Scale(domain=titles, range=[_COLOURS[place] for place in places])
    dashes = alt.Scale(domain=titles, range=[_DASHES[place] for place in places])
    shapes = alt.Scale(domain=titles, range=[_SHAPES[place] for place in places])
    base = alt.Chart(data).encode(
        x=_pictures(sorted(set(data["pictures"]))),
        y=_accuracy(),
        color=alt.Color("way:N", scale=colours, legend=_legend()),
        tooltip=["way:N", "of each:N", "images:Q", alt.Tooltip("accuracy:Q", format=".1f", title="accuracy, %")],
    )
    line = base.mark_line(aria=False, strokeWidth=2).encode(
        strokeDash=alt.StrokeDash("way:N", scale=dashes, legend=None)
    )
    dots = base.mark_point(aria=False, filled=True, size=70, opacity=1).encode(
        shape=alt.Shape("way:N", scale=shapes, legend=_legend())
    )
    return alt.layer(_chance(study), line, dots)


def _by_pictures(study: Findings) -> pd.DataFrame:
    rows = [
        (TITLES[net.way], _place(net.pictures, net.images, study.classes), net.accuracy, many(net.pictures), net.images)
        for net in study.nets
    ]
    return pd.DataFrame(rows, columns=["way", "pictures", "accuracy", "of each", "images"])


def _pictures(places: Sequence[float]) -> alt.X:
    ticks = list(places) or [1.0, 10.0]
    return alt.X(
        "pictures:Q",
        title="training pictures a class",
        scale=alt.Scale(type="log", domain=[ticks[0] / 1.6, ticks[-1] * 1.6], nice=False),
        axis=alt.Axis(values=ticks, format=",.0f"),
    )


def _place(pictures: int, images: int, classes: int) -> float:
    return images / max(1, classes) if pictures == ALL else float(pictures)


def _accuracy() -> alt.Y:
    return alt.Y("accuracy:Q", title="test accuracy, %", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=6))


def _chance(study: Findings) -> alt.Chart:
    """Return the line of guessing."""
    data = pd.DataFrame({"accuracy": [study.chance], "what": ["guessing"]})
    rule = alt.Chart(data).mark_rule(aria=False, color="gray", strokeDash=[2, 3])
    return rule.encode(y="accuracy:Q", tooltip=["what:N", alt.Tooltip("accuracy:Q", format=".1f")])


def _legend() -> alt.Legend:
    # Three names in a row are wider than a phone; the dashes of the lines would fray the symbols.
    return alt.Legend(orient="top", title=None, columns=2, symbolStrokeWidth=0)


def table(study: Findings) -> pd.DataFrame:
    """Return a row for each layer: what comes before it, and the accuracy in percent with each number of pictures."""
    rows: dict[str, dict[str, object]] = {}
    for point in study.depths:
        row = rows.setdefault(
            point.cut,
            {"Layer": point.cut, "Depth": point.depth, "Parameters": point.parameters, "Features": point.width},
        )
        row[many(point.pictures)] = point.accuracy
    return pd.DataFrame(list(rows.values()))


def accuracy_columns(study: Findings) -> list[str]:
    """Return the labels of the numbers of pictures, which are the columns of `table` that hold accuracies."""
    return list(dict.fromkeys(many(point.pictures) for point in study.depths))
