"""Architectures: every net drawn from its modules, Tables 4.5 and 4.6 with our figures, and Figure 4.25."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import streamlit as st
import torch

from core import datasets, weights
from core.errors import UserError
from core.models import blueprint, catalogue, importance, variants
from core.models.blueprint import Blueprint
from core.models.densenet import DenseNet
from core.models.variants import DenseNetVariant, ResNetVariant, Variant
from core.runs.run import Run, list_runs
from core.trainers import trained
from pages.architectures import blueprint_svg as drawing
from pages.architectures import nets as architectures
from pages.architectures import tables as thesis_tables
from ui import address, frame, menu, nets
from ui.frame import guard

USUAL_DATASET, USUAL_NET = "cifar10", "resnet20"
VIEWS = {"diagram": "Diagram", "tables": "Tables 4.5 and 4.6", "importance": "Figure 4.25"}
COSTS = ("parameters", "multiply-adds")
NONE = "none"
LAST = "net drawn last"
FREE = ("depth", "width", "growth", "bottleneck", "preactivation", "compression")  # in the address, where changed


@lru_cache(maxsize=64)
def plan_of(name: str, variant: Variant | None, dataset: str) -> Blueprint:
    """The blueprint of a net of the catalogue, or of a variant, for a data set; no weights are drawn."""
    known = datasets.info(dataset)
    with torch.device("meta"):
        net = (
            catalogue.build(name, classes=known.classes, channels=known.channels, side=known.side, dataset=known.name)
            if variant is None
            else variant.make(known.classes, known.channels)
        )
    return blueprint.read(net, known.channels, known.side)


@st.cache_data(show_spinner=False)
def catalogued() -> list[dict[str, Any]]:
    return catalogue.rows()


def first(options: tuple[str, ...], usual: str) -> tuple[str, ...]:
    return (usual, *(option for option in options if option != usual))


def known_datasets() -> tuple[str, ...]:
    """The data sets there are, and that of the address where it has options or is the user's own pictures."""
    known = first(datasets.names(), USUAL_DATASET)
    asked = st.query_params.get("dataset")
    if asked is not None and asked not in known:
        with guard():
            datasets.info(asked)
            return (*known, asked)
    return known


def title_of(name: str) -> str:
    return "Nothing" if name == NONE else catalogue.title(name)


def remembered(key: str, value: Any, usual: Any) -> None:
    """Put a value that was changed into the address, and take out one that is as usual again."""
    if value == usual:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(int(value) if isinstance(value, bool) else value)


def free(key: str, usual: Any, read: Callable[[str], Any], net: str, widget: Callable[..., Any]) -> Any:
    """A widget for one of a net's free values: that of the address where it can be read, else the usual one."""
    try:
        value = read(st.query_params[key]) if key in st.query_params else usual
    except ValueError:
        value = usual
    name = f"{key} of {net}"
    return widget(value=value, key=name, on_change=lambda: remembered(key, st.session_state[name], usual))


def number(label: str, low: int, high: int, step: int, help: str) -> Callable[..., Any]:
    def widget(value: int, **options: Any) -> int:
        value = min(high, max(low, value))
        return st.number_input(label, low, high, value, step, help=help, **options)

    return widget


def toggle(label: str, help: str) -> Callable[..., Any]:
    return lambda value, **options: st.toggle(label, value, help=help, **options)


def switch(text: str) -> bool:
    return bool(int(text))


def resnet_controls(net: str, usual: ResNetVariant) -> Variant:
    depth_help = "Layers with weights: 6n + 2 of regular blocks, 9n + 2 of bottlenecks."
    bottleneck_help = "Three convolutions a block, 1x1, 3x3 and 1x1, instead of two 3x3 ones."
    before_help = "Normalise and activate before each convolution (Figure 4.16) or after it (4.15)."
    depth = free("depth", usual.depth, int, net, number("Depth, layers", 1, 2000, usual.layers_a_step, depth_help))
    width = free("width", usual.widening, int, net, number("Width, times", 1, 1000, 1, "Filters, in multiples."))
    bottleneck = free("bottleneck", usual.bottleneck, switch, net, toggle("Bottleneck blocks", bottleneck_help))
    before = free("preactivation", usual.preactivation, switch, net, toggle("Pre-activation", before_help))
    return variants.resnet(depth, widening=width, bottleneck=bottleneck, preactivation=before)


