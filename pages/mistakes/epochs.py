"""An image over the epochs of a training: a slider over the checkpoints, and the prediction and maps of each."""

import streamlit as st
from torch import Tensor

from core.explain import epochs
from core.explain.epochs import Story
from core.explain.view import View
from core.runs.run import Run
from core.trainers.trained import TrainedClassifier
from pages.mistakes import epochs_chart
from pages.mistakes.detail import picture
from ui import bars, map_legend, menu, theme
from ui.frame import guard
from ui.map_legend import Scale
from ui.slots import filled
from web import address
from web.formats import escape_markdown

EPOCH = "epoch"  # the key of the address
BARS = 5


@st.cache_resource(max_entries=32, show_spinner=False)
def _slot(name: str, checkpoints: tuple[int, ...], image: str, classes: tuple[int, int]) -> list[Story]:
    """Return the cache slot for a run's answers on one image, a checkpoint each."""
    return []


def panel(trained: TrainedClassifier, image: Tensor, label: int, result: View, image_name: str) -> None:
    """Draw the slider with all that moves with it; or, where the run has no checkpoints, how to get them.

    `result` is the view of the image by the trained net, `image_name` names the image among all others.
    """
    run = Run.open(trained.name) if trained.source == "run" else None
    checkpoints = () if run is None else tuple(run.epoch_weights())
    if run is None or not checkpoints:
        _invite(trained)
    elif len(checkpoints) == 1:
        st.markdown("So far there is only the checkpoint of the initial weights: the first epoch is still running.")
    else:
        rival = epochs.rival_of(result, label)
        story = filled(
            _slot(run.id, checkpoints, image_name, (rival, label)),
            "Running every checkpoint",
            lambda step: epochs.story(run, image, label, rival, step),
            unit="checkpoints",
        )
        role = "predicted at the end" if result.predicted != label else "second at the end"
        _show(trained.classes, story, role)


@st.fragment
def _show(names: tuple[str, ...], story: Story, role: str) -> None:
    """Draw slider, maps, bars and chart; a fragment, so that the slider does not draw the whole page again.

    `role` says what the class `story.rival` is.
    """
    with guard():
        position = story.epochs.index(_slider(story.epochs))
        st.markdown(_predictions(story, names))
        alone = address.toggle(
            "alone",
            "Colours span this epoch alone",
            help="Otherwise one raw range spans both maps of all epochs, so that they can be compared.",
        )
        scale = story.views[position].scale if alone else story.scale
        left, right = st.columns(2, gap="medium", vertical_alignment="center")
        with left:
            _maps(story, position, names, scale, role)
        with right:
            _bars(story, position, names)
            st.altair_chart(
                epochs_chart.course(story, names, position, role),
                alt=f"Probability of {names[story.label]}, the true class, and of {names[story.rival]} over the epochs",
            )
        map_legend.draw(scale)


def _slider(checkpoints: tuple[int, ...]) -> int:
    """Return the chosen epoch: that of the address, else the last."""
    widget = "epoch looked at"
    text = address.value(EPOCH, "the epoch", f"epoch {checkpoints[-1]} is shown") or str(checkpoints[-1])
    epochs_by_name = {str(epoch): epoch for epoch in checkpoints}
    if text not in epochs_by_name:
        kept = f"there are checkpoints of epochs {', '.join(epochs_by_name)}"
        address.note(f"There is no checkpoint of epoch {address.quoted(text)}: {kept}, and the last is shown.")
    st.session_state[widget] = epochs_by_name.get(text, checkpoints[-1])
    return int(
        st.select_slider(
            "Epoch",
            checkpoints,
            key=widget,
            on_change=lambda: address.put(EPOCH, str(st.session_state[widget])),
            help="Those that the training saved a checkpoint of; 0 is the net before training.",
        )
    )


def _predictions(story: Story, names: tuple[str, ...]) -> str:
    """Return the predicted classes in turn, each with its epochs."""
    parts = []
    for index, first, last in story.answers():
        when = f"epoch {first}" if first == last else f"epochs {first} to {last}"
        parts.append(f"**{escape_markdown(names[index])}**{', correct,' if index == story.label else ''} at {when}")
    return f"Predicted: {'; '.join(parts)}."


def _maps(story: Story, position: int, names: tuple[str, ...], scale: Scale, role: str) -> None:
    """Draw the image and, over it, both maps, the rival's first."""
    result, epoch = story.views[position], story.epochs[position]
    with st.grid(3, min_column_width=90, gap="small"):
        with st.container(gap="xxsmall"):
            picture(result.shown(), f"The image, a {names[story.label]}")
            st.caption(f"{escape_markdown(names[story.label])}, the image")
        for place, (index, words, colour) in enumerate(
            ((story.rival, role, "prediction"), (story.label, "true class", "truth"))
        ):
            with st.container(gap="xxsmall"):
                heat = result.heat(place, alpha=0.6, scale=scale)
                picture(heat, f"{result.method} of {names[index]} after epoch {epoch}, over the image")
                name = theme.coloured(f"**{escape_markdown(names[index])}, {words}**", colour)
                st.markdown(f":small[{name}]")
                st.caption(f"evidence {result.evidence(place)}")


def _bars(story: Story, position: int, names: tuple[str, ...]) -> None:
    """Draw the probabilities: always of the same classes in the same order, so that the eye can follow each."""
    result, shown = story.views[position], story.foremost(BARS)
    if result.predicted not in shown:
        shown = [*shown, result.predicted]
    st.altair_chart(
        bars.probabilities(
            [names[i] for i in shown],
            [float(result.probabilities[i]) for i in shown],
            names[result.predicted],
            names[story.label],
        ),
        alt=f"Probabilities after epoch {story.epochs[position]}",
    )


def _invite(trained: TrainedClassifier) -> None:
    st.markdown(escape_markdown(epochs.missing(trained.title)))
    data = trained.dataset.partition("?")[0]
    query = {"dataset": data, "net": trained.model}
    menu.link("train", "Train it with checkpoints", ":material/play_arrow:", query)
