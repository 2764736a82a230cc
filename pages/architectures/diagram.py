"""The view of nets as drawings: one net or two side by side, and their costs by stage."""

from functools import lru_cache

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from core import datasets
from core.models import blueprint, catalogue
from core.models.blueprint import Blueprint
from core.models.variants import Variant
from pages.architectures import blueprint_svg, charts, labels, net_drawing
from pages.architectures.controls import Choice, choose
from ui import frame, menu
from ui.frame import guard

COSTS = ("parameters", "multiply-adds")
Shown = list[tuple[str, Blueprint]]  # titles and blueprints of the nets that are drawn


def show(controls: DeltaGenerator, picture: DeltaGenerator) -> None:
    """Draw the controls, the chosen nets and their costs."""
    with controls:
        choice = choose()
    with picture, guard():
        nets(choice)
    with picture:
        frame.takeaway(
            "Weights pile up where maps are many and small, work where maps are large: a net's size says little of "
            "its speed."
        )


def nets(choice: Choice) -> None:
    """Draw the chosen net, and beside it the net to compare with or else its costs."""
    left, right = st.columns(2, gap="large")
    shown: Shown = []
    with left, guard():
        shown.append(card(choice.net, choice.dataset, choice.changed, "first net"))
    with right, guard():
        if choice.other is not None:
            shown.append(card(choice.other, choice.dataset, None, "second net"))
        elif shown:
            st.subheader("By stage", anchor=False)
            for what in COSTS:
                cost_chart(shown, what)
    st.caption(
        "Open a stage to see its layers. A block is as wide as the square root of the maps in its output; the lines at "
        "the left are shortcuts: around a block to be added (a dot; a square is a projection), or from every layer to "
        "every later one to be concatenated."
    )
    if choice.other is not None and shown:
        st.subheader("By stage", anchor=False)
        for what, column in zip(COSTS, st.columns(2, gap="large"), strict=True):
            with column:
                cost_chart(shown, what)


def card(name: str, dataset: str, changed: Variant | None, key: str) -> tuple[str, Blueprint]:
    """Draw one net with its figures and links; return its title and blueprint."""
    plan = plan_of(name, changed, dataset)
    title = catalogue.title(name) if changed is None else changed.title
    st.subheader(title, anchor=False)
    depth = catalogue.depth(name) if changed is None else changed.depth
    figures(plan, depth, None if changed is None else plan_of(name, None, dataset))
    st.caption(f"{plan.parameters:,} parameters; {plan.multiply_adds:,} multiply-adds for one image, forward.")
    net_drawing.show(plan, title, key)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Drawing",
            blueprint_svg.file(plan, f"{title} for {datasets.info(dataset).title}"),
            f"{title}.svg".replace(" ", "_"),
            "image/svg+xml",
            icon=":material/download:",
            key=f"download {key}",
            help="As SVG, with the layers of every block; its colours adapt to light and dark.",
        )
        if changed is None:
            menu.link("train", "Train it", query={"net": name, "dataset": dataset})
    return title, plan


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
    with st.container(horizontal=True, gap="large"):
        for label, count, before in (
            ("Parameters", plan.parameters, usual and usual.parameters),
            ("Multiply-adds", plan.multiply_adds, usual and usual.multiply_adds),
        ):
            change = None if not before else f"{count / before:.2f} times"
            st.metric(label, labels.short(count), change, delta_color="off", delta_arrow="off", width="content")
        st.metric("Depth", depth, width="content", help="Layers with weights, counted as in Table 4.6.")


def cost_chart(shown: Shown, what: str) -> None:
    """Draw "parameters" or "multiply-adds" of the nets by stage."""
    titles = " and ".join(title for title, _ in shown)
    chart = charts.costs(shown, what)
    st.altair_chart(chart, key=f"{what} by stage", alt=f"{what.capitalize()} by stage of {titles}, on one axis.")
