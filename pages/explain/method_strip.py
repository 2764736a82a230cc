"""The same picture under the maps of the other methods, small: a click puts one on the canvas."""

import streamlit as st

from core.explain import methods
from core.explain.view import View
from core.images import encode, fit
from core.trainers.trained import TrainedClassifier
from pages.explain.controls import Settings, method_of, offered
from pages.explain.map_panels import Panel, scales
from pages.explain.pictures import Subject
from web import address

SLOW = ("score-cam", "occlusion")  # dozens of passes for one map: only a click starts them
THUMBNAIL_PX = 112


def show(trained: TrainedClassifier, subject: Subject, settings: Settings, result: View) -> None:
    """Draw a thumbnail for each method but the one of `result`, over a button that chooses it."""
    shown = method_of(trained, settings.methods[0])
    fitting = [methods.named(name) for name in offered(trained) if name != shown]
    fitting.sort(key=lambda method: method.name in SLOW)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="methods"):
        for method in fitting:
            with st.container(width=THUMBNAIL_PX + 16, gap="xxsmall"):
                if method.name not in SLOW:
                    seen = subject.explain(trained, result.classes, method.name, settings.times)
                    panel = Panel(seen, 0, trained.classes[result.classes[0]])
                    small = fit(panel.heat(settings.look, scales([panel], settings.look)[0]), 2 * THUMBNAIL_PX)
                    st.image(encode(small), width=THUMBNAIL_PX, alt=panel.describe(settings.look))
                st.button(
                    method.title,
                    key=f"method {method.name}",
                    type="tertiary",
                    help=f"Show this map. {method.measures}",
                    on_click=address.put,
                    args=("method", method.name),
                    kwargs={"follow": True},
                )
