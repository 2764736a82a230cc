"""A picture by camera: asked for, kept as an upload, and a sentence where a browser gives no camera."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core import images, uploads
from tests.pages.app import as_read, errors
from tests.painting import picture
from web import camera


def kept() -> None:
    import streamlit as st

    from web import address, camera

    address.begin()
    camera.upload("photo")
    st.text(st.query_params.get("photo", "none"))


def refusing() -> None:
    import streamlit as st

    from core.errors import UserError
    from web import camera

    def taken(file) -> None:
        st.session_state["taken"] = [*st.session_state.get("taken", []), file.size]
        raise UserError("Too *dark*: light a lamp.")

    camera.take("shots", "A picture", taken)
    st.text(len(st.session_state.get("taken", [])))


def shot(data: bytes) -> tuple[str, bytes, str]:
    return "camera_input.jpg", data, "image/jpeg"


def test_no_camera_is_opened_unasked():
    app = AppTest.from_function(kept, default_timeout=200).run()
    assert not app.camera_input and app.button[0].label == "Take a picture"
    app.button[0].click().run()
    assert len(app.camera_input) == 1 and app.button[0].label == "Close the camera"
    app.button[0].click().run()
    assert not app.camera_input


def test_a_picture_that_is_taken_is_an_upload_and_closes_the_camera():
    app = AppTest.from_function(kept, default_timeout=200).run()
    app.button[0].click().run()
    app.camera_input[0].set_value(shot(images.encode(picture()))).run()
    assert not app.exception and not app.camera_input
    upload = uploads.find(app.text[0].value)
    assert upload.name == "camera.jpg" and images.decode(upload.read()).shape == picture().shape


def test_what_is_no_picture_is_a_sentence_and_nothing_is_kept():
    app = AppTest.from_function(kept, default_timeout=200).run()
    app.button[0].click().run()
    app.camera_input[0].set_value(shot(b"")).run()
    assert not app.exception and "is empty" in errors(app)[0] and app.text[0].value == "none"
    assert len(app.camera_input) == 1 and not uploads.root().exists()


def test_the_camera_stays_for_more_pictures_and_errors_are_read_as_text():
    app = AppTest.from_function(refusing, default_timeout=200).run()
    for count in ("1", "2"):
        app.camera_input[0].set_value(shot(images.encode(picture()))).run()
        assert not app.exception and app.text[0].value == count
        assert errors(app) == ["Too *dark*: light a lamp."]


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://example.org/explain", True),
        ("http://localhost:8501/explain", True),
        ("http://app.localhost/", True),
        ("http://127.0.0.1:8501/", True),
        ("http://127.1.2.3/", True),
        ("http://[::1]:8501/", True),
        (None, True),
        ("http://192.168.0.12:8501/", False),
        ("http://[fe80::1]:8501/", False),
        ("http://example.org/", False),
        ("http://localhost.example.org/", False),
    ],
)
def test_a_page_that_is_in_no_secure_context_has_no_camera(monkeypatch, url, secure):
    monkeypatch.setattr(camera.st, "context", SimpleNamespace(url=url))
    assert camera.fault() == ("" if secure else camera.NOT_SECURE)


def test_the_sentence_stands_in_the_place_of_the_camera(monkeypatch):
    app = AppTest.from_function(kept, default_timeout=200).run()
    monkeypatch.setattr(camera, "fault", lambda: camera.NOT_SECURE)
    app.button[0].click().run()
    assert not app.camera_input and "HTTPS or localhost" in as_read(app.caption[0].value)
