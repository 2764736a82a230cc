"""The probabilities of an image's true class and of a rival class over the epochs of a training."""

import altair as alt
import pandas as pd

from core.explain.epochs import Story
from ui import theme

HEIGHT = 200


def course(story: Story, names: tuple[str, ...], position: int, role: str) -> alt.LayerChart:
    """Return a line for the true class and a dashed one for its rival, in percent; upright at the epoch at `position`.

    `names` are those of the classes, `role` says what the rival is. The axis is nearly logarithmic, as the checkpoints
    are.
    """
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(type="symlog", constant=1, domain=[0, max(1, story.epochs[-1])], nice=False),
        axis=alt.Axis(values=list(story.epochs), format="d", labelOverlap="greedy"),
    )
    classes = {f"{names[story.label]}, true class": story.label, f"{names[story.rival]}, {role}": story.rival}
    colours = theme.colours()
    legend = alt.Legend(orient="top", title=None, symbolType="stroke", symbolSize=300)
    palette = alt.Scale(domain=list(classes), range=[colours.truth, colours.prediction])
    dashes = alt.Scale(domain=list(classes), range=[[1, 0], [5, 3]])
    lines = alt.Chart(_rows(story, classes)).encode(
        x=x,
        y=alt.Y("probability:Q", title="probability, %", scale=alt.Scale(domain=[0, 100])),
        color=alt.Color("class:N", scale=palette, legend=legend),
        tooltip=["class:N", "epoch:Q", alt.Tooltip("probability:Q", format=".1f")],
    )
    here = pd.DataFrame({"epoch": [story.epochs[position]]})
    return alt.layer(
        alt.Chart(here).mark_rule(color="gray", strokeWidth=1.5).encode(x=x),
        lines.mark_line(strokeWidth=2).encode(strokeDash=alt.StrokeDash("class:N", scale=dashes, legend=legend)),
        lines.mark_point(filled=True, size=36, opacity=1),
        lines.transform_filter(alt.datum.epoch == story.epochs[position]).mark_point(filled=True, size=110, opacity=1),
    ).properties(height=HEIGHT)


def _rows(story: Story, classes: dict[str, int]) -> pd.DataFrame:
    """Return a row an epoch and class, with the probability in percent; `classes` are titles to indices."""
    return pd.DataFrame(
        [
            (title, epoch, 100 * float(seen.probabilities[index]))
            for title, index in classes.items()
            for epoch, seen in zip(story.epochs, story.views, strict=True)
        ],
        columns=["class", "epoch", "probability"],
    )
