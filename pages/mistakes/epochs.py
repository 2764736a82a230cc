"""An image through the epochs of a training: a slider, and what the net made of the image by then."""

import streamlit as st
from torch import Tensor

from core.explain import epochs
from core.explain.epochs import Story
from core.explain.view import View
from core.runs.run import Run
from core.trainers.trained import TrainedClassifier
from pages.mistakes import detail as mistake_figure
from pages.mistakes import epochs_chart
from ui import bars, map_legend, menu, theme
from ui.frame import guard

EPOCH = "epoch"  # the key of the address
BARS = 5


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept(name: str, kept: tuple[int, ...], image: str, classes: tuple[int, int]) -> list[Story]:
    """A place for one story; empty until it has been told."""
    return []


def panel(trained: TrainedClassifier, image: Tensor, label: int, seen: View, which: str) -> None:
    """The slider with all that moves with it; or, where the net kept no epochs, how to get them.

    `seen` is what the net says in the end, `which` a name of the image.
    """
    run = Run.open(trained.name) if trained.source == "run" else None
    kept = () if run is None else tuple(run.epoch_weights())
    if run is None or not kept:
        _invite(trained)
    elif len(kept) == 1:
        st.markdown("So far only the initial weights are kept: the first epoch is still under way.")
    else:
        rival = epochs.rival_of(seen, label)
        place = _kept(run.id, kept, which, (rival, label))
        if not place:
            bar = st.progress(0.0, text="Asking every kept epoch")
            try:
                place.append(
                    epochs.story(
                        run,
                        image,
                        label,
                        rival,
                        lambda done, of: bar.progress(done / of, text=f"Asking the net of epoch {kept[done - 1]}"),
                    )
                )
            finally:
                bar.empty()
        _told(trained, place[0], "predicted at the end" if seen.predicted != label else "next to it at the end")


@st.fragment
def _told(trained: TrainedClassifier, story: Story, role: str) -> None:
    """A fragment: nothing else of the page is drawn anew while the slider moves."""
    with guard():
        position = story.epochs.index(_slider(story.epochs))
        seen, names = story.views[position], trained.classes
        st.markdown(_answers(story, names))
        alone = st.session_state.get("alone", False)
        scale = seen.scale if alone else story.scale
        left, right = st.columns(2, gap="medium", vertical_alignment="center")
        with left:
            _maps(story, position, names, scale, role)
        with right:
            _bars(story, position, names)
            st.altair_chart(
                epochs_chart.course(story, names, position, role),
                alt=f"Probability of {names[story.label]}, the truth, and of {names[story.rival]} over the epochs",
            )
        map_legend.draw(scale)
        st.toggle(
            "Colours span this epoch alone",
            key="alone",
            help="Otherwise one raw range spans both maps of all epochs, so that they can be compared.",
        )


def _slider(kept: tuple[int, ...]) -> int:
    """The chosen epoch: that of the address at first, else the last."""
    widget = "epoch looked at"
    if st.session_state.get(widget) not in kept:
        asked = st.query_params.get(EPOCH, "")
        st.session_state[widget] = int(asked) if asked.isdecimal() and int(asked) in kept else kept[-1]
    return int(
        st.select_slider(
            "Epoch",
            kept,
            key=widget,
            on_change=lambda: st.query_params.update({EPOCH: str(st.session_state[widget])}),
            help="Those whose weights the training kept; 0 is the net before it learned anything.",
        )
    )


def _answers(story: Story, names: tuple[str, ...]) -> str:
    """What it was taken for, stretch by stretch."""
    said = []
    for answer, first, last in story.answers():
        when = f"epoch {first}" if first == last else f"epochs {first} to {last}"
        said.append(f"**{names[answer]}**{', rightly,' if answer == story.label else ''} at {when}")
    return f"The net said {'; '.join(said)}."


def _maps(story: Story, position: int, names: tuple[str, ...], scale: tuple[float, float], role: str) -> None:
    """The image and, over it, both maps, the rival's first; `role` says what the rival is."""
    seen, colours = story.views[position], theme.colours()
    epoch = story.epochs[position]
    with st.grid(3, min_column_width=90, gap="small"):
        with st.container(gap="xxsmall"):
            mistake_figure.picture(seen.shown(), f"The image, a {names[story.label]}")
            st.caption(f"{names[story.label]}, the image")
        for place, (index, what, colour) in enumerate(
            ((story.rival, role, colours.prediction), (story.label, "truth", colours.truth))
        ):
            with st.container(gap="xxsmall"):
                heat = seen.heat(place, alpha=0.6, scale=scale)
                mistake_figure.picture(heat, f"{seen.method} of {names[index]} after epoch {epoch}, over the image")
                st.markdown(f':small[:color[**{names[index]}, {what}**]{{foreground="{colour}"}}]')
                st.caption(f"evidence {seen.evidence(place)}")


def _bars(story: Story, position: int, names: tuple[str, ...]) -> None:
    """Always the same classes in the same order, so that the eye can follow each."""
    seen, shown = story.views[position], story.foremost(BARS)
    if seen.predicted not in shown:
        shown = [*shown, seen.predicted]
    st.altair_chart(
        bars.probabilities(
            [names[i] for i in shown],
            [float(seen.probabilities[i]) for i in shown],
            names[seen.predicted],
            names[story.label],
        ),
        alt=f"Probabilities after epoch {story.epochs[position]}",
    )


def _invite(trained: TrainedClassifier) -> None:
    st.markdown(epochs.missing(trained.title))
    data = trained.dataset.partition("?")[0]
    query = {"dataset": data, "net": trained.model}
    menu.link("train", "Train it with its epochs kept", ":material/play_arrow:", query)
