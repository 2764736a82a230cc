"""The view of Figure 4.25: how much the layers of a trained DenseNet use each of their input feature maps."""

import streamlit as st

from core import datasets, weights
from core.errors import UserError
from core.models import catalogue, importance
from core.models.densenet import DenseNet
from core.models.variants import DenseNetVariant
from core.runs.record import NetRecord
from core.runs.run import Run, list_runs
from core.trainers import trained
from pages.architectures import charts
from ui import frame, menu, nets
from ui.frame import Layout, guard
from web import address
from web.formats import escape_markdown
from web.hide import group

TAKEAWAY = (
    "Equation (4.4): the mean squared weight that a layer gives to a map. In the thesis' trained net layers reach back "
    "to early maps, but each to a few only: so bottlenecks can choose among them, and a transition may keep half of "
    "them. Even colours are those of weights still near their initial values: train longer."
)
ROWS = {"map": "one for each input map", "layer": "one for the maps of each layer"}


def show(places: Layout) -> None:
    """Draw the choice of a trained DenseNet and the figure; where there is none, links to train one."""
    titles = trained_densenets()
    if not titles:
        with places.controls:
            invite()
        return
    with places.controls, group("net"):
        name = address.choice("trained", "Trained net", tuple(titles), titles.__getitem__)
        rows = address.choice(
            "rows",
            "Rows",
            tuple(ROWS),
            ROWS.__getitem__,
            "Single maps as in the thesis, or the mean over the maps that one layer made.",
        )
    with places.result, guard():
        figure(importance_of(name, nets.stamp(name)), by_layer=rows == "layer")
    with places.details:
        st.header(f"Importance of input feature maps for {escape_markdown(titles[name])}", anchor=False)
        frame.takeaway(TAKEAWAY)


def figure(blocks: tuple[importance.Importance, ...], *, by_layer: bool) -> None:
    """Draw the dense blocks side by side."""
    for block, column in zip(blocks, st.columns(len(blocks)), strict=True):
        with column, frame.stage(block.block):
            st.altair_chart(
                charts.heat(block, by_layer=by_layer),
                height="stretch",
                key=f"{block.block} by {'layer' if by_layer else 'map'}",
                alt=f"How much each layer of {block.block} uses each of its input maps, each column up to 1.",
            )


def trained_densenets() -> dict[str, str]:
    """Return names and titles of the DenseNets with weights: shipped ones, then the user's runs, newest first."""
    titles = {
        name: card["title"]
        for name, card in weights.cards("classifier").items()
        if is_densenet(NetRecord.find(card["data"]))
    }
    for run in list_runs("classifier"):
        if isinstance(run, Run) and is_densenet(run.classifier.net) and run.model_path():
            titles[run.id] = run.name if run.name not in titles.values() else f"{run.name}, {run.id}"
    return titles


def is_densenet(net: NetRecord | None) -> bool:
    """Return whether a net, of which a run folder may hold anything, is a DenseNet."""
    if net is None or net.model not in catalogue.names():
        return False
    return isinstance(catalogue.variant(net.model), DenseNetVariant)


@st.cache_resource(max_entries=4, show_spinner=False)
def importance_of(name: str, stamp: int) -> tuple[importance.Importance, ...]:
    """Return the importance of a net's input maps, block by block; `stamp` changes with the weights."""
    net = trained.open_named(name).net
    if not isinstance(net, DenseNet):
        raise UserError("Only DenseNets pass every map to every later layer: choose one of them.")
    return importance.of(net)


def invite() -> None:
    """Draw what the figure shows, with links to train a DenseNet."""
    st.markdown(
        "Which of its many inputs does a layer of a DenseNet use? Once one is trained, its weights answer. There is "
        "none yet: DenseNet-(40, 12) learns the digits that come with Atelier without any download."
    )
    with st.container(horizontal=True):
        for dataset in ("digits", "toybox", "cifar10"):
            title = f"Train it on {datasets.info(dataset).title}"
            menu.link("train", title, query={"net": "densenet_40_12", "dataset": dataset})
