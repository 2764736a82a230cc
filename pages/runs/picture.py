"""The curves of several runs as a picture file, to put into a text or a talk."""

import io
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from core.runs.comparison import Curve
from pages.runs.charts import AXES, COLOURS, ERROR_TICKS, TITLES

MARKERS = "os^DvP><"


def png(charts: Mapping[str, Sequence[Curve]], names: Mapping[str, str], logarithmic: bool) -> bytes:
    """Return the curves as a PNG, one panel for each quantity that has any; `names` are the runs' labels."""
    drawn = {quantity: curves for quantity, curves in charts.items() if curves}
    figure = Figure(figsize=(8, 0.5 + 3.2 * max(1, len(drawn)) + 0.22 * len(names)), layout="constrained")
    ids = list(names)
    for place, (quantity, curves) in enumerate(drawn.items(), 1):
        panel = figure.add_subplot(len(drawn), 1, place)
        for curve in curves:
            _draw(curve, panel, ids.index(curve.run))
        panel.set_xlabel(AXES[curves[0].axis])
        panel.set_ylabel(TITLES[quantity])
        panel.grid(alpha=0.25)
        if logarithmic and any(y > 0 for curve in curves for _, y in curve.points):
            _scale_logarithmically(panel, quantity, curves)
    if drawn:
        _add_legend(figure, names)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=150)
    return stream.getvalue()


def _draw(curve: Curve, panel: Axes, number: int) -> None:
    evaluated = curve.split not in ("", "train")
    panel.plot(
        *zip(*curve.points, strict=True),
        color=COLOURS[number % len(COLOURS)],
        linestyle="--" if curve.split == "train" else "-",
        marker=MARKERS[number % len(MARKERS)] if evaluated else None,
        markersize=3,
        markevery=max(1, len(curve.points) // 40),
        linewidth=1.3,
    )


def _scale_logarithmically(panel: Axes, quantity: str, curves: Sequence[Curve]) -> None:
    panel.set_yscale("symlog", linthresh=0.1) if quantity == "error" else panel.set_yscale("log")
    without_exponent = FuncFormatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_major_formatter(without_exponent)
    if quantity == "loss":
        panel.yaxis.set_minor_formatter(without_exponent)
    if quantity == "error":
        panel.set_yticks(ERROR_TICKS)
        panel.set_ylim(max(0, 0.8 * min(y for curve in curves for _, y in curve.points)), None)


def _add_legend(figure: Figure, names: Mapping[str, str]) -> None:
    lines = [
        Line2D([], [], color=COLOURS[i % len(COLOURS)], marker=MARKERS[i % len(MARKERS)], markersize=4, label=name)
        for i, name in enumerate(names.values())
    ]
    figure.legend(handles=lines, loc="outside upper left", fontsize=8, frameon=False)
    figure.text(0.99, 0.99, "dashed: train, solid: validation or test", ha="right", va="top", fontsize=7, color="gray")
