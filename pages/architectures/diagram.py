"""The view of nets as drawings: one net or two side by side, and their costs by stage."""

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st
import torch

from core import datasets
from core.errors import UserError
from core.models import blueprint, catalogue
from core.models.blueprint import Blueprint
from core.models.variants import Variant
from pages.architectures import blueprint_svg, charts, labels, net_drawing
from pages.architectures.controls import USUAL_DATASET, choose
from ui import frame, menu
from ui.frame import Layout, guard, show_failure
from web.hide import group, is_shown

COSTS = ("parameters", "multiply-adds")
HOW_TO_READ = (
    "A block is as wide as the square root of the maps in its output; the lines at the left are shortcuts: around a "
    "block to be added (a dot; a square is a projection), or from every layer to every later one to be concatenated. "
    "A click on a stage opens or closes its layers."
)
TAKEAWAY = (
    "Weights pile up where maps are many and small, work where maps are large: a net's size says little of its speed."
)


@dataclass(frozen=True)
class Drawn:
    """A net that is drawn: its name in the catalogue, the data set it is built for, and how it was changed."""

    name: str
    dataset: str
    changed: Variant | None

    @property
    def title(self) -> str:
        """The name of the net as the thesis writes it."""
        return catalogue.title(self.name) if self.changed is None else self.changed.title

    @property
    def depth(self) -> int:
        """Layers with weights, counted as in Table 4.6."""
        return catalogue.depth(self.name) if self.changed is None else self.changed.depth

    @property
    def plan(self) -> Blueprint:
        """The blueprint. Raises UserError where the net cannot take images of the data set."""
        return plan_of(self.name, self.changed, self.dataset)


def show(places: Layout) -> None:
    """Draw the chosen nets, the controls and figures beside them, and their costs below."""
    with places.controls:
        with group("net"):
            choice = choose()
        shown = [fitting(Drawn(choice.net, choice.dataset, choice.changed))]
        if choice.other is not None:
            shown.append(fitting(Drawn(choice.other, choice.dataset, None)))
    with places.result, guard():
        for net, column in zip(shown, st.columns(len(shown), gap="medium"), strict=True):
            with column:
                net_drawing.show(
                    net.plan, net.title, "first net" if net is shown[0] else "second net", beside=len(shown) == 1
                )
    with places.controls, guard():
        for net in shown:
            card(net)
    with places.details, guard():
        st.caption(HOW_TO_READ)
        st.header("By stage", anchor=False)
        for what, column in zip(COSTS, st.columns(2, gap="large"), strict=True):
            with column:
                cost_chart([(net.title, net.plan) for net in shown], what)
        frame.takeaway(TAKEAWAY)


def fitting(net: Drawn) -> Drawn:
    """Return the net; where it cannot take the images, with that sentence, the net for images that all can take."""
    try:
        net.plan  # noqa: B018  (counts the layers, which fails where images are too small)
    except UserError as error:
        instead = datasets.info(USUAL_DATASET).title
        show_failure(UserError(f"{str(error).rstrip('.')}. Until then it is drawn for {instead}."))
        return Drawn(net.name, USUAL_DATASET, None)
    return net


def card(net: Drawn) -> None:
    """Draw the figures of one net, and what can be done with it."""
    st.header(net.title, anchor=False)
    figures(net.plan, net.depth, None if net.changed is None else plan_of(net.name, None, net.dataset))
    st.caption(f"{net.plan.parameters:,} parameters; {net.plan.multiply_adds:,} multiply-adds for one image, forward.")
    if not is_shown("actions"):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Drawing",
            lambda: blueprint_svg.file(net.plan, f"{net.title} for {datasets.info(net.dataset).title}"),
            f"{net.title}.svg".replace(" ", "_"),
            "image/svg+xml",
            icon=":material/download:",
            key=f"download {net}",
            help="As SVG, with the layers of every block; its colours adapt to light and dark.",
        )
        if net.changed is None:
            menu.link("train", "Train it", query={"net": net.name, "dataset": net.dataset})


@lru_cache(maxsize=64)
def plan_of(name: str, variant: Variant | None, dataset: str) -> Blueprint:
    """Return the blueprint of a net of the catalogue, or of a variant, for a data set; no weights are allocated."""
    info = datasets.info(dataset)
    with torch.device("meta"):
        net = (
            catalogue.build(name, classes=info.classes, channels=info.channels, side=info.side, dataset=info.name)
            if variant is None
            else variant.make(info.classes, info.channels)
        )
    return blueprint.read(net, info.channels, info.side)


def figures(plan: Blueprint, depth: int, usual: Blueprint | None) -> None:
    """Draw the net's counts, and how they differ from those of the catalogue's net."""
    with st.container(horizontal=True, gap="medium"):
        for label, count, before in (
            ("Parameters", plan.parameters, usual and usual.parameters),
            ("Multiply-adds", plan.multiply_adds, usual and usual.multiply_adds),
        ):
            change = None if not before else f"{count / before:.2f} times"
            st.metric(label, labels.short(count), change, delta_color="off", delta_arrow="off", width="content")
        st.metric("Depth", depth, width="content", help="Layers with weights, counted as in Table 4.6.")


def cost_chart(shown: list[tuple[str, Blueprint]], what: str) -> None:
    """Draw "parameters" or "multiply-adds" of the nets by stage."""
    titles = " and ".join(title for title, _ in shown)
    chart = charts.costs(shown, what)
    st.altair_chart(chart, key=f"{what} by stage", alt=f"{what.capitalize()} by stage of {titles}, on one axis.")
