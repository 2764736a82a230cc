"""The training images that are nearest to an image in the net's features, of those that it classifies correctly."""

import streamlit as st
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.explain import neighbours
from core.explain.neighbours import Neighbourhood
from core.trainers.trained import TrainedClassifier
from pages.mistakes.detail import picture
from ui import nets, theme
from ui.slots import filled
from web.formats import escape_markdown

COUNT = 6  # in a row
AT_ONCE = 5_000  # training images that are searched without a click: a few seconds


@st.cache_resource(max_entries=2, show_spinner=False)
def _slot(name: str, stamp: int) -> list[Neighbourhood]:
    """Return the cache slot for a net's features of its training images."""
    return []


def show(trained: TrainedClassifier, train: Split, image: Tensor, pair: tuple[int, int]) -> None:
    """Draw the nearest training images of all classes, and of the true one; `pair` is predicted and true class."""
    slot = _slot(trained.name, nets.stamp(trained.name))
    if not slot and len(train) > AT_ONCE:
        clicked = st.button(
            f"Search the {len(train):,} training images",
            icon=":material/search:",
            help="Once for this net; it takes about as long as an epoch without learning.",
        )
        if not clicked:
            return
    neighbourhood = filled(
        slot, "Searching the training images", lambda step: neighbours.neighbourhood(trained, train, step)
    )
    features = neighbours.features_of(trained, image[None])
    label = pair[1]
    for title, of_class in (
        ("Of all classes", None),
        (f"Of {escape_markdown(trained.classes[label])}, the true class", label),
    ):
        st.caption(title)
        try:
            indices, cosines = neighbourhood.nearest(features, COUNT, of_class)
        except UserError as error:  # nothing has failed: there is none to show
            st.markdown(escape_markdown(str(error)))
        else:
            _row(trained, train, list(zip(indices[0].tolist(), cosines[0].tolist(), strict=True)), pair)


def _row(trained: TrainedClassifier, train: Split, images: list[tuple[int, float]], pair: tuple[int, int]) -> None:
    """Draw training images, given as (index, cosine), each with its class; the `pair` of classes is coloured."""
    predicted, truth = pair
    colours = {predicted: "prediction"} | {truth: "truth"}
    with st.grid(COUNT, min_column_width=70, gap="small"):
        for index, cosine in images:
            label = int(train.labels[index])
            name, colour = trained.classes[label], colours.get(label)
            with st.container(gap="xxsmall"):
                shown = train.images[index].expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
                zoom = max(1, 160 // shown.shape[0])
                picture(shown.repeat(zoom, 0).repeat(zoom, 1), f"Training image {index}, a {name}")
                words = theme.coloured(escape_markdown(name), colour) if colour else escape_markdown(name)
                st.markdown(f":small[{words} {cosine:.2f}]")
