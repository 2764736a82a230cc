"""The controls of the page: which maps are drawn, alone or side by side, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explain import boxes, methods, view
from core.explain.methods import Method
from core.trainers.trained import TrainedClassifier
from pages.explain.map_panels import Look
from ui import nets
from web import address, hide

PREDICTED = "the predicted one"  # as addresses have it, beside the names of the classes
SIDES = {"nothing": "One map", "classes": "Several classes", "methods": "Several methods", "nets": "Several nets"}
MOST = 4  # maps side by side
SIZES = {"1": "Native size", "2": "Twice as large", "3": "3 times as large", "4": "4 times as large"}
PATIENT = "score-cam"  # the method that needs most passes
BOXES = {"all": "One for all", boxes.COMPONENTS: "One each", "largest": "Largest"}
BOXES_HELP = (
    "All evidence above the threshold in one box, as in the thesis; a box for each connected region, but for specks "
    f"below {boxes.SPECK:.0%} of the largest one; or a box around the largest region alone (Zhou et al., 2016)."
)
SCALES = {"one": "One raw range for all maps", "each": "The range of each map alone"}


@dataclass(frozen=True)
class Settings:
    """What is drawn of a picture: `beside` is one of SIDES, and the rest what stands side by side.

    `evidence_for` is the class whose map is drawn, None the predicted one. `classes` is empty for the most probable.
    `methods` holds None for the one that suits the net. The input has `times` the net's own size.
    """

    evidence_for: str | None
    beside: str
    classes: tuple[str, ...]
    methods: tuple[str | None, ...]
    nets: tuple[TrainedClassifier, ...]
    times: int
    look: Look


@dataclass(frozen=True)
class _Compared:
    """What stands side by side, each of them empty where something else does."""

    classes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    nets: tuple[TrainedClassifier, ...] = ()


def choose(trained: TrainedClassifier, place_of_class: DeltaGenerator) -> Settings:
    """Draw the controls, those that are seldom needed under More, and return what they are set to."""
    with hide.group("compare"):
        beside = address.choice(
            "beside", "Compare", tuple(SIDES), SIDES.__getitem__, "Maps of the same picture, side by side."
        )
        compared = _choose_compared(trained, beside)
    evidence_for = None
    if beside != "classes":
        with place_of_class, hide.group("class"):
            evidence_for = _choose_class(trained)
    with hide.group("sliders"):
        rule = address.segments("rule", "Boxes", tuple(BOXES), BOXES.__getitem__, BOXES_HELP, labelled=True)
        threshold, opacity = _sliders(rule)
    method = None
    with hide.group("more"), st.expander("More", key="more"):
        if beside != "methods":
            with hide.group("method"):
                method = _choose_method(trained)
        times = _choose_size(trained)
        signed = address.toggle(
            "signed",
            "Evidence against the class",
            help="Red is evidence for the class, blue against it; otherwise only evidence for it is coloured.",
        )
        each_alone = _choose_scale(beside, _differ((trained, *compared.nets), method))
    look = Look(threshold, rule, opacity, signed, each_alone)
    return Settings(evidence_for, beside, compared.classes, compared.methods or (method,), compared.nets, times, look)


def _choose_compared(trained: TrainedClassifier, beside: str) -> _Compared:
    if beside == "classes":
        return _Compared(classes=tuple(_choose_classes(trained)))
    if beside == "methods":
        return _Compared(methods=tuple(_choose_methods(trained)))
    return _Compared(nets=tuple(_choose_nets(trained)) if beside == "nets" else ())


def _choose_class(trained: TrainedClassifier) -> str | None:
    chosen = address.choice(
        "class",
        "Evidence for",
        (PREDICTED, *trained.classes),
        lambda name: "Predicted class" if name == PREDICTED else name,
        help=f"The class whose map is laid over the picture: type to search among {len(trained.classes):,} names.",
        search=lambda text: trained.classes[view.class_named(trained, text)],
    )
    return None if chosen == PREDICTED else chosen


def _choose_classes(trained: TrainedClassifier) -> list[str]:
    return address.several(
        "maps_of",
        "Classes",
        trained.classes,
        most=MOST,
        placeholder="The three most probable",
        help=f"Up to {MOST}; none is the three most probable. The maps share one scale.",
    )


def _choose_methods(trained: TrainedClassifier) -> list[str]:
    fitting = offered(trained)
    chosen = address.several(
        "methods",
        "Methods",
        fitting,
        lambda name: methods.named(name).title,
        most=MOST,
        placeholder="The first three",
        help=f"Up to {MOST}. Occlusion and Score-CAM run the net on many altered copies, which takes longer.",
    )
    return chosen or fitting[:3]


def _choose_nets(trained: TrainedClassifier) -> list[TrainedClassifier]:
    """Return the nets that are compared with `trained`; the address carries them as `with=`."""
    others = {name: title for name, title in nets.titles(own_first=False).items() if name != trained.name}
    chosen = address.several(
        "with",
        "Compare with",
        list(others),
        lambda name: others[name],
        most=MOST - 1,
        placeholder="Choose nets",
        help="Maps of the same picture, each at its net's own size.",
    )
    return [nets.opened(name) for name in chosen]


def _choose_method(trained: TrainedClassifier) -> str | None:
    """Return a method by name; None for the one that suits the net."""
    fitting = tuple(offered(trained))
    others = [methods.named(name) for name in methods.names() if name not in fitting]
    chosen = address.choice(
        "method",
        "Method",
        fitting,
        lambda name: methods.named(name).title,
        methods.named(fitting[0]).measures,
        unfit={method.name: _why_not(method) for method in others},
    )
    return None if chosen == fitting[0] else chosen


def offered(trained: TrainedClassifier) -> list[str]:
    """Return the names of the methods that the page has for a net, first the one that suits it.

    Score-CAM runs a net once for each feature map: with the 1,280 of a net for photographs that takes a minute or more.
    """
    fitting = [method.name for method in methods.fitting(trained.net)]
    return [name for name in fitting if not (trained.whole and name == PATIENT)]


def _why_not(method: Method) -> str:
    if method.name == PATIENT:
        return f"{method.title} takes a minute with this net, so only the command python -m core explain has it"
    return f"{method.title} does not fit this net"


def _choose_size(trained: TrainedClassifier) -> int:
    """Return how many times its own size the net's input has."""
    most = view.LARGEST_SIDE if trained.net.ends_in_gap and not trained.whole else 0
    options = tuple(times for times in SIZES if times == "1" or trained.side * int(times) <= most)
    gap = "This net is convolutional up to its global average pooling, so its input may be larger: a finer map."
    fixed = "This net does not end in global average pooling, so its input has one size."
    return int(address.choice("times", "Input size", options, SIZES.__getitem__, gap if len(options) > 1 else fixed))


