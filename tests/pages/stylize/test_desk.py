"""The desk without a browser: what the components are given, and what the address becomes of what they send."""

import json
from base64 import b64encode

import pytest
from streamlit.testing.v1 import AppTest

from core import images, uploads
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings
from pages.stylize import mix
from tests.pages.app import texts, visit
from tests.painting import STYLES, picture, ship
from web import address

HOSTILE = "![](https://example.org/x.png)"


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    monkeypatch.setattr(address, "_IN_FLIGHT", 0.0)  # here nothing is on its way to a browser
    yield
    painter.shipped.cache_clear()


def script() -> None:
    import streamlit as st

    from core.style import painter
    from core.style.paint_settings import record_in
    from pages.stylize import desk, mix
    from ui.frame import guard
    from web import address

    address.begin()
    address.place_notes(st.container())
    styles = painter.styles_of("tiny")
    names = [style["name"] for style in styles]
    with guard():
        if message := st.session_state.pop("message", None):
            mix.receive(message, names)
        if record := st.session_state.pop("record", None):
            mix.take_over(record_in(record), names)
        if taken := st.session_state.pop("picture", None):
            desk.take_in(taken, names)
    now, loads = mix.of_address(styles)
    st.json({**now.as_data(), "loads": loads})


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=200)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def sent(app: AppTest, key: str, value: object) -> AppTest:
    app.session_state[key] = value
    return app.run()


def state(app: AppTest) -> dict:
    assert not app.exception
    return json.loads(app.json[0].value)


def message(**values: object) -> dict:
    return {"number": 1, "styles": {"dots": 0.5}, "strength": 1, "stroke": 0, "colours": False} | values


def value(app: AppTest, key: str) -> str:
    found = app.query_params[key]
    return found if isinstance(found, str) else found[0]


def test_the_address_sets_the_mix():
    app = opened(styles="dots:0.4,night:0.6", strength="0.6", stroke="0.5", colours="true")
    expected = {"styles": {"dots": 0.4, "night": 0.6}, "strength": 0.6, "stroke": 0.5, "colours": True, "loads": 1}
    assert state(app) == expected
    assert state(opened()) == {"styles": {"stripes": 1.0}, "strength": 1.0, "stroke": 0.0, "colours": False, "loads": 1}
    assert state(opened(share="0.3"))["strength"] == 0.7, "an address of an older version"


def test_what_the_browser_sends_stands_in_the_address_and_is_not_sent_back_to_it():
    app = sent(opened(), "message", message(styles={"night": 0.25, "dots": 1}, strength=0.6, colours=True))
    assert value(app, "styles") == "dots:1,night:0.25"
    assert (value(app, "strength"), value(app, "colours")) == ("0.6", "true") and "stroke" not in app.query_params
    assert state(app)["loads"] == 1, "its sliders stand there already"
    app = sent(app, "message", message(styles={"stripes": 1.0}))
    assert not app.query_params, "the usual mix needs no address"


def test_another_address_is_taken_over_by_the_browser():
    app = sent(opened(), "message", message())
    app.query_params["styles"] = "night:1"
    assert state(app.run()) | {"loads": 2} == state(app) and state(app)["styles"] == {"night": 1.0}
    del app.query_params["styles"]
    assert state(app.run())["styles"] == {"stripes": 1.0} and state(app)["loads"] == 3


@pytest.mark.parametrize(
    "broken",
    [
        "text",
        {},
        {"styles": "dots"},
        message(styles={"monet": 1}),
        message(styles={"dots": 2}),
        message(styles={"dots": "1"}),
        message(styles={"dots": True}),
        message(styles={"dots": float("nan")}),
        message(strength=1.5),
        message(stroke=None),
        message(colours="true"),
    ],
)
def test_a_message_that_cannot_be_used_changes_nothing(broken):
    app = sent(opened(styles="dots:0.4"), "message", broken)
    assert state(app)["styles"] == {"dots": 0.4} and set(app.query_params) == {"styles"}


