"""The faithfulness of a net's maps, measured at a click on a few images of a split: curves, areas, their meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd
import streamlit as st

from core.datasets import Dataset, Split
from core.explain import faithfulness, methods, splits
from core.explain.faithfulness import Faithfulness
from core.trainers.trained import TrainedClassifier
from ui import charts, data_sets
from ui.slots import progress_bar

MOST_IMAGES, IMAGES = 200, 32
LATEST = "faithfulness measured last"


@dataclass(frozen=True)
class _Request:
    """What is measured: `methods` of a net, whose weights have `stamp`, on `images` of a split."""

    net: str
    stamp: int
    split: str
    images: int
    methods: tuple[str, ...]


def panel(trained: TrainedClassifier, stamp: int, data: Dataset, chosen: Sequence[str]) -> None:
    """Draw split, number of images and button, and the results of the `chosen` methods beside the baseline orders."""
    st.markdown(
        "Do the pixels that a map marks matter to the net? They are shown, or hidden, in the order of the map, and the "
        "probability of the predicted class is followed."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=160):
            name = data_sets.choose_split(trained)
        split: Split = getattr(data, name)
        count = st.slider(
            "Number of images",
            8,
            min(MOST_IMAGES, max(9, len(split))),
            IMAGES,
            8,
            key="faithful_images",
            help="Evenly spread over the split. More take longer and make the means more certain.",
        )
        clicked = st.button(
            "Measure", icon=":material/straighten:", help="Takes seconds; occlusion and Score-CAM longer."
        )
    request = _Request(trained.name, stamp, name, count, tuple(chosen))
    if clicked:
        st.session_state[LATEST] = request, _measure(trained, splits.part(split, count), chosen)
    latest = st.session_state.get(LATEST)
    if latest and latest[0] == request:
        _show(latest[1], name)


def _measure(trained: TrainedClassifier, split: Split, chosen: Sequence[str]) -> list[Faithfulness]:
    """Return the faithfulness of each method and of the orders.

    A click on Cancel runs the page anew, in which nothing was asked for.
    """
    names, results = [*chosen, *faithfulness.ORDERS], []
    with progress_bar("Measuring", cancel=lambda: None) as move:
        for number, name in enumerate(names):

            def step(done: int, of: int, number: int = number) -> None:
                move(number * of + done, len(names) * of)

            results.append(faithfulness.measure(trained, split.images, name, progress=step))
    return results


def title(name: str) -> str:
    """Return the title of a method, or of an order that does not depend on the image."""
    return f"{name.capitalize()} order" if name in faithfulness.ORDERS else methods.named(name).title


def _show(results: list[Faithfulness], split: str) -> None:
    left, right = st.columns(2)
    for place, what in ((left, "insertion"), (right, "deletion")):
        place.markdown(f"**{what.capitalize()}**")
        place.altair_chart(curves(results, what), alt=f"The probability of the class by the share of pixels: {what}")
    st.dataframe(table(results), hide_index=True, width="stretch")
    st.caption(
        f"Means over {len(results[0])} {split} images. A good map has a larger area under insertion and a smaller one "
        f"under deletion than the random and centre orders, which do not depend on the image; {faithfulness.HIDDEN}."
    )


def table(results: Sequence[Faithfulness]) -> pd.DataFrame:
    """Return a row a method: the two areas, average drop and average increase."""
    return pd.DataFrame(
        {
            "method": title(one.method),
            "insertion": f"{one.insertion_area:.3f}",
            "deletion": f"{one.deletion_area:.3f}",
            "average drop": f"{one.average_drop:.1f}%",
            "average increase": f"{one.average_increase:.1f}%",
        }
        for one in results
    )


def curves(results: Sequence[Faithfulness], what: str) -> alt.Chart:
    """Return the mean probability of the class while pixels come ("insertion") or go ("deletion"), a line a method."""
    data = pd.DataFrame(
        {"method": title(one.method), "share": float(share), "probability": float(value)}
        for one in results
        for share, value in zip(one.shares, getattr(one, what), strict=True)
    )
    axis = "pixels shown" if what == "insertion" else "pixels hidden"
    names = [title(one.method) for one in results]
    dashes = [[4, 4] if one.method in faithfulness.ORDERS else [1, 0] for one in results]
    return (
        alt.Chart(data)
        .mark_line()
        .encode(
            x=alt.X("share:Q", title=axis, axis=alt.Axis(format="%", tickCount=5)),
            y=alt.Y("probability:Q", title="probability", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("method:N", scale=alt.Scale(domain=names), legend=_legend()),
            strokeDash=alt.StrokeDash("method:N", scale=alt.Scale(domain=names, range=dashes), legend=_legend()),
            tooltip=["method:N", alt.Tooltip("share:Q", format=".0%"), alt.Tooltip("probability:Q", format=".3f")],
        )
        .properties(height=charts.HEIGHT)
    )


def _legend() -> alt.Legend:
    # Names under each other: side by side they would be wider than half a page.
    return alt.Legend(orient="top", title=None, symbolType="stroke", symbolSize=300, columns=2)
