"""The same picture under the maps of the other methods, small: a click puts one on the canvas."""

from dataclasses import replace

import streamlit as st

from core.explain import methods
from core.explain.methods import Method
from core.explain.view import View
from core.images import encode, fit
from core.trainers.trained import TrainedClassifier
from pages.explain.controls import Settings, method_of, offered
from pages.explain.map_panels import Panel, scales
from pages.explain.pictures import Subject
from web import address

SLOW = ("score-cam", "occlusion")  # dozens of passes for one map: only a click starts them
SLOW_AT_LARGE = (*SLOW, "saliency")  # the gradient of all pixels takes as long as all other methods together
THUMBNAIL_PX, SHARP_PX = 112, 240  # on the page, and of the picture: sharp on a screen of twice the density


def show(trained: TrainedClassifier, subject: Subject, settings: Settings, result: View) -> None:
    """Draw a thumbnail for each method but the one of `result`, over a button that chooses it."""
    shown = method_of(trained, settings.methods[0])
    slow = SLOW_AT_LARGE if trained.whole else SLOW
    names = sorted((name for name in offered(trained) if name != shown), key=lambda name: name in slow)
    quick = [name for name in names if name not in slow]
    # A small picture under its map looks like a large one that was shrunk, and takes a fraction of the time.
    small = replace(result, picture=fit(result.picture, SHARP_PX))
    views = dict(zip(quick, subject.by_methods(trained, small, quick, settings.times), strict=True))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="methods"):
        for name in names:
            with st.container(width=THUMBNAIL_PX + 16, gap="xxsmall"):
                if name in views:
                    _draw_small(views[name], trained.classes[result.classes[0]], settings)
                _button(methods.named(name))


def _draw_small(seen: View, class_name: str, settings: Settings) -> None:
    panel = Panel(seen, 0, class_name)
    colours = scales([panel], settings.look)[0]
    st.image(encode(panel.heat(settings.look, colours)), width=THUMBNAIL_PX, alt=panel.describe(settings.look))


def _button(method: Method) -> None:
    st.button(
        method.title,
        key=f"method {method.name}",
        type="tertiary",
        help=f"Show this map. {method.measures}",
        on_click=address.put,
        args=("method", method.name),
        kwargs={"follow": True},
    )