@pytest.mark.parametrize("key", ["styles", "strength", "stroke", "colours"])
@pytest.mark.parametrize("text", ["", ["a", "b"], HOSTILE, "\x00", "x" * 5000, "nan"])
def test_a_value_of_the_address_that_cannot_be_used_is_a_sentence(key, text):
    app = opened(**{key: text})
    assert state(app) == state(opened())
    (sentence,) = [caption.value for caption in app.caption]
    assert sentence.startswith(":material/info:") and "![" not in sentence and len(sentence) < 300


def test_the_record_of_a_painting_is_taken_over_with_its_largest_weight_as_one():
    record = PaintRecord({"dots": 4.0, "night": 1.0}, PaintSettings(0.5, 0.2, True), "tiny")
    app = sent(opened(), "record", record.as_text())
    assert value(app, "styles") == "dots:1,night:0.25"
    assert state(app) | {"strength": 0.5, "stroke": 0.2, "colours": True, "loads": 2} == state(app)
    app = sent(opened(), "record", PaintRecord({"gone": 1.0}, PaintSettings(), "tiny").as_text())
    assert "painted with the style 'gone', which is not here" in app.error[0].value and not app.query_params


def handed(data: bytes, name: str = "garden.png") -> dict[str, str]:
    return {"name": name, "data": b64encode(data).decode()}


def test_a_picture_that_is_handed_over_becomes_the_photograph_and_a_painting_gives_its_mix():
    data = images.encode(picture(), "PNG")
    app = sent(opened(), "picture", handed(data))
    upload = uploads.find(value(app, "photo"))
    assert upload.read() == data and upload.name == "garden.png"
    record = PaintRecord({"dots": 1.0}, PaintSettings(0.5), "tiny")
    for format in ("PNG", "JPEG", "WEBP"):
        painting = images.encode(picture(), format, description=record.as_text())
        app = sent(opened(), "picture", handed(painting))
        assert state(app)["styles"] == {"dots": 1.0} and state(app)["strength"] == 0.5
        assert "photo" not in app.query_params


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        ("text", "did not arrive whole"),
        ({"name": "x.png"}, "did not arrive whole"),
        ({"name": "x.png", "data": "@@@"}, "did not arrive whole"),
        (handed(b"Dear reader, this is no picture at all."), "is text, not a picture"),
        (handed(images.encode(picture(7, 20), "PNG")), "at least 8 px"),
        (handed(b""), "is empty"),
    ],
)
def test_a_picture_that_cannot_be_used_is_a_sentence(taken, words):
    app = sent(opened(), "picture", taken)
    assert not app.exception and words in app.error[0].value and not app.query_params


def test_the_page_opens_with_the_desk_and_says_how_large_a_download_is():
    app = visit("stylize")
    assert not app.exception and not app.error and not app.query_params
    assert not app.slider and app.selectbox("choice of sample").value
    assert "never on a mixture" in texts(app)


def test_an_upload_that_is_gone_and_one_that_cannot_be_read_are_sentences():
    app = visit("stylize", photo="../x")
    assert not app.exception and not app.error and "no longer here" in texts(app)
    id = uploads.keep(b"Dear reader, this is no picture at all.", "letter.jpg", "ann").id
    app = visit("stylize", photo=id)
    assert not app.exception and "is text, not a picture" in app.error[0].value


def test_a_painting_that_is_uploaded_offers_its_styles():
    record = PaintRecord({"dots": 0.5, "night": 1.0}, PaintSettings(0.5), "tiny")
    id = uploads.keep(images.encode(picture(), description=record.as_text()), "painted.jpg", "ann").id
    app = visit("stylize", photo=id)
    (offer,) = [button for button in app.button if button.label == "Use the styles of this painting"]
    offer.click().run()
    assert value(app, "styles") == "dots:0.5,night:1" and value(app, "strength") == "0.5"
    plain = uploads.keep(images.encode(picture()), "plain.jpg", "ann").id
    assert not [button for button in visit("stylize", photo=plain).button if button.label == offer.label]


def test_every_preset_has_styles_that_are_shipped_and_a_valid_mix(monkeypatch):
    from pages.stylize import desk

    monkeypatch.undo()
    names = [style["name"] for style in painter.styles_of("pastiche")]
    assert len(desk.presets(names)) == len(desk._PRESETS) and not desk.presets(STYLES)
    for preset in desk.presets(names):
        assert mix._of_message(preset["mix"], names).blend == preset["mix"]["styles"]
