"""The explanations of a picture: the maps that were chosen, and how probable each class is."""

from collections.abc import Collection

import streamlit as st

from core.explain import view
from core.explain.view import View
from core.trainers.trained import TrainedClassifier
from pages.explain import map_panels, pictures
from pages.explain.controls import Settings, method_of
from pages.explain.map_panels import Panel
from pages.explain.pictures import Subject
from ui import bars, nets
from ui.class_bars import Bar
from ui.frame import guard
from web.formats import escape_markdown

TOP = 5


def warm_up() -> None:
    """Open the net that this page begins with and explain the first sample, so that nobody waits for it."""
    name = next(iter(nets.titles(own_first=False)))
    pictures.sample().explain(nets.opened(name), None, None, 1)


def panels(trained: TrainedClassifier, subject: Subject, settings: Settings) -> list[Panel]:
    """Return the chosen maps, those of `trained` first.

    Where another net cannot explain the picture, a sentence says why and it is left out; where `trained` cannot, its
    UserError is raised.
    """
    if settings.beside == "classes":
        return _class_panels(trained, subject, settings)
    if settings.beside == "methods":
        return _method_panels(trained, subject, settings)
    shown = [_net_panel(trained, subject, settings)]
    for net in settings.nets:
        with guard():
            shown.append(_net_panel(net, subject, settings))
    return shown


def _net_panel(net: TrainedClassifier, subject: Subject, settings: Settings) -> Panel:
    chosen = settings.methods[0]
    method = chosen if chosen == method_of(net, chosen) else None
    result = subject.explain(net, _class_of(net, settings), method, settings.times)
    title = f"{net.title}: {_with_probability(net, result, result.predicted)}" if settings.nets else ""
    return Panel(result, 0, net.classes[result.classes[0]], title)


def _method_panels(trained: TrainedClassifier, subject: Subject, settings: Settings) -> list[Panel]:
    first = subject.explain(trained, _class_of(trained, settings), settings.methods[0], settings.times)
    rest = [subject.explain(trained, first.classes, method, settings.times) for method in settings.methods[1:]]
    return [Panel(result, 0, trained.classes[result.classes[0]], result.method) for result in (first, *rest)]


def _class_panels(trained: TrainedClassifier, subject: Subject, settings: Settings) -> list[Panel]:
    classes = tuple(map(trained.classes.index, settings.classes))
    if not classes:
        classes = tuple(subject.explain(trained, None, None, settings.times).top(3))
    result = subject.explain(trained, classes, settings.methods[0], settings.times)
    return [
        Panel(result, i, trained.classes[index], _with_probability(trained, result, index))
        for i, index in enumerate(classes)
    ]


def _class_of(net: TrainedClassifier, settings: Settings) -> tuple[int, ...] | None:
    return None if settings.evidence_for is None else (view.class_named(net, settings.evidence_for),)


def _with_probability(net: TrainedClassifier, result: View, index: int) -> str:
    return f"{net.classes[index]}, {100 * float(result.probabilities[index]):.1f}%"


def headline(trained: TrainedClassifier, result: View, label: int | None) -> str:
    """Return the predicted class and its probability, and whether it is right where the true class is known."""
    predicted = f"{trained.classes[result.predicted]}, {100 * float(result.probabilities[result.predicted]):.0f}% sure"
    predicted = predicted[0].upper() + predicted[1:]
    if label is None:
        return predicted
    verdict = "and it is" if label == result.predicted else f"but it is {trained.classes[label]}"
    return f"{predicted}, {verdict}"


def bars_of(trained: TrainedClassifier, result: View, label: int | None, mapped: Collection[int]) -> list[Bar]:
    """Return bars of the most probable classes, most probable first, and of the true and the `mapped` ones after."""
    shown = dict.fromkeys([*result.top(TOP), *([] if label is None else [label]), *mapped])
    return [
        Bar(
            trained.classes[index],
            float(result.probabilities[index]),
            predicted=index == result.predicted,
            true=index == label,
            mapped=index in mapped,
        )
        for index in shown
    ]


def top_five(trained: TrainedClassifier, result: View, label: int | None, *, row: int = bars.ROW) -> None:
    """Draw bars of the most probable classes, `row` px each, and of the true one where that is known."""
    top = result.top(TOP)
    shown = top if label is None or label in top else [*top, label]
    st.altair_chart(
        bars.probabilities(
            [trained.classes[i] for i in shown],
            [float(result.probabilities[i]) for i in shown],
            trained.classes[result.predicted],
            None if label is None else trained.classes[label],
            row=row,
        ),
        alt="Probability of the five most probable classes, most probable first: "
        + ", ".join(_with_probability(trained, result, index) for index in shown),
    )


def show_reasons(trained: TrainedClassifier, subject: Subject, settings: Settings, shown: list[Panel]) -> None:
    """Draw why each method was used, the size of the input, what a larger one changes, and whose weights these are."""
    reasons = {panel.view.method: panel.view.why for panel in shown}
    st.caption("  \n".join(f"{method}: {why}" if len(reasons) > 1 else why for method, why in reasons.items()))
    side = view.side_at_net(trained, settings.times)
    st.caption(f"Network input, {map_panels.size_of_input(shown[0].view)}")
    if side != trained.side and not trained.whole:
        st.caption(escape_markdown(_about_larger_input(trained, subject, side, shown[0].view)))
    if words := credit(trained):
        st.caption(escape_markdown(words))


def credit(trained: TrainedClassifier) -> str:
    """Return who made the weights of a net that others have trained, and their licence; nothing for our own."""
    card = trained.card
    if "credit" not in card:
        return ""
    return f"Weights: {card['credit']}. Licence: {card['licence']}. Source: {card['source']}"


def _about_larger_input(trained: TrainedClassifier, subject: Subject, side: int, result: View) -> str:
    """Return what changes where the input is larger than the images that the net was trained on."""
    own, times = subject.explain(trained, None, None, 1), side // trained.side
    fine, coarse = subject.explain(trained, None, None, times).maps.shape[-1], own.maps.shape[-1]
    return (
        f"With an input of {side} px a side instead of {trained.side}, the net's own map has {fine} x {fine} places "
        f"instead of {coarse} x {coarse}. But everything is {times} times as large as in the images that the net was "
        f"trained on, and the prediction may differ: {_with_probability(trained, own, own.predicted)} at the native "
        f"size, {_with_probability(trained, result, result.predicted)} here."
    )