def densenet_controls(net: str, usual: DenseNetVariant) -> Variant:
    depth_help = "Layers with weights: 3n + 4, or 6n + 4 with bottlenecks."
    bottleneck_help = "A 1x1 convolution to four times the growth rate before each 3x3 one."
    depth = free("depth", usual.depth, int, net, number("Depth, layers", 1, 2000, usual.layers_a_step, depth_help))
    growth = free("growth", usual.growth, int, net, number("Growth rate, maps", 1, 1000, 1, "Maps that a layer adds."))
    bottleneck = free("bottleneck", usual.bottleneck, switch, net, toggle("Bottlenecks", bottleneck_help))
    keep = free(
        "compression",
        usual.compression,
        float,
        net,
        lambda value, **options: st.number_input(
            "Compression", 0.0, 2.0, value, 0.1, help="The share of the maps that a transition keeps.", **options
        ),
    )
    return variants.densenet(depth, growth, bottleneck=bottleneck, compression=keep)


def what_if(net: str, dataset: str) -> Variant | None:
    """The controls that change a net beyond the catalogue; None where nothing is changed or the wish is impossible."""
    usual = catalogue.variant(net)
    if usual is None:
        st.caption("Its depth and width are fixed: choose a ResNet, a wide ResNet or a DenseNet to change them.")
        return None
    with guard():
        controls: Callable[..., Variant] = resnet_controls if isinstance(usual, ResNetVariant) else densenet_controls
        wanted = controls(net, usual)
        side = datasets.info(dataset).side
        if side < wanted.smallest_side:
            raise UserError(f"{wanted.title} needs images of at least {wanted.smallest_side} pixels a side.")
        return None if wanted == usual else wanted
    st.caption(f"Until it fits, {usual.title} is shown as it is.")
    return None


def choose() -> tuple[str, str, str, Variant | None]:
    """Net, data set, net to compare with, and what is changed about the first."""
    dataset = address.choice("dataset", "Data set", known_datasets(), lambda name: datasets.info(name).title)
    net = address.choice("net", "Net", first(catalogue.names(), USUAL_NET), catalogue.title)
    if st.session_state.get(LAST, net) != net:  # another net's values are not this one's
        for key in FREE:
            st.query_params.pop(key, None)
    st.session_state[LAST] = net
    other = address.choice(
        "with", "Beside it", (NONE, *catalogue.names()), title_of, "A second net, drawn for the same images."
    )
    with st.expander("What if", expanded=any(key in st.query_params for key in FREE)):
        changed = what_if(net, dataset)
    return net, dataset, other, changed


def figures(plan: Blueprint, depth: int, usual: Blueprint | None) -> None:
    """The net's counts, and how they differ from those of the catalogue's net."""
    with st.container(horizontal=True, gap="large"):
        for label, count, before in (
            ("Parameters", plan.parameters, usual and usual.parameters),
            ("Multiply-adds", plan.multiply_adds, usual and usual.multiply_adds),
        ):
            change = None if not before else f"{count / before:.2f} times"
            st.metric(label, drawing.short(count), change, delta_color="off", delta_arrow="off", width="content")
        st.metric("Depth", depth, width="content", help="Layers with weights, counted as in Table 4.6.")


def card(name: str, dataset: str, changed: Variant | None, key: str) -> tuple[str, Blueprint]:
    """One net: its figures, its drawing, and the ways on."""
    plan = plan_of(name, changed, dataset)
    title = catalogue.title(name) if changed is None else changed.title
    st.subheader(title, anchor=False)
    depth = catalogue.depth(name) if changed is None else changed.depth
    figures(plan, depth, None if changed is None else plan_of(name, None, dataset))
    st.caption(f"{plan.parameters:,} parameters; {plan.multiply_adds:,} multiply-adds for one image, forward.")
    architectures.net(plan, title, key)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Drawing",
            drawing.file(plan, f"{title} for {datasets.info(dataset).title}"),
            f"{title}.svg".replace(" ", "_"),
            "image/svg+xml",
            icon=":material/download:",
            key=f"download {key}",
            help="As SVG, with the layers of every block; it takes the colours of light or dark by itself.",
        )
        if changed is None:
            menu.link("train", "Train it", query={"net": name, "dataset": dataset})
    return title, plan


def cost_chart(plans: list[tuple[str, Blueprint]], what: str) -> None:
    of = " and ".join(title for title, _ in plans)
    chart = architectures.costs(plans, what)
    st.altair_chart(chart, key=f"{what} by stage", alt=f"{what.capitalize()} by stage of {of}, on one axis.")


def diagram() -> None:
    with controls:
        net, dataset, other, changed = choose()
    with picture, guard():
        left, right = st.columns(2, gap="large")
        with left, guard():
            shown = [card(net, dataset, changed, "first net")]
        with right, guard():
            if other != NONE:
                shown.append(card(other, dataset, None, "second net"))
            else:
                st.subheader("By stage", anchor=False)
                for what in COSTS:
                    cost_chart(shown, what)
        st.caption(
            "Open a stage to see its layers. A block is as wide as the square root of the maps that it hands on; the "
            "lines at the left go past blocks: around one to be added (a dot; a square is a projection), or from every "
            "layer to every later one to be concatenated."
        )
        if other != NONE:
            st.subheader("By stage", anchor=False)
            for what, column in zip(COSTS, st.columns(2, gap="large"), strict=True):
                with column:
                    cost_chart(shown, what)
    with picture:
        frame.takeaway(
            "Weights pile up where maps are many and small, work where maps are large: a net's size says little of "
            "its speed."
        )


