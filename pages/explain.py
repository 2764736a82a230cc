"""Explain a picture: what a net sees in it, which part of it decides, and the box that follows (section 5.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import streamlit as st

from ui import frame
from ui.frame import guard

frame.head("Explain a picture", "Taught nothing but names, a net learns places: its class maps show what decides.")

from torch import Tensor  # noqa: E402  (takes a moment: the head is shown first)

from core import images  # noqa: E402
from core.explain import boxes, drawing, methods, view  # noqa: E402
from core.explain.view import View  # noqa: E402
from core.images import Picture  # noqa: E402
from core.trainers.trained import Trained  # noqa: E402
from ui import address, bars, digit_pad, faithful, held_out, map_panels, nets  # noqa: E402
from ui.map_panels import Look, Panel  # noqa: E402

SAMPLE, TEST, OWN, DRAWN = "Sample", "Test image", "Your own", "Draw a digit"
PREDICTED = "the predicted one"
TOP = 5
SIDES = {"nothing": "One map alone", "classes": "Several classes", "methods": "Several methods", "nets": "Several nets"}
MOST = 4  # maps side by side
SIZES = {"1": "Its own size", "2": "Twice as large", "3": "3 times as large", "4": "4 times as large"}

# A net, the classes that get a map (left out: the predicted one), a method and a multiple of the net's size to a view.
Ask = Callable[[Trained, tuple[int, ...] | None, str | None, int], View]


@dataclass(frozen=True)
class Subject:
    """What the nets are asked about; `label` is its true class where it is known, `stem` begins the names of files."""

    ask: Ask
    label: int | None
    stem: str


@dataclass(frozen=True)
class Question:
    """What the visitor wants to see of the subject."""

    wanted: str | None
    beside: str
    classes: tuple[str, ...]
    methods: tuple[str | None, ...]
    nets: tuple[Trained, ...]
    times: int
    look: Look


@st.cache_resource(max_entries=16, show_spinner=False)
def sample(name: str) -> Picture:
    return images.sample(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def uploaded(id: str, _file: BinaryIO) -> Picture:
    return images.decode(_file, max_side=2048)


# What is looked at


def source(trained: Trained) -> str:
    """Where the picture comes from. A net for digits starts with digits, one for photographs with a photograph."""
    # A default is left out of the address, so another default needs another key to make the same link again.
    options, key = ((SAMPLE, TEST, OWN), "from") if trained.channels == 3 else ((TEST, SAMPLE, OWN), "grey_from")
    if drawing.manner(trained.dataset):
        options = (*options, DRAWN)
    return st.selectbox("Picture from", options, key=key, bind="query-params")


def subject(trained: Trained, where: str) -> Subject | None:
    """The chosen picture; None where there is none yet."""
    if where == SAMPLE:
        name = st.selectbox("Sample", images.sample_names(), key="sample", bind="query-params")
        return Subject(of_picture(sample(name)), None, name)
    if where == OWN:
        file = st.file_uploader(
            "Photograph",
            type=["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"],
            help=f"Up to {images.MAX_PIXELS // 1_000_000} megapixels. It stays on this computer.",
        )
        if file is None:
            return None
        stem = map_panels.plain_name(file.name.rpartition(".")[0])
        return Subject(of_picture(uploaded(file.file_id, file)), None, stem)
    split = held_out.split(trained)
    if split is None:
        return None
    index = st.number_input(
        f"Image of the {trained.held_out} split",
        0,
        len(split) - 1,
        key="image",
        bind="query-params",
        help=f"0 to {len(split) - 1:,}. The net was not trained on these.",
    )
    stem = f"{trained.held_out}-{index}"
    return Subject(of_image(lambda net: split.images[index]), int(split.labels[index]), stem)


def of_picture(picture: Picture) -> Ask:
    def ask(net: Trained, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        return view.of_picture(net, picture, classes, method, view.side_at_net(net, times))

    return ask


def of_image(image_for: Callable[[Trained], Tensor]) -> Ask:
    def ask(net: Trained, classes: tuple[int, ...] | None, method: str | None, times: int) -> View:
        image, side = image_for(net), view.side_at_net(net, times)
        return view.of_image(net, image, classes, method, None if side == image.shape[-1] else side)

    return ask


# What is asked


def question(trained: Trained) -> Question:
    """All that can be set beside the picture itself; what is seldom needed stands under More."""
    evidence_for = st.container()
    beside = address.choice(
        "beside", "Side by side", tuple(SIDES), SIDES.__getitem__, "Maps of the same picture, to be compared."
    )
    wanted: str | None = None
    classes: list[str] = []
    compared: list[str] = []
    others: list[Trained] = []
    if beside == "classes":
        classes = several_classes(trained)
    else:
        with evidence_for:
            wanted = class_choice(trained)
    if beside == "methods":
        compared = several_methods(trained)
    elif beside == "nets":
        others = nets.beside(trained, MOST - 1)
    place = st.container()
    with st.expander("More", key="more"):
        method = None if beside == "methods" else method_choice(trained)
        rule = address.choice(
            "rule",
            "Box around",
            tuple(boxes.RULES),
            {"all": "All evidence above", "largest": "The largest region above"}.__getitem__,
            ". ".join(f"{name.capitalize()}: {rule.words}" for name, rule in boxes.RULES.items()) + ".",
        )
        times = size_choice(trained)
        signed = st.toggle(
            "What speaks against it, too",
            key="signed",
            bind="query-params",
            help="Red speaks for the class, blue against it; otherwise only what speaks for it is coloured.",
        )
        each_alone = scale_choice(beside, differing(trained, others, method))
    with place:
        threshold, strength = sliders(rule)
    look = Look(threshold, rule, strength, signed, each_alone)
    return Question(wanted, beside, tuple(classes), tuple(compared) or (method,), tuple(others), times, look)


def class_choice(trained: Trained) -> str | None:
    say_unknown(trained, "class")
    chosen = address.choice(
        "class",
        "Evidence for",
        (PREDICTED, *trained.classes),
        help="The class whose map is laid over the picture.",
    )
    return None if chosen == PREDICTED else chosen


def several_classes(trained: Trained) -> list[str]:
    say_unknown(trained, "maps_of")
    return address.several(
        "maps_of",
        "Classes",
        trained.classes,
        most=MOST,
        placeholder="The three most probable",
        help=f"Up to {MOST}; none is the three most probable. The maps share one scale.",
    )


def say_unknown(trained: Trained, key: str) -> None:
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


def several_methods(trained: Trained) -> list[str]:
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


def method_choice(trained: Trained) -> str | None:
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


def size_choice(trained: Trained) -> int:
    """How many times its own size the net is shown the picture at."""
    most = view.LARGEST_SIDE if trained.net.ends_in_gap else 0
    options = tuple(times for times in SIZES if times == "1" or trained.side * int(times) <= most)

    gap = "This net is convolutional up to its global average pooling, so it may see the picture larger: a finer map."
    fixed = "This net does not end in global average pooling, so it sees pictures of its own size alone."
    return int(
        address.choice("times", "Shown to the net at", options, SIZES.__getitem__, gap if len(options) > 1 else fixed)
    )


def differing(trained: Trained, others: list[Trained], method: str | None) -> bool:
    """Whether the nets are explained by different methods."""
    return len({method_of(net, method) for net in (trained, *others)}) > 1


def method_of(net: Trained, wanted: str | None) -> str:
    """The wanted method where it fits the net, else the one that suits it."""
    fitting = [method.name for method in methods.fitting(net.net)]
    return wanted if wanted in fitting else fitting[0]


def scale_choice(beside: str, differing: bool) -> bool:
    """Whether every map's colours span its own range.

    Methods measure in units of their own, so where they differ that is usual.
    """
    if beside == "nothing":
        return False
    options, key = (("each", "one"), "method_scale") if beside == "methods" or differing else (("one", "each"), "scale")
    titles = {"one": "One raw range for all maps", "each": "The range of each map alone"}
    text = "One range makes maps comparable; maps in different units, as those of different methods, need their own."
    return address.choice(key, "Colours span", options, titles.__getitem__, text) == "each"


def sliders(rule: str) -> tuple[float, float]:
    usual = boxes.rule(rule).threshold
    threshold = st.slider(
        "Box threshold",
        0.05,
        0.95,
        usual,
        0.05,
        # Another default needs another key, as in `source`.
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


# What is answered


def panels(trained: Trained, about: Subject, asked: Question) -> list[Panel]:
    """The maps asked for, those of `trained` first.

    Another net that cannot answer is passed over with a sentence; where `trained` cannot, its UserError is raised.
    """
    if asked.beside == "classes":
        return class_panels(trained, about, asked)
    if asked.beside == "methods":
        seen = about.ask(trained, class_of(trained, asked), asked.methods[0], asked.times)
        rest = [about.ask(trained, seen.classes, method, asked.times) for method in asked.methods[1:]]
        return [Panel(each, 0, trained.classes[each.classes[0]], each.method) for each in (seen, *rest)]
    found = [net_panel(trained, about, asked)]
    for net in asked.nets:
        with guard():
            found.append(net_panel(net, about, asked))
    return found


def net_panel(net: Trained, about: Subject, asked: Question) -> Panel:
    wanted = asked.methods[0]
    method = wanted if wanted == method_of(net, wanted) else None
    seen = about.ask(net, class_of(net, asked), method, asked.times)
    title = f"{net.title}: {sure(net, seen, seen.predicted)}" if asked.nets else ""
    return Panel(seen, 0, net.classes[seen.classes[0]], title)


def class_panels(trained: Trained, about: Subject, asked: Question) -> list[Panel]:
    chosen = tuple(map(trained.classes.index, asked.classes))
    if not chosen:
        plain = about.ask(trained, None, None, asked.times)
        chosen = tuple(plain.top(3))
    seen = about.ask(trained, chosen, asked.methods[0], asked.times)
    return [Panel(seen, i, trained.classes[each], sure(trained, seen, each)) for i, each in enumerate(chosen)]


def class_of(net: Trained, asked: Question) -> tuple[int, ...] | None:
    return None if asked.wanted is None else (view.class_named(net, asked.wanted),)


def sure(net: Trained, seen: View, index: int) -> str:
    return f"{net.classes[index]}, {100 * float(seen.probabilities[index]):.1f} %"


def sentence(trained: Trained, seen: View, label: int | None) -> str:
    """What the net says, and whether that is right where it can be known."""
    said = f"{trained.classes[seen.predicted]}, {100 * float(seen.probabilities[seen.predicted]):.0f} % sure"
    if label is None:
        return said[0].upper() + said[1:]
    verdict = "and it is" if label == seen.predicted else f"but it is {trained.classes[label]}"
    return f"{said[0].upper() + said[1:]}, {verdict}"


def top_five(trained: Trained, seen: View, label: int | None) -> None:
    """Bars of the most probable classes, and of the true one where that is known."""
    top = seen.top(TOP)
    shown = top if label is None or label in top else [*top, label]
    st.altair_chart(
        bars.probabilities(
            [trained.classes[i] for i in shown],
            [float(seen.probabilities[i]) for i in shown],
            trained.classes[seen.predicted],
            None if label is None else trained.classes[label],
        ),
        alt="Probability of the five most probable classes, most probable first",
    )


def show_maps(trained: Trained, about: Subject, asked: Question, found: list[Panel]) -> None:
    side = view.side_at_net(trained, asked.times)
    plain = f"The square that the net is shown, at {side} x {side} pixels"
    map_panels.show(found, asked.look, plain, about.stem)
    if side != trained.side:
        st.caption(larger(trained, about, side, found[0].seen))
    reasons = {panel.seen.method: panel.seen.why for panel in found}
    st.caption("  \n".join(f"{method}: {why}" if len(reasons) > 1 else why for method, why in reasons.items()))


def larger(trained: Trained, about: Subject, side: int, seen: View) -> str:
    """What it does to show a net a picture larger than those that it was trained on."""
    own = about.ask(trained, None, None, 1)
    fine, coarse = about.ask(trained, None, None, side // trained.side).maps.shape[-1], own.maps.shape[-1]
    return (
        f"Shown at {side} px a side instead of {trained.side}, the net's own map has {fine} x {fine} places instead of "
        f"{coarse} x {coarse}. But everything is {side // trained.side} times as large as in the pictures that the net "
        f"learned from, and it may answer otherwise: at its own size it says {sure(trained, own, own.predicted)}, "
        f"here {sure(trained, seen, seen.predicted)}."
    )


def show(trained: Trained, about: Subject, asked: Question) -> None:
    found = panels(trained, about, asked)
    st.subheader(sentence(trained, found[0].seen, about.label), anchor=False)
    show_maps(trained, about, asked, found)
    top_five(trained, found[0].seen, about.label)


@st.fragment
def drawn(trained: Trained, asked: Question) -> None:
    """The pad and the answer; a fragment, so that every line is answered without drawing the page again."""
    left, right = st.columns([2, 3], gap="medium")
    maps = st.container()
    with guard():
        strokes, example = digit_pad.drawn()
        if strokes:
            digit = Subject(of_image(lambda net: drawing.as_digit(strokes, net.dataset)), None, "drawn-digit")
            found = panels(trained, digit, asked)
            with right:
                st.subheader(sentence(trained, found[0].seen, None), anchor=False)
                top_five(trained, found[0].seen, None)
                st.caption(("This one is an example: draw your own over it. " if example else "") + manner(trained))
            with maps:
                show_maps(trained, digit, asked, found)
        else:
            right.markdown("Draw a digit with mouse, finger or pen: the net answers while you draw.")
    with left:
        digit_pad.show()


def manner(trained: Trained) -> str:
    how = drawing.manner(trained.dataset)
    return how.said if how else ""


@st.fragment
def faithfulness(trained: Trained, stamp: int, asked: Question) -> None:
    """Behind a fold, so that no data are read before it is opened."""
    fold = st.expander("How faithful are these maps?", key="faithful", on_change="rerun")
    if fold.open:
        with fold, guard():
            split = held_out.split(trained)
            if split is not None:
                usual = methods.fitting(trained.net)[0].name
                faithful.panel(trained, stamp, split, [method or usual for method in asked.methods])


def about_the_link(where: str) -> None:
    if where in (SAMPLE, TEST):
        st.caption("The address of this page is a link to exactly this view.")
    else:
        st.caption(
            "The address of this page carries every choice but the picture itself, which stays on this computer."
        )


controls, right = frame.columns()
trained = chosen = asked = None
with controls, guard():
    trained = nets.choose()
    if trained is not None:
        where = source(trained)
        place = st.container()
        asked = question(trained)
        with place, guard():
            if where != DRAWN:
                chosen = subject(trained, where)
with right, guard():
    if trained is not None and asked is not None:
        if where == DRAWN:
            drawn(trained, asked)
        elif chosen is not None:
            show(trained, chosen, asked)
        elif where == OWN:
            st.markdown("Upload a photograph, and see what the net takes it for.")
        faithfulness(trained, nets.stamp(trained.name), asked)
        about_the_link(where)
frame.takeaway(
    "A net answers with one of the classes it knows, whatever it is shown; the map tells what it went by. "
    "The box holds evidence above the threshold, all of it or its largest region."
)
