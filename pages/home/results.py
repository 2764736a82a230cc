"""The three results on the first page: a training curve, a class activation map and a painted photograph."""

from functools import lru_cache
from pathlib import Path

import streamlit as st

from core import images, weights
from core.errors import UserError
from core.explain import view
from core.runs.run import Run, list_runs
from core.style import painter
from core.trainers import trained
from ui import charts, run_card

SAMPLE = "cat"
SIDE = 448  # px
RECORDED = Path(__file__).with_name("recorded_run")


def finished() -> Run:
    """Return the user's newest finished run, else the one recorded for this page."""
    runs = [run for run in list_runs("classifier") if isinstance(run, Run)]
    return next((run for run in runs if run.status().state == "finished"), Run.open(RECORDED))


def square() -> images.Picture:
    """Return the middle square of the sample photograph."""
    picture = images.sample(SAMPLE)
    top, left, edge = view.central_square(picture)
    return images.fit(picture[top : top + edge, left : left + edge], SIDE)


@lru_cache
def explained(net: str) -> tuple[bytes, str]:
    """Return the sample under the heat map of the predicted class, and the prediction in words."""
    classifier = trained.open_shipped(net)
    result = view.of_picture(classifier, square())
    percent = 100 * result.probabilities[result.predicted].item()
    prediction = classifier.classes[result.predicted]
    return images.encode(result.heat()), f"{classifier.title} predicts {prediction}, with {percent:.0f}% probability."


@lru_cache
def painted(styles: tuple[str, ...]) -> bytes:
    """Return the sample painted in equal parts of some styles."""
    return images.encode(painter.stylise(square(), dict.fromkeys(styles, 1 / len(styles))))


def show_curve() -> None:
    """Draw the error curves of a finished run."""
    run = finished()
    rows, split = run.metrics(), run_card.evaluation_split(run)
    st.altair_chart(
        charts.error_curves(rows, run_card.epochs(run), split).properties(height=300),
        alt=f"Error in percent over the epochs, train and {split}.",
    )
    error = run_card.latest(rows, f"{split}_error")
    st.caption(f"{run.name}: {error:.2f}% {split} error after {run_card.epochs(run)} epochs.")


def show_heat_map() -> None:
    """Draw the sample under a heat map. Raises UserError where no classifier is shipped."""
    nets = trained.shipped()
    if not nets:
        raise UserError("No classifier is shipped with this copy; train one and explain with that.")
    picture, prediction = explained(max(nets, key=lambda net: weights.card(net)["data"]["channels"]))
    st.image(picture, width="stretch", alt="A cat under a heat map of the evidence for the predicted class.")
    st.caption(prediction + " Bright is evidence for it.")


def show_painting() -> None:
    """Draw the sample in a blend of the first two styles."""
    rows = painter.styles()[:2]
    picture = painted(tuple(row["name"] for row in rows))
    names = " and ".join(f"*{row['title']}* ({row['artist']})" for row in rows)
    st.image(picture, width="stretch", alt=f"The same cat, painted in equal parts of {names}.")
    st.caption(f"In equal parts {names}, by one small net.")


def warm_up() -> None:
    """Compute the results that every visitor sees, so that the first does not wait for them."""
    if nets := trained.shipped():
        explained(max(nets, key=lambda net: weights.card(net)["data"]["channels"]))
    painted(tuple(row["name"] for row in painter.styles()[:2]))