def tables() -> None:
    with controls:
        st.caption(
            "A “+” after a data set: trained with crops and mirroring. Errors are on the test images, in percent."
        )
    with picture, guard():
        rows = thesis_tables.table_4_6(catalogued(), thesis_tables.measured())
        st.subheader("Table 4.6: every net of chapter 4", anchor=False)
        table(rows, "table 4.6")
        st.subheader("Table 4.5: residual nets, deeper and deeper", anchor=False)
        table(thesis_tables.table_4_5(rows), "table 4.5")
        st.markdown(thesis_tables.NOTE)
        frame.takeaway(
            "Depth with shortcuts buys accuracy, width buys it faster, and reusing maps buys it with fewest weights."
        )


def table(rows: list[dict[str, Any]], key: str) -> None:
    hidden = ("key", "dataset", "augmented")
    number = st.column_config.NumberColumn
    percent = number(format="%.2f", help="Of the test images, in percent.")
    st.dataframe(
        [{name: value for name, value in row.items() if name not in hidden} for row in rows],
        key=key,
        hide_index=True,
        placeholder="–",
        column_config={
            "parameters": number(format="localized"),
            "printed": st.column_config.TextColumn(help="Parameters as the thesis prints them."),
            "multiply-adds": number(
                format="compact", help="Of convolutions and linear layers, for one image, forward."
            ),
            "our error": percent,
            "thesis' error": percent,
            "difference": number(format="%+.2f", help="Ours minus the thesis', in percentage points."),
        },
    )


def trained_densenets() -> dict[str, str]:
    """Names and titles of the DenseNets that have weights: shipped ones, then the user's runs, newest first."""
    found = {
        name: card["title"]
        for name, card in weights.cards("classifier").items()
        if is_densenet(card["data"].get("model"))
    }
    for run in list_runs("classifier"):
        if isinstance(run, Run) and is_densenet(run.data.get("model")) and run.model_path():
            found[run.id] = run.name if run.name not in found.values() else f"{run.name}, {run.id}"
    return found


def is_densenet(model: Any) -> bool:
    return model in catalogue.names() and isinstance(catalogue.variant(model), DenseNetVariant)


@st.cache_resource(max_entries=4, show_spinner=False)
def importance_of(name: str, stamp: int) -> tuple[importance.Importance, ...]:
    net = trained.open_named(name).net
    if not isinstance(net, DenseNet):
        raise UserError("Only DenseNets hand every map to every later layer: choose one of them.")
    return importance.of(net)


def figure_4_25() -> None:
    found = trained_densenets()
    if not found:
        with picture:
            invite()
        return
    with controls, guard():
        name = address.choice("trained", "Trained net", tuple(found), lambda name: found[name])
        by_layer = address.choice(
            "rows",
            "A row is",
            ("map", "layer"),
            lambda rows: {"map": "an input map", "layer": "the maps of one layer"}[rows],
            "Single maps as in the thesis, or the mean over the maps that one layer made.",
        )
    with picture, guard():
        blocks = importance_of(name, nets.stamp(name))
        st.subheader(f"Importance of input feature maps for {found[name]}", anchor=False)
        for block, column in zip(blocks, st.columns(len(blocks)), strict=True):
            with column:
                st.markdown(f"**{block.block.capitalize()}**")
                st.altair_chart(
                    architectures.heat(block, by_layer=by_layer == "layer"),
                    key=f"{block.block} by {by_layer}",
                    alt=f"How much each layer of {block.block} uses each map that it is given, each column up to 1.",
                )
        frame.takeaway(
            "Equation (4.4): the mean squared weight that a layer gives to a map. In the thesis' trained net layers "
            "reach back to early maps, but each to a few only: so bottlenecks can choose among them, and a transition "
            "may keep half of them. Even colours are those of weights still near where they were drawn: train longer."
        )


def invite() -> None:
    st.markdown(
        "Which of its many inputs does a layer of a DenseNet use? Once one is trained, its weights answer. There is "
        "none yet: DenseNet-(40, 12) learns the digits that come with Atelier without any download."
    )
    with st.container(horizontal=True):
        for dataset in ("digits", "toybox", "cifar10"):
            title = f"Train it on {datasets.info(dataset).title}"
            menu.link("train", title, query={"net": "densenet_40_12", "dataset": dataset})


controls, picture = frame.columns()
with controls:
    view = address.choice("view", "Show", tuple(VIEWS), VIEWS.__getitem__)
{"diagram": diagram, "tables": tables, "importance": figure_4_25}[view]()