def method_of(net: TrainedClassifier, name: str | None) -> str:
    """Return the method of that name where it fits the net, else the one that suits the net."""
    fitting = offered(net)
    return name if name in fitting else fitting[0]


def _differ(shown: Sequence[TrainedClassifier], method: str | None) -> bool:
    """Return whether the maps of some nets differ in kind: by their method, or of whole photographs and of squares."""
    return len({(method_of(net, method), net.whole) for net in shown}) > 1


def _choose_scale(beside: str, differing: bool) -> bool:
    """Return True where every map's colours span its own range.

    Methods measure in units of their own, so that is the default where maps that are `differing` are compared.
    """
    if beside == "nothing":
        return False
    options, key = (("each", "one"), "method_scale") if beside == "methods" or differing else (("one", "each"), "scale")
    help = "One range makes maps comparable; maps in different units, as those of different methods, need their own."
    return address.choice(key, "Colours span", options, SCALES.__getitem__, help) == "each"


def _sliders(rule: str) -> tuple[float, float]:
    """Return the box threshold and the opacity of the heat map."""
    threshold = address.slider(
        # A default is left out of the address, so another default needs another key to make the same link again.
        f"threshold_{rule}" if rule in boxes.RULES and rule != "all" else "threshold",
        "Box threshold",
        (0.05, 0.95, 0.05),
        boxes.rule(rule).threshold if rule in boxes.RULES else boxes.THRESHOLD,
        "Evidence counts for the box where it is above this share of the map's greatest value.",
    )
    opacity = address.slider(
        "strength", "Heat map opacity", (0.0, 1.0, 0.05), 0.6, "0 shows the picture alone, 1 the map alone."
    )
    return threshold, opacity
