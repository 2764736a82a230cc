"""The choice of nets to draw, and of changes to the first: depth, width, blocks. The address carries all of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from core import datasets
from core.errors import UserError
from core.models import catalogue, variants
from core.models.variants import DenseNetVariant, ResNetVariant, Variant
from ui.frame import guard
from web import address

USUAL_DATASET, USUAL_NET = "cifar10", "resnet20"
NONE = "none"
LAST = "net drawn last"
MOST_LAYERS, MOST_MAPS = 2000, 1000
INSTEAD = "the usual one is used"
FREE = ("depth", "width", "growth", "bottleneck", "preactivation", "compression")  # in the address, where changed


@dataclass(frozen=True)
class Choice:
    """A net of the catalogue and a data set, `other` to compare with (None: nothing), and the net's changed form."""

    net: str
    dataset: str
    other: str | None
    changed: Variant | None


def choose() -> Choice:
    """Draw the controls and return what they are set to."""
    dataset = address.choice("dataset", "Data set", dataset_options(), lambda name: datasets.info(name).title)
    net = address.choice("net", "Net", first(catalogue.names(), USUAL_NET), catalogue.title)
    if st.session_state.get(LAST, net) != net:  # another net's values are not this one's
        for key in FREE:
            address.put(key, None)
    st.session_state[LAST] = net
    other = address.choice(
        "with",
        "Compare with",
        (NONE, *catalogue.names()),
        lambda name: "Nothing" if name == NONE else catalogue.title(name),
        "A second net, drawn for the same images.",
    )
    with st.expander("Modify the architecture", expanded=any(key in st.query_params for key in FREE)):
        changed = modify(net, dataset)
    return Choice(net, dataset, None if other == NONE else other, changed)


def first(options: tuple[str, ...], usual: str) -> tuple[str, ...]:
    """Return the options with the usual one in front."""
    return (usual, *(option for option in options if option != usual))


def dataset_options() -> tuple[str, ...]:
    """Return the data sets, and that of the address where it has options or is the user's own pictures."""
    names = first(datasets.names(), USUAL_DATASET)
    requested = st.query_params.get("dataset")
    if requested and requested not in names:
        try:
            datasets.info(requested)
        except UserError as error:
            if requested.startswith("folder:"):
                address.note(str(error))
            return names
        return (*names, requested)
    return names


def modify(net: str, dataset: str) -> Variant | None:
    """Draw the controls of a net's form; return the changed net, None where nothing is changed or it cannot be."""
    usual = catalogue.variant(net)
    if usual is None:
        st.caption("Its depth and width are fixed: choose a ResNet, a wide ResNet or a DenseNet to change them.")
        return None
    with guard():
        changed = _resnet(net, usual) if isinstance(usual, ResNetVariant) else _densenet(net, usual)
        side = datasets.info(dataset).side
        if side < changed.smallest_side:
            raise UserError(f"{changed.title} needs images of at least {changed.smallest_side} pixels a side.")
        return None if changed == usual else changed
    st.caption(f"Until it fits, {usual.title} is shown unchanged.")
    return None


def _resnet(net: str, usual: ResNetVariant) -> Variant:
    depth = partial(
        st.number_input, "Depth, layers", 1, MOST_LAYERS, step=usual.layers_a_step,
        help="Layers with weights: 6n + 2 of regular blocks, 9n + 2 of bottlenecks.",
    )  # fmt: skip
    width = partial(st.number_input, "Widening factor", 1, MOST_MAPS, help="Multiplies the filters of every block.")
    bottleneck = partial(
        st.toggle, "Bottleneck blocks", help="Three convolutions a block, 1x1, 3x3 and 1x1, instead of two 3x3 ones."
    )
    preactivation = partial(
        st.toggle,
        "Pre-activation",
        help="Normalise and activate before each convolution (Figure 4.16) or after it (4.15).",
    )
    return variants.resnet(
        _changed("depth", net, usual.depth, _layers, depth),
        widening=_changed("width", net, usual.widening, _maps, width),
        bottleneck=_changed("bottleneck", net, usual.bottleneck, _switch, bottleneck),
        preactivation=_changed("preactivation", net, usual.preactivation, _switch, preactivation),
    )


def _densenet(net: str, usual: DenseNetVariant) -> Variant:
    depth = partial(
        st.number_input, "Depth, layers", 1, MOST_LAYERS, step=usual.layers_a_step,
        help="Layers with weights: 3n + 4, or 6n + 4 with bottlenecks.",
    )  # fmt: skip
    growth = partial(st.number_input, "Growth rate, maps", 1, MOST_MAPS, help="Feature maps that each layer adds.")
    bottleneck = partial(
        st.toggle, "Bottlenecks", help="A 1x1 convolution to four times the growth rate before each 3x3 one."
    )
    compression = partial(
        st.number_input, "Compression", 0.0, 2.0, step=0.1, help="The share of the maps that a transition keeps."
    )
    return variants.densenet(
        _changed("depth", net, usual.depth, _layers, depth),
        _changed("growth", net, usual.growth, _maps, growth),
        bottleneck=_changed("bottleneck", net, usual.bottleneck, _switch, bottleneck),
        compression=_changed("compression", net, usual.compression, _share, compression),
    )


def _changed(key: str, net: str, usual: Any, read: Callable[[str], Any], widget: Callable[..., Any]) -> Any:
    """Draw a widget at the value of the address where `read` can use it, else at the usual one; return its value."""
    value = usual
    text = address.value(key, f"The {key}", INSTEAD)
    try:
        value = usual if text is None else read(text)
    except ValueError:
        address.note(f"The {key} in the address is {address.quoted(text or '')}, which cannot be used: {INSTEAD}.")
    name = f"{key} of {net}"
    if address.is_new(key, name):
        st.session_state[name] = value
    return widget(key=name, on_change=lambda: _to_address(key, st.session_state[name], usual))


def _to_address(key: str, value: Any, usual: Any) -> None:
    """Put a value that was changed into the address, and take out one that is as usual again."""
    address.put(key, None if value == usual else str(int(value) if isinstance(value, bool) else value))


def _within(value: Any, low: float, high: float) -> Any:
    """Return the value. Raises ValueError where it is not from `low` to `high`."""
    if not low <= value <= high:
        raise ValueError
    return value


def _layers(text: str) -> int:
    return int(_within(int(text), 1, MOST_LAYERS))


def _maps(text: str) -> int:
    return int(_within(int(text), 1, MOST_MAPS))


def _share(text: str) -> float:
    return float(_within(float(text), 0.0, 2.0))


def _switch(text: str) -> bool:
    return bool(_within(int(text), 0, 1))
