"""The first screen answers a digit, blends two paintings and offers a training before anybody has done anything."""

import re

import pytest

from core.explain import strokes
from tests.pages.app import button, texts, visit
from tests.runs_on_disk import digits_run
from ui.menu import HOME, MENU

ONE = strokes.to_text(strokes.read([[[0.5, 0.15], [0.5, 0.85]]]))


def headers(app):
    return [header.value for header in app.header]


def html(app):
    return "\n".join(element.proto.body for element in app.get("html"))


def pictures(app):
    return app.get("image") or app.get("imgs")


def test_a_digit_a_curve_and_a_painting_are_there_from_the_start():
    app = visit("home")
    assert not app.exception and not app.error
    assert any(header.startswith("The net reads 3, ") for header in headers(app))
    assert "This one is an example" in texts(app)
    assert "BN-NiN on digits, recorded earlier: 0.56% test error after 15 epochs." in texts(app)
    assert "test error 0.56%" in html(app)
    assert app.slider(key="blend").value == 50


def test_every_other_page_is_linked():
    links = {link.proto.page for link in visit("home").main.get("page_link")}
    assert links == set(MENU) - {HOME}


def test_a_link_carries_digit_and_blend():
    app = visit("home", drawn=ONE, blend="80")
    assert any(header.startswith("The net reads 1, ") for header in headers(app))
    assert "This one is an example" not in texts(app)
    assert app.slider(key="blend").value == 80
    explain = next(link for link in app.main.get("page_link") if link.proto.label == "Explain this digit")
    assert f"drawn={ONE}" in explain.proto.query_string and "net=nin_mnist" in explain.proto.query_string


def test_the_slider_goes_into_the_address():
    app = visit("home")
    app.slider(key="blend").set_value(20).run()
    assert app.query_params["blend"] in ("20", ["20"])


def test_a_finished_run_of_the_users_takes_the_place_of_the_recorded_one():
    digits_run("finished")
    digits_run("stopped")
    assert "BN-NiN on Digits, your newest finished run: 12.50% test error after 2 epochs." in texts(visit("home"))


def test_the_run_of_the_address_is_shown():
    run = digits_run("running")
    app = visit("home", run=run.id)
    assert not app.exception and not app.error
    assert button(app, "Train it yourself").disabled
    assert "test, recorded earlier" in html(app)
    assert any(link.proto.label == "Watch it on Train a net" for link in app.main.get("page_link"))


def test_one_click_starts_a_training(monkeypatch):
    submitted = []
    monkeypatch.setattr("core.runs.queue.submit", submitted.append)
    app = visit("home")
    button(app, "Train it yourself").click().run()
    assert not app.exception and not app.error
    assert [run.name for run in submitted] == ["BN-NiN on Digits"]
    assert app.query_params["run"] in (submitted[0].id, [submitted[0].id])


BAD = {
    "blend": ["NaN", "", "101", "x" * 5000, "<img src=x>"],
    "drawn": ["", "!", "A" * 5000, "![](http://example.org/x.png)"],
    "run": ["", "gone", "../../etc/passwd", "r" * 5000, "![](http://example.org/x.png)"],
    "hide": ["", "everything", "x" * 5000],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_bad_address_is_the_usual_page_with_one_sentence(key, value):
    app = visit("home", **{key: value})
    assert not app.exception and not app.error
    assert any(header.startswith("The net reads 3, ") for header in headers(app))
    assert app.slider(key="blend").value == 50
    sentences = [caption.value for caption in app.caption if ":material/info:" in caption.value]
    assert len(sentences) == (key != "hide")
    assert not any(re.search(r"(?<!\\)[<\[]", caption.proto.body) for caption in app.caption)


def test_a_teachers_link_hides_controls():
    app = visit("home", hide="train,blend,links")
    assert not app.exception and not app.error
    assert not app.slider
    assert not [one for one in app.button if one.label == "Train it yourself"]
    assert "data" not in {link.proto.page for link in app.main.get("page_link")}
