"""Start here: what Atelier can do, shown on real pictures, with the way to each page."""

from pathlib import Path

import streamlit as st

from ui import charts, frame, job_card
from ui.frame import PAGES, guard

frame.head("Atelier", "A workshop for small convolutional networks: train one live, look inside it, paint with it.")

# Text first: what has to be computed is filled in afterwards.
learn, look, paint = st.columns(3, border=True)
with learn:
    st.subheader("How fast does a net learn to read?", anchor=False)
    curve = st.container()
    st.page_link(PAGES / "train.py", label="Train your own", icon=":material/model_training:")
with look:
    st.subheader("Where does it look?", anchor=False)
    heat = st.container()
    st.page_link(PAGES / "explain.py", label="Explain a picture", icon=":material/center_focus_strong:")
with paint:
    st.subheader("What would a painter make of it?", anchor=False)
    painting = st.container()
    st.page_link(PAGES / "stylize.py", label="Paint a photograph", icon=":material/brush:")

from core import images, weights  # noqa: E402  (torch takes a moment)
from core.errors import UserError  # noqa: E402
from core.explain import view  # noqa: E402
from core.runs.folder import Run, list_runs  # noqa: E402
from core.style import painter  # noqa: E402
from core.trainers import trained  # noqa: E402

SAMPLE = "cat"
SIDE = 448
RECORDED = Path(charts.__file__).with_name("recorded_run")


def finished() -> Run:
    """The newest run of the user's that came to its end, else the one that was recorded for this page."""
    whole = [run for run in list_runs("classifier") if isinstance(run, Run)]
    return next((run for run in whole if run.status().state == "finished"), Run.open(RECORDED))


def square() -> images.Picture:
    """The middle of the sample photograph."""
    picture = images.sample(SAMPLE)
    top, left, edge = view.central_square(picture)
    return images.fit(picture[top : top + edge, left : left + edge], SIDE)


@st.cache_data(show_spinner=False)
def explained(net: str) -> tuple[bytes, str]:
    """The sample under the heat map of the class that the net sees in it, and the answer in words."""
    known = trained.open_shipped(net)
    seen = view.of_picture(known, square())
    sure = 100 * seen.probabilities[seen.predicted].item()
    return images.encode(seen.heat()), f"{known.title} says {known.classes[seen.predicted]}, {sure:.0f} % sure."


@st.cache_data(show_spinner=False)
def painted(styles: tuple[str, ...]) -> bytes:
    """The sample in equal parts of some styles."""
    return images.encode(painter.stylise(square(), dict.fromkeys(styles, 1 / len(styles))))


with curve, guard():
    run = finished()
    rows, split = run.metrics(), job_card.held_out(run)
    st.altair_chart(
        charts.error_curves(rows, job_card.epochs(run), split).properties(height=300),
        alt=f"Error in percent over the epochs, train and {split}.",
    )
    error = job_card.latest(rows, f"{split}_error")
    st.caption(f"{run.name}: {error:.2f} % {split} error after {job_card.epochs(run)} epochs.")
with heat, guard(), st.skeleton(height=SIDE):
    nets = trained.shipped()
    if not nets:
        raise UserError("No classifier is shipped with this copy; train one and explain with that.")
    picture, answer = explained(max(nets, key=lambda net: weights.card(net)["data"]["channels"]))
    st.image(picture, width="stretch", alt="A cat under a heat map of what made the net decide.")
    st.caption(answer + " Bright is evidence for it.")
with painting, guard(), st.skeleton(height=SIDE):
    rows = painter.styles()[:2]
    picture = painted(tuple(row["name"] for row in rows))
    names = " and ".join(f"*{row['title']}* ({row['artist']})" for row in rows)
    st.image(picture, width="stretch", alt=f"The same cat, painted in equal parts of {names}.")
    st.caption(f"In equal parts {names}, by one small net.")
frame.takeaway("Every net here is small enough to train and to understand on a laptop. Nothing leaves your machine.")
