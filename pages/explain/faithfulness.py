"""How faithful the maps of a net are, measured at a click on a few images of a split: curves, areas, their meaning."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from core.datasets import Dataset, Split
from core.explain import faithfulness, methods, splits
from core.explain.faithfulness import Faithfulness
from core.trainers.trained import TrainedClassifier
from ui import charts, held_out

MOST_IMAGES, IMAGES = 200, 32
FOUND = "faithfulness measured last"


def panel(trained: TrainedClassifier, stamp: int, data: Dataset, chosen: Sequence[str]) -> None:
    """Split, number of images, button, and what was found for the `chosen` methods beside orders that know nothing."""
    st.markdown(
        "Do the pixels that a map marks matter to the net? They are shown, or hidden, in the order of the map, and the "
        "probability of the predicted class is followed."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=160):
            part = held_out.choice(trained)
        split: Split = getattr(data, part)
        count = st.slider(
            "How many of them",
            8,
            min(MOST_IMAGES, max(9, len(split))),
            IMAGES,
            8,
            key="faithful_images",
            help="Evenly spread over the split. More take longer and tell more.",
        )
        wanted = st.button(
            "Measure", icon=":material/straighten:", help="Takes seconds; occlusion and Score-CAM longer."
        )
    asked = (trained.name, stamp, part, count, tuple(chosen))
    if wanted:
        st.session_state[FOUND] = asked, _measured(trained, split, count, chosen)
    kept = st.session_state.get(FOUND)
    if kept and kept[0] == asked:
        _show(kept[1], part)


def _measured(trained: TrainedClassifier, split: Split, count: int, chosen: Sequence[str]) -> list[Faithfulness]:
    images = splits.part(split, count).images
    names = [*chosen, *faithfulness.ORDERS]
    bar, found = st.progress(0.0, text="Measuring"), []
    for number, name in enumerate(names):

        def step(done: int, of: int, number: int = number, name: str = name) -> None:
            text = f"{title(name)}: {done} of {of} images"
            bar.progress((number + done / of) / len(names), text=text)

        step(0, len(images))
        found.append(faithfulness.measure(trained, images, name, progress=step))
    bar.empty()
    return found


def title(name: str) -> str:
    """What a method, or an order that knows nothing, is called on the page."""
    return f"{name.capitalize()} order" if name in faithfulness.ORDERS else methods.named(name).title


def _show(found: list[Faithfulness], part: str) -> None:
    left, right = st.columns(2)
    for place, what in ((left, "insertion"), (right, "deletion")):
        place.markdown(f"**{what.capitalize()}**")
        place.altair_chart(curves(found, what), alt=f"The probability of the class by the share of pixels: {what}")
    st.dataframe(table(found), hide_index=True, width="stretch")
    st.caption(
        f"Means over {len(found[0])} {part} images. A good map has a great area under insertion and a small one under "
        f"deletion, greater and smaller than the orders that have not seen the image; {faithfulness.HIDDEN}."
    )


def table(found: Sequence[Faithfulness]) -> pd.DataFrame:
    """A row a method: the two areas, average drop and average increase."""
    return pd.DataFrame(
        {
            "method": title(one.method),
            "insertion": f"{one.insertion_area:.3f}",
            "deletion": f"{one.deletion_area:.3f}",
            "average drop": f"{one.average_drop:.1f} %",
            "average increase": f"{one.average_increase:.1f} %",
        }
        for one in found
    )


def curves(found: Sequence[Faithfulness], what: str) -> alt.Chart:
    """The mean probability of the class while pixels come ("insertion") or go ("deletion"), a line a method."""
    data = pd.DataFrame(
        {"method": title(one.method), "share": float(share), "probability": float(value)}
        for one in found
        for share, value in zip(one.shares, getattr(one, what), strict=True)
    )
    axis = "pixels shown" if what == "insertion" else "pixels hidden"
    names = [title(one.method) for one in found]
    dashes = [[4, 4] if one.method in faithfulness.ORDERS else [1, 0] for one in found]
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
