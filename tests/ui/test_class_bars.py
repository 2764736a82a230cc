"""Bars of classes: what they say in words and colours, and that a click on what is no bar does nothing."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from ui.class_bars import Bar


def bars() -> None:
    import streamlit as st

    from ui import class_bars
    from ui.class_bars import Bar

    shown = [Bar("<b>macaw</b>", 0.64, predicted=True, mapped=True), Bar("jacamar", 0.006, true=True)]
    class_bars.show("bars", "Classes", shown, lambda name: st.session_state.update(chosen=name))


@pytest.mark.parametrize(
    ("predicted", "true", "role", "kind"),
    [
        (True, True, "predicted, correct", "truth"),
        (True, False, "predicted", "prediction"),
        (False, True, "true class", "truth"),
        (False, False, "", ""),
    ],
)
def test_a_role_is_said_in_words_and_by_its_colour(predicted, true, role, kind):
    bar = Bar("macaw", 0.6404, predicted, true)
    assert (bar.role, bar.kind, bar.percent) == (role, kind, "64.0%")


def test_rows_hold_what_the_browser_draws():
    (component,) = AppTest.from_function(bars, default_timeout=200).run().get("bidi_component")
    first, second = json.loads(component.proto.json)["rows"]
    assert first["name"] == "<b>macaw</b>" and first["percent"] == "64.0%" and first["mapped"]
    assert second["role"] == "true class" and second["kind"] == "truth" and not second["mapped"]
    assert "textContent" in component.proto.js_content and "innerHTML" not in component.proto.js_content
