"""What nets answer about a picture: the maps that were asked for, and how probable each class is."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.explain import view
from core.explain.view import View
from core.trainers.trained import TrainedClassifier
from pages.explain.controls import Question, method_of
from ui import bars, map_panels
from ui.frame import guard
from ui.map_panels import Panel

TOP = 5

# A net, the classes that get a map (left out: the predicted one), a method and a multiple of the net's size to a view.
Ask = Callable[[TrainedClassifier, tuple[int, ...] | None, str | None, int], View]


@dataclass(frozen=True)
class Subject:
    """What the nets are asked about; `label` is its true class where it is known, `stem` begins the names of files."""

    ask: Ask
    label: int | None
    stem: str


def panels(trained: TrainedClassifier, about: Subject, asked: Question) -> list[Panel]:
    """The maps asked for, those of `trained` first.

    Another net that cannot answer is passed over with a sentence; where `trained` cannot, its UserError is raised.
    """
    if asked.beside == "classes":
        return _class_panels(trained, about, asked)
    if asked.beside == "methods":
        seen = about.ask(trained, _class_of(trained, asked), asked.methods[0], asked.times)
        rest = [about.ask(trained, seen.classes, method, asked.times) for method in asked.methods[1:]]
        return [Panel(each, 0, trained.classes[each.classes[0]], each.method) for each in (seen, *rest)]
    found = [_net_panel(trained, about, asked)]
    for net in asked.nets:
        with guard():
            found.append(_net_panel(net, about, asked))
    return found


def _net_panel(net: TrainedClassifier, about: Subject, asked: Question) -> Panel:
    wanted = asked.methods[0]
    method = wanted if wanted == method_of(net, wanted) else None
    seen = about.ask(net, _class_of(net, asked), method, asked.times)
    title = f"{net.title}: {_sure(net, seen, seen.predicted)}" if asked.nets else ""
    return Panel(seen, 0, net.classes[seen.classes[0]], title)


def _class_panels(trained: TrainedClassifier, about: Subject, asked: Question) -> list[Panel]:
    chosen = tuple(map(trained.classes.index, asked.classes))
    if not chosen:
        plain = about.ask(trained, None, None, asked.times)
        chosen = tuple(plain.top(3))
    seen = about.ask(trained, chosen, asked.methods[0], asked.times)
    return [Panel(seen, i, trained.classes[each], _sure(trained, seen, each)) for i, each in enumerate(chosen)]


def _class_of(net: TrainedClassifier, asked: Question) -> tuple[int, ...] | None:
    return None if asked.wanted is None else (view.class_named(net, asked.wanted),)


def _sure(net: TrainedClassifier, seen: View, index: int) -> str:
    return f"{net.classes[index]}, {100 * float(seen.probabilities[index]):.1f} %"


def sentence(trained: TrainedClassifier, seen: View, label: int | None) -> str:
    """What the net says, and whether that is right where it can be known."""
    said = f"{trained.classes[seen.predicted]}, {100 * float(seen.probabilities[seen.predicted]):.0f} % sure"
    if label is None:
        return said[0].upper() + said[1:]
    verdict = "and it is" if label == seen.predicted else f"but it is {trained.classes[label]}"
    return f"{said[0].upper() + said[1:]}, {verdict}"


def top_five(trained: TrainedClassifier, seen: View, label: int | None) -> None:
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


def show_maps(trained: TrainedClassifier, about: Subject, asked: Question, found: list[Panel]) -> None:
    side = view.side_at_net(trained, asked.times)
    plain = f"The square that the net is shown, at {side} x {side} pixels"
    map_panels.show(found, asked.look, plain, about.stem)
    if side != trained.side:
        st.caption(_larger(trained, about, side, found[0].seen))
    reasons = {panel.seen.method: panel.seen.why for panel in found}
    st.caption("  \n".join(f"{method}: {why}" if len(reasons) > 1 else why for method, why in reasons.items()))


def _larger(trained: TrainedClassifier, about: Subject, side: int, seen: View) -> str:
    """What it does to show a net a picture larger than those that it was trained on."""
    own = about.ask(trained, None, None, 1)
    fine, coarse = about.ask(trained, None, None, side // trained.side).maps.shape[-1], own.maps.shape[-1]
    return (
        f"Shown at {side} px a side instead of {trained.side}, the net's own map has {fine} x {fine} places instead of "
        f"{coarse} x {coarse}. But everything is {side // trained.side} times as large as in the pictures that the net "
        f"learned from, and it may answer otherwise: at its own size it says {_sure(trained, own, own.predicted)}, "
        f"here {_sure(trained, seen, seen.predicted)}."
    )
