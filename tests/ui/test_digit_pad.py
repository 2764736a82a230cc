"""The digit pad shows the drawing of the address, and the example with a sentence where that cannot be read."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.explain import strokes
from tests.pages.app import texts

TEXT = strokes.to_text(strokes.from_text("KCjMKA.gGQ"))


def script():
    import streamlit as st

    from ui import digit_pad
    from web import address

    address.begin()
    address.place_notes(st.container())
    drawn, is_example = digit_pad.drawn()
    digit_pad.show()
    st.json({"points": [len(stroke) for stroke in drawn], "example": is_example, "query": digit_pad.query()})


def opened(**query):
    app = AppTest.from_function(script, default_timeout=200)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def state(app):
    assert not app.exception
    return json.loads(app.json[0].value)


def test_a_link_shows_its_drawing_and_hands_it_on():
    assert state(opened(drawn=TEXT)) == {"points": [2, 1], "example": False, "query": {"drawn": TEXT}}


def test_without_a_drawing_the_example_is_shown():
    shown = state(opened())
    assert shown["example"] and shown["query"] == {}


def test_another_address_shows_another_drawing():
    app = opened(drawn=TEXT)
    app.query_params["drawn"] = "gGQ"
    assert state(app.run())["points"] == [1]
    del app.query_params["drawn"]
    assert state(app.run())["example"]


@pytest.mark.parametrize("text", ["<img src=x>", "A" * 9999, "..", "![](http://example.org/x.png)"])
def test_a_text_that_is_no_drawing_shows_the_example_and_a_sentence(text):
    app = opened(drawn=text)
    assert state(app)["example"] and state(app)["query"] == {}
    assert "The drawing in this address cannot be read. An example is shown." in texts(app)
