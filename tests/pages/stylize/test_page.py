"""The Stylize page, without a browser and with a tiny net: sliders, address, uploads, messages for bad input."""

import functools
import io

import numpy as np
import pytest
from PIL import Image

from core import images, weights
from core.style import painter
from tests.pages.app import texts, visit
from tests.painting import STYLES, picture, ship


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    yield
    painter.shipped.cache_clear()


@pytest.fixture
def painted(monkeypatch) -> list[tuple[tuple[int, ...], dict[str, float], float]]:
    """Return the calls of the painter: shape of the photograph, blend, share of the photograph."""
    calls = []
    original = painter.stylise

    def stylise(shown, blend, *, net, photograph):
        calls.append((shown.shape, dict(blend), photograph))
        return original(shown, blend, net=net, photograph=photograph)

    monkeypatch.setattr(painter, "swatch", functools.cache(lambda style, net: images.encode(picture(16, 16))))
    monkeypatch.setattr(painter, "stylise", stylise)
    return calls


def slider(app, name):
    return app.slider(f"style {name}")


def jpeg(height: int = 60, width: int = 90) -> bytes:
    return images.encode(picture(height, width))


def test_the_first_visit_shows_a_painting_and_a_slider_with_a_swatch_for_each_style(painted):
    app = visit("stylize")
    assert not app.exception
    assert not app.error
    assert [slider(app, name).label for name in STYLES] == ["Stripes", "Dots", "Night"]
    assert [slider(app, name).value for name in STYLES] == [1.0, 0.0, 0.0]
    assert painted[0][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.0}
    assert painted[0][0] == (342, 512, 3)
    assert "Painted in" in texts(app)
    assert len(app.get("image")) == 2 + len(STYLES)


def test_a_slider_changes_the_blend_and_the_address(painted):
    app = visit("stylize")
    slider(app, "night").set_value(0.5).run()
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.5}
    assert app.query_params["styles"] == "stripes:1,night:0.5"
    assert not app.error


def test_a_move_counts_though_the_browser_still_has_the_address_from_before_the_last_one(painted):
    app = visit("stylize")
    before = app.query_params["styles"]
    slider(app, "night").set_value(0.5).run()
    slider(app, "night").set_value(0.75)
    app.query_params["styles"] = before  # as sent by a browser that has not received the answer yet
    app.run()
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.75}
    assert app.query_params["styles"] == "stripes:1,night:0.75"


def test_the_back_button_sets_the_sliders(painted):
    app = visit("stylize")
    before = app.query_params["styles"]
    slider(app, "night").set_value(0.5).run()
    app.query_params["styles"] = before
    app.run()
    assert [slider(app, name).value for name in STYLES] == [1.0, 0.0, 0.0]
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.0}


def test_the_address_sets_sliders_and_sample(painted):
    app = visit("stylize", styles="dots:0.4,night:0.6", sample="coffee")
    assert [slider(app, name).value for name in STYLES] == [0.0, 0.4, 0.6]
    assert painted[0][1] == {"stripes": 0.0, "dots": 0.4, "night": 0.6}
    assert app.selectbox("stylize_sample").value == "coffee"
    assert app.query_params["sample"] == "coffee"


@pytest.mark.parametrize("styles", ["monet:1", "dots:2", "dots:-1", "dots:nan", "dots:much", ":", "dots:0.5,,"])
def test_an_invalid_address_is_a_sentence_and_something_is_painted_all_the_same(painted, styles):
    app = visit("stylize", styles=styles)
    assert not app.exception
    assert "The address contains" in app.error[0].value
    assert painted[0][1]["stripes"] == 1.0


def test_without_any_weight_a_sentence_says_what_to_do(painted):
    app = visit("stylize", styles="dots:1")
    slider(app, "dots").set_value(0.0).run()
    assert not app.exception
    assert "All style weights are zero" in app.error[0].value
    slider(app, "night").set_value(0.3).run()
    assert not app.error


def test_an_upload_takes_the_place_of_the_sample(painted):
    app = visit("stylize", sample="coffee")
    app.file_uploader("stylize_upload").upload("holiday.jpg", jpeg(), "image/jpeg").run()
    assert not app.exception
    assert painted[-1][0] == (60, 90, 3)
    assert "sample" not in app.query_params
    assert "Full size: 90 x 60 px" in texts(app)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.jpg", b"", "is empty"),
        ("letter.jpg", b"Dear reader, this is no picture at all.", "is text, not a picture"),
        ("cut.jpg", jpeg(400, 400)[:2000], "damaged or cut short"),
        ("tiny.png", images.encode(picture(7, 20), "PNG"), "at least 8 px"),
    ],
)
def test_a_bad_upload_is_a_sentence(painted, name, data, sentence):
    app = visit("stylize")
    app.file_uploader("stylize_upload").upload(name, data, "image/jpeg").run()
    assert not app.exception
    assert any(sentence in error.value for error in app.error)
    assert slider(app, "dots").label == "Dots"


