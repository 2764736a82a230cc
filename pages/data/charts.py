"""Charts of a data set: how many images each class has, and how bright its channels are."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from ui import theme

HEIGHT = 220
MOST_NAMES = 20  # classes that have room for their names under the bars


def balance(classes: Sequence[str], counts: Sequence[int], split: str) -> alt.Chart:
    """Draw the number of images of each class as a bar, in the colour of the split ("train", or a held-out one)."""
    colours = theme.colours()
    data = pd.DataFrame({"class": list(classes), "images": list(counts)})
    axis = alt.Axis(labels=len(classes) <= MOST_NAMES, ticks=False, labelAngle=-40, labelLimit=90, labelOverlap=False)
    return (
        alt.Chart(data)
        .mark_bar(aria=False, cornerRadiusEnd=2, color=colours.train if split == "train" else colours.validation)
        .encode(
            x=alt.X("class:N", sort=None, title=None if len(classes) <= MOST_NAMES else "class", axis=axis),
            y=alt.Y("images:Q", title="images", axis=alt.Axis(tickCount=4, format=",d")),
            tooltip=["class:N", alt.Tooltip("images:Q", format=",d")],
        )
        .properties(height=HEIGHT)
    )


def brightness(shares: Sequence[float], mean: float) -> alt.LayerChart:
    """Draw the histogram of a channel's brightness, 0 to 1, and a line at its mean.

    `shares` holds the share of the pixels in each bin, adding up to 1.
    """
    bins = len(shares)
    middles = [(i + 0.5) / bins for i in range(bins)]
    data = pd.DataFrame({"brightness": middles, "share": [100 * share for share in shares]})
    # A few bins at the ends (black frames, white paper) may hold nearly all: the square root shows the others too.
    area = (
        alt.Chart(data)
        .mark_area(aria=False, color="gray", opacity=0.5, interpolate="step")
        .encode(
            x=alt.X("brightness:Q", title="brightness", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=3)),
            y=alt.Y(
                "share:Q",
                title="pixels, %",
                scale=alt.Scale(type="sqrt"),
                axis=alt.Axis(tickCount=3, grid=False),
            ),
            tooltip=[
                alt.Tooltip("brightness:Q", format=".2f"),
                alt.Tooltip("share:Q", format=".2f", title="pixels, %"),
            ],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"mean": [mean]}))
        .mark_rule(aria=False, strokeDash=[4, 3], color="gray")
        .encode(x="mean:Q")
    )
    return (area + line).properties(height=170)
