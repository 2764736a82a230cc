"""What a visitor asks of a picture: which maps, alone or side by side, and how they are shown."""

from dataclasses import dataclass

import streamlit as st

from core.explain import boxes, methods, view
from core.trainers.trained import TrainedClassifier
from ui import address, nets
from ui.frame import guard
from ui.map_panels import Look

PREDICTED = "the predicted one"
SIDES = {"nothing": "One map alone", "classes": "Several classes", "methods": "Several methods", "nets": "Several nets"}
MOST = 4  # maps side by side
SIZES = {"1": "Its own size", "2": "Twice as large", "3": "3 times as large", "4": "4 times as large"}


@dataclass(frozen=True)
class Question:
    """What the visitor wants to see of the subject."""

    wanted: str | None
    beside: str
    classes: tuple[str, ...]
    methods: tuple[str | None, ...]
    nets: tuple[TrainedClassifier, ...]
    times: int
    look: Look


def question(trained: TrainedClassifier) -> Question:
    """All that can be set beside the picture itself; what is seldom needed stands under More."""
    evidence_for = st.container()
    beside = address.choice(
        "beside", "Side by side", tuple(SIDES), SIDES.__getitem__, "Maps of the same picture, to be compared."
    )
    wanted: str | None = None
    classes: list[str] = []
    compared: list[str] = []
    others: list[TrainedClassifier] = []
    if beside == "classes":
        classes = _several_classes(trained)
    else:
        with evidence_for:
            wanted = _class_choice(trained)
    if beside == "methods":
        compared = _several_methods(trained)
    elif beside == "nets":
        others = nets.beside(trained, MOST - 1)
    place = st.container()
    with st.expander("More", key="more"):
        method = None if beside == "methods" else _method_choice(trained)
        rule = address.choice(
            "rule",
            "Box around",
            tuple(boxes.RULES),
            {"all": "All evidence above", "largest": "The largest region above"}.__getitem__,
            ". ".join(f"{name.capitalize()}: {rule.description}" for name, rule in boxes.RULES.items()) + ".",
        )
        times = _size_choice(trained)
        signed = st.toggle(
            "What speaks against it, too",
            key="signed",
            bind="query-params",
            help="Red speaks for the class, blue against it; otherwise only what speaks for it is coloured.",
        )
        each_alone = _scale_choice(beside, _differing(trained, others, method))
    with place:
        threshold, strength = _sliders(rule)
    look = Look(threshold, rule, strength, signed, each_alone)
    return Question(wanted, beside, tuple(classes), tuple(compared) or (method,), tuple(others), times, look)


def _class_choice(trained: TrainedClassifier) -> str | None:
    _say_unknown(trained, "class")
    chosen = address.choice(
        "class",
        "Evidence for",
        (PREDICTED, *trained.classes),
        help="The class whose map is laid over the picture.",
    )
    return None if chosen == PREDICTED else chosen


def _several_classes(trained: TrainedClassifier) -> list[str]:
    _say_unknown(trained, "maps_of")
    return address.several(
        "maps_of",
        "Classes",
        trained.classes,
        most=MOST,
        placeholder="The three most probable",
        help=f"Up to {MOST}; none is the three most probable. The maps share one scale.",
    )


def _say_unknown(trained: TrainedClassifier, key: str) -> None:
    """Say, once, which class of the address the net does not have: a link may be wrong, or the net another now."""
    asked = st.query_params.get_all(key)
    known = [name for name in asked if name in (PREDICTED, *trained.classes)]
    for name in asked:
        if name not in known:
            with guard():
                view.class_named(trained, name)
    if len(known) < len(asked):
        st.query_params.pop(key)
        if known:
            st.query_params[key] = known


def _several_methods(trained: TrainedClassifier) -> list[str]:
    fitting = [method.name for method in methods.fitting(trained.net)]
    chosen = address.several(
        "methods",
        "Methods",
        fitting,
        lambda name: methods.named(name).title,
        most=MOST,
        placeholder="The first three",
        help=f"Up to {MOST}. Occlusion and Score-CAM ask the net about many altered copies, which takes longer.",
    )
    return chosen or fitting[:3]


def _method_choice(trained: TrainedClassifier) -> str | None:
    """A method by name; None for the one that suits the net."""
    fitting = tuple(method.name for method in methods.fitting(trained.net))
    chosen = address.choice(
        "method", "Method", fitting, lambda name: methods.named(name).title, methods.named(fitting[0]).measures
    )
    asked = st.query_params.get("method")
    if asked and asked not in fitting:
        with guard():
            st.caption(f"{methods.named(asked).title} does not fit this net: {methods.named(chosen).title} is shown.")
    return None if chosen == fitting[0] else chosen


def _size_choice(trained: TrainedClassifier) -> int:
    """How many times its own size the net is shown the picture at."""
    most = view.LARGEST_SIDE if trained.net.ends_in_gap else 0
    options = tuple(times for times in SIZES if times == "1" or trained.side * int(times) <= most)

    gap = "This net is convolutional up to its global average pooling, so it may see the picture larger: a finer map."
    fixed = "This net does not end in global average pooling, so it sees pictures of its own size alone."
    return int(
        address.choice("times", "Shown to the net at", options, SIZES.__getitem__, gap if len(options) > 1 else fixed)
    )


def _differing(trained: TrainedClassifier, others: list[TrainedClassifier], method: str | None) -> bool:
    """Whether the nets are explained by different methods."""
    return len({method_of(net, method) for net in (trained, *others)}) > 1


def method_of(net: TrainedClassifier, wanted: str | None) -> str:
    """The wanted method where it fits the net, else the one that suits it."""
    fitting = [method.name for method in methods.fitting(net.net)]
    return wanted if wanted in fitting else fitting[0]


def _scale_choice(beside: str, differing: bool) -> bool:
    """Whether every map's colours span its own range.

    Methods measure in units of their own, so where they differ that is usual.
    """
    if beside == "nothing":
        return False
    options, key = (("each", "one"), "method_scale") if beside == "methods" or differing else (("one", "each"), "scale")
    titles = {"one": "One raw range for all maps", "each": "The range of each map alone"}
    text = "One range makes maps comparable; maps in different units, as those of different methods, need their own."
    return address.choice(key, "Colours span", options, titles.__getitem__, text) == "each"


def _sliders(rule: str) -> tuple[float, float]:
    usual = boxes.rule(rule).threshold
    threshold = st.slider(
        "Box threshold",
        0.05,
        0.95,
        usual,
        0.05,
        # A default is left out of the address, so another default needs another key to make the same link again.
        key="threshold" if rule == "all" else f"threshold_{rule}",
        bind="query-params",
        help="Evidence counts for the box where it is above this share of the map's greatest value.",
    )
    strength = st.slider(
        "Strength of the colours",
        0.0,
        1.0,
        0.6,
        0.05,
        key="strength",
        bind="query-params",
        help="0 shows the picture alone, 1 the map alone.",
    )
    return threshold, strength