def test_more_changes_the_size_and_the_part_of_the_photograph(painted):
    app = visit("stylize")
    app.select_slider("stylize_side").set_value(256).run()
    app.slider("stylize_photograph").set_value(0.5).run()
    assert max(painted[-1][0][:2]) == 256
    assert painted[-1][2] == 0.5


def test_the_painting_alone_can_be_shown(painted):
    app = visit("stylize")
    app.get("button_group")[0].set_value("Painting alone").run()
    assert not app.exception
    assert len(app.get("image")) == 1 + len(STYLES)


def test_downloads_are_paintings_at_full_size(painted, monkeypatch):
    offered = {}
    import streamlit as st

    monkeypatch.setattr(st, "download_button", lambda label, data, file, mime, **more: offered.update({file: data}))
    app = visit("stylize", styles="dots:0.5,night:0.5")
    app.file_uploader("stylize_upload").upload("holiday.jpg", jpeg(700, 900), "image/jpeg").run()
    made = {name: make() for name, make in offered.items() if name.startswith("holiday")}
    assert set(made) == {"holiday-dots-night.png", "holiday-dots-night.jpg"}
    shapes = {Image.open(io.BytesIO(data)).format: images.decode(data).shape for data in made.values()}
    assert shapes == {"PNG": (700, 900, 3), "JPEG": (700, 900, 3)}
    png = images.decode(made["holiday-dots-night.png"])
    expected = painter.shipped("tiny").paint(images.decode(jpeg(700, 900)), {"dots": 0.5, "night": 0.5})
    assert np.array_equal(png, expected)


def test_a_second_net_can_be_chosen(painted, tmp_path, monkeypatch):
    other = [{"name": name, "title": name.capitalize(), "artist": "", "year": ""} for name in ("ink", "dots", "chalk")]
    ship(tmp_path / "weights", monkeypatch, "zinc", styles=other, title="Zinc")
    app = visit("stylize")
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.0}
    app.selectbox("net").set_value("zinc").run()
    assert not app.exception
    assert not app.error
    assert painted[-1][1] == {"ink": 1.0, "dots": 0.0, "chalk": 0.0}


def test_many_styles_are_folded_away_until_one_of_them_is_painted(painted, tmp_path, monkeypatch):
    many = [{"name": f"s{number}", "title": f"S{number}", "artist": "", "year": ""} for number in range(11)]
    ship(tmp_path / "weights", monkeypatch, "tiny", styles=many)
    app = visit("stylize")
    assert [expander.label for expander in app.expander][0] == "3 more paintings"
    assert not app.expander[0].proto.expanded
    assert slider(app, "s10").value == 0.0
    app = visit("stylize", styles="s10:1")
    assert app.expander[0].proto.expanded
    assert painted[-1][1]["s10"] == 1.0


def test_a_net_of_one_style_is_shown_beside_that_of_many(painted, tmp_path, monkeypatch):
    dots = {"name": "dots", "title": "Dots", "artist": "", "year": ""}
    assert "Two nets" not in visit("stylize").get("button_group")[0].options
    ship(tmp_path / "weights", monkeypatch, "single_dots", styles=[dots])
    app = visit("stylize", styles="dots:1", view="Two nets")
    assert not app.exception and not app.error
    assert not [box for box in app.selectbox if box.key == "net"]  # a net of one style has nothing to blend
    assert [blend for _, blend, _ in painted[-2:]] == [{"stripes": 0.0, "dots": 1.0, "night": 0.0}, {"dots": 1.0}]
    slider(app, "night").set_value(0.5).run()
    assert not app.exception and not app.error
    assert "nets of a single style for *Dots*: raise one of these sliders alone" in texts(app)


def test_without_a_net_the_page_says_how_to_make_one(monkeypatch, tmp_path):
    empty = tmp_path / "none"
    empty.mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", empty)
    app = visit("stylize")
    assert not app.exception
    assert "No painting net is shipped" in app.error[0].value
