"""The Stylize page, without a browser and with a tiny net: sliders, address, uploads, messages for bad input."""

import functools
import io

import numpy as np
import pytest
from PIL import Image

from core import images, uploads, weights
from core.style import painter, paintings
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from pages.stylize import painting
from tests.pages.app import REPOSITORY, button, texts, visit
from tests.painting import STYLES, picture, ship
from web import address

SETTINGS = ("styles", "sample", "view", "side", "strength", "stroke", "colours")
HOSTILE = "![](https://example.org/x.png)"


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    monkeypatch.setattr(address, "_IN_FLIGHT", 0.0)  # here nothing is on its way to a browser
    cached = painting.painted
    cached.cache_clear()
    yield
    cached.cache_clear()
    painter.shipped.cache_clear()


@pytest.fixture
def painted(monkeypatch) -> list[tuple[tuple[int, ...], dict[str, float], PaintSettings]]:
    """Return the calls of the painter: shape of the photograph, blend, settings."""
    calls = []
    original = painter.stylise

    def stylise(shown, blend, *, net, settings, progress):
        calls.append((shown.shape, dict(blend), settings))
        return original(shown, blend, net=net, settings=settings, progress=progress)

    monkeypatch.setattr(painting, "painted", painting.painted.__wrapped__)
    monkeypatch.setattr(paintings, "swatch", functools.cache(lambda style: images.encode(picture(16, 16))))
    monkeypatch.setattr(painter, "stylise", stylise)
    return calls


def slider(app, name):
    return app.slider(f"style {name}")


def upload(app, name: str, data: bytes):
    """Drop a file on the field of the page."""
    return app.file_uploader[0].upload(name, data, "image/jpeg").run()


def notes(app) -> list[str]:
    """Return the sentences about the address."""
    return [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]


def jpeg(height: int = 60, width: int = 90) -> bytes:
    return images.encode(picture(height, width))


def test_the_first_visit_shows_a_painting_and_a_slider_with_a_swatch_for_each_style(painted):
    app = visit("stylize", plain="1")
    assert not app.exception
    assert not app.error
    assert [slider(app, name).label for name in STYLES] == ["Stripes", "Dots", "Night"]
    assert [slider(app, name).value for name in STYLES] == [1.0, 0.0, 0.0]
    assert painted[0][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.0}
    assert painted[0][0] == (342, 512, 3)
    assert "Painted in" in texts(app)
    assert len(app.get("image")) == 1 + len(STYLES)
    assert set(app.query_params) == {"plain"}, "the usual view needs no other address"


def test_a_slider_changes_the_blend_and_the_address(painted):
    app = visit("stylize", plain="1")
    slider(app, "night").set_value(0.5).run()
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.5}
    assert app.query_params["styles"] == "stripes:1,night:0.5"
    assert not app.error


def test_a_move_counts_though_the_browser_still_has_the_address_from_before_the_last_one(painted):
    app = visit("stylize", plain="1", styles="stripes:1,dots:0.5")
    slider(app, "night").set_value(0.5).run()
    slider(app, "night").set_value(0.75)
    app.query_params["styles"] = "stripes:1,dots:0.5"  # as sent by a browser that has not received the answer yet
    app.run()
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.5, "night": 0.75}
    assert app.query_params["styles"] == "stripes:1,dots:0.5,night:0.75"


def test_the_back_button_sets_the_sliders(painted):
    app = visit("stylize", plain="1")
    slider(app, "night").set_value(0.5).run()
    slider(app, "night").set_value(0.75).run()
    app.query_params["styles"] = "stripes:1,night:0.5"
    app.run()
    assert [slider(app, name).value for name in STYLES] == [1.0, 0.0, 0.5]
    del app.query_params["styles"]
    app.run()
    assert [slider(app, name).value for name in STYLES] == [1.0, 0.0, 0.0]
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.0}


def test_the_address_sets_sliders_and_sample(painted):
    app = visit("stylize", plain="1", styles="dots:0.4,night:0.6", sample="coffee")
    assert [slider(app, name).value for name in STYLES] == [0.0, 0.4, 0.6]
    assert painted[0][1] == {"stripes": 0.0, "dots": 0.4, "night": 0.6}
    assert app.selectbox("choice of sample").value == "coffee"
    assert app.query_params["sample"] in ("coffee", ["coffee"])


@pytest.mark.parametrize("photo", [HOSTILE, "\x00", "x" * 5000, "../x"])
def test_an_address_of_no_upload_says_so(painted, photo):
    app = visit("stylize", plain="1", photo=photo)
    assert not app.exception and not app.error and not painted
    assert "no longer here" in texts(app)


@pytest.mark.parametrize(
    "styles", ["monet:1", "dots:2", "dots:-1", "dots:nan", "dots:much", ":", "dots:0.5,,", "x" * 5000, HOSTILE]
)
def test_an_invalid_address_is_a_sentence_and_something_is_painted_all_the_same(painted, styles):
    app = visit("stylize", plain="1", styles=styles)
    assert not app.exception and not app.error
    (sentence,) = notes(app)
    assert "The address contains" in sentence and "Stripes alone is painted" in sentence
    assert len(sentence) < 300 and "![" not in sentence
    assert painted[0][1]["stripes"] == 1.0


@pytest.mark.parametrize("values", ["", ["a", "b"], HOSTILE, "\x00", "x" * 5000])
def test_no_value_of_an_address_is_a_traceback(painted, values):
    app = visit("stylize", plain="1", **dict.fromkeys((*SETTINGS, "share"), values))
    assert not app.exception and not app.error
    assert len(notes(app)) == len(SETTINGS), "the older share is read only where there is no strength"
    assert painted[0] == ((342, 512, 3), {"stripes": 1.0, "dots": 0.0, "night": 0.0}, PaintSettings())


def test_without_any_weight_a_sentence_says_what_to_do(painted):
    app = visit("stylize", plain="1", styles="dots:1")
    slider(app, "dots").set_value(0.0).run()
    assert not app.exception
    assert "All style weights are zero" in app.error[0].value
    slider(app, "night").set_value(0.3).run()
    assert not app.error


def test_an_upload_takes_the_place_of_the_sample_until_it_is_removed(painted):
    app = visit("stylize", plain="1", sample="coffee")
    upload(app, "holiday.jpg", jpeg())
    assert not app.exception
    assert painted[-1][0] == (60, 90, 3)
    assert not app.selectbox
    assert "Full size: 90 x 60 px" in texts(app)
    button(app, "Remove").click().run()
    assert app.selectbox("choice of sample").value == "coffee" and painted[-1][0] == (341, 512, 3)


def test_the_link_of_an_upload_shows_it_to_others_until_it_is_deleted(painted):
    id = uploads.keep(jpeg(), "holiday.jpg", "ann").id
    app = visit("stylize", plain="1", photo=id)
    assert painted[-1][0] == (60, 90, 3) and not app.error
    uploads.delete_all("ann")
    calls = len(painted)
    app = visit("stylize", plain="1", photo=id)
    assert not app.exception and not app.error
    assert "This picture is no longer here" in texts(app)
    assert len(painted) == calls, "no sample is shown in its place"
    button(app, "Paint a sample photograph").click().run()
    assert painted[-1][0] == (342, 512, 3) and "photo" not in app.query_params


def test_after_a_refused_upload_the_page_goes_on_with_what_it_had(painted):
    app = visit("stylize", plain="1")
    upload(app, "holiday.jpg", jpeg())
    upload(app, "letter.jpg", b"Dear reader, this is no picture at all.")
    assert not app.exception
    assert len(app.error) == 1 and "is text, not a picture" in app.error[0].value
    assert painted[-1][0] == (60, 90, 3)


def test_a_painting_is_made_once_for_all_visitors_by_what_is_in_the_picture(painted, monkeypatch):
    monkeypatch.setattr(painting, "painted", functools.lru_cache(painting.painted))
    first, second = (uploads.keep(jpeg(), f"{owner}.jpg", owner).id for owner in ("ann", "bob"))
    other = uploads.keep(images.encode(picture(60, 90, 5)), "ann.jpg", "ann").id
    app = visit("stylize", plain="1", photo=first)
    visit("stylize", plain="1", photo=second)
    assert len(painted) == 1
    visit("stylize", plain="1", photo=other)
    assert len(painted) == 2, "files of one name are not one picture"
    app.select_slider("side").set_value(256).run()
    assert len(painted) == 3


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
    app = visit("stylize", plain="1")
    upload(app, name, data)
    assert not app.exception and len(app.error) == 1
    assert any(sentence in error.value for error in app.error)
    assert slider(app, "dots").label == "Dots"


def test_strength_stroke_size_colours_and_size_stand_in_the_address(painted):
    app = visit("stylize", plain="1")
    app.select_slider("side").set_value(256).run()
    app.slider("strength").set_value(0.6).run()
    app.slider("stroke").set_value(0.5).run()
    app.toggle("colours").set_value(True).run()
    assert max(painted[-1][0][:2]) == 256
    assert painted[-1][2] == PaintSettings(0.6, 0.5, True)
    assert {key: app.query_params[key] for key in ("side", "strength", "stroke", "colours")} == {
        "side": "256",
        "strength": "0.6",
        "stroke": "0.5",
        "colours": "true",
    }
    again = visit("stylize", plain="1", side="256", strength="0.6", stroke="0.5", colours="true")
    assert max(painted[-1][0][:2]) == 256 and painted[-1][2] == PaintSettings(0.6, 0.5, True) and not notes(again)


def test_an_older_address_with_a_share_of_the_photograph_still_paints(painted):
    app = visit("stylize", plain="1", share="0.3")
    assert painted[-1][2] == PaintSettings(0.7) and not notes(app)
    assert app.slider("strength").value == 0.7
    app.slider("strength").set_value(0.9).run()
    assert painted[-1][2] == PaintSettings(0.9)
    assert visit("stylize", plain="1", share="0.3", strength="0.5").slider("strength").value == 0.5


@pytest.mark.parametrize("share", ["much", "-1", "nan", "1.5", HOSTILE])
def test_a_share_that_cannot_be_used_is_a_sentence(painted, share):
    app = visit("stylize", plain="1", share=share)
    assert not app.exception and not app.error
    (sentence,) = notes(app)
    assert "Share in the address is" in sentence and "![" not in sentence
    assert painted[-1][2] == PaintSettings()


def test_the_paintings_are_swatches_and_credited(tmp_path, monkeypatch):
    assert "All are in the public domain" not in texts(visit("stylize", plain="1")), "the tiny net has none of them"
    names = ("munch_scream", "leonardo_mona_lisa", "dots")
    styles = [{"name": name, "title": name, "artist": "", "year": ""} for name in names]
    ship(tmp_path / "weights", monkeypatch, styles=styles)
    monkeypatch.setattr(painter, "swatch", None)  # nothing is painted for them
    app = visit("stylize", plain="1")
    assert not app.exception and not app.error
    assert len(app.get("image")) == 1 + 2
    shown = texts(app)
    assert "The Scream, Edvard Munch, 1893" in shown and "Mona Lisa (title attributed), Leonardo da Vinci" in shown
    assert "All are in the public domain" in shown


def test_the_photograph_can_be_shown_beside_the_painting(painted):
    app = visit("stylize", plain="1")
    app.get("button_group")[0].set_value("Side by side").run()
    assert not app.exception
    assert len(app.get("image")) == 2 + len(STYLES)
    assert app.query_params["view"] in ("Side by side", ["Side by side"])
    assert "None" not in texts(app), "Streamlit shows the value of an expression that stands alone"
    assert len(visit("stylize", plain="1", view="Painting alone").get("image")) == 1 + len(STYLES)


def test_the_settings_are_there_again_after_another_page(painted):
    app = visit("stylize", plain="1")
    slider(app, "night").set_value(0.5).run()
    settings = dict(app.query_params)
    app.query_params.clear()
    app.switch_page(str(REPOSITORY / "pages" / "data" / "page.py")).run()
    app.switch_page(str(REPOSITORY / "pages" / "stylize" / "page.py")).run()
    assert not app.exception
    assert slider(app, "night").value == 0.5
    assert app.query_params["styles"] in (settings["styles"], [settings["styles"]])


def test_a_teachers_link_leaves_controls_out_and_keeps_what_it_sets(painted):
    app = visit("stylize", plain="1", hide="more,upload", side="256")
    assert max(painted[-1][0][:2]) == 256 and not notes(app)


def test_downloads_are_paintings_at_full_size(painted, monkeypatch):
    offered = {}
    import streamlit as st

    monkeypatch.setattr(st, "download_button", lambda label, data, file, mime, **more: offered.update({file: data}))
    app = visit("stylize", plain="1", styles="dots:0.5,night:0.5")
    upload(app, "holiday.jpg", jpeg(700, 900))
    made = {name: make() for name, make in offered.items() if name.startswith("holiday")}
    assert set(made) == {"holiday-dots-night.png", "holiday-dots-night.jpg"}
    shapes = {Image.open(io.BytesIO(data)).format: images.decode(data).shape for data in made.values()}
    assert shapes == {"PNG": (700, 900, 3), "JPEG": (700, 900, 3)}
    png = images.decode(made["holiday-dots-night.png"])
    expected = painter.shipped("tiny").paint(images.decode(jpeg(700, 900)), {"dots": 0.5, "night": 0.5})
    assert np.array_equal(png, expected)
    record = PaintRecord({"dots": 0.5, "night": 0.5}, PaintSettings(), "tiny")
    assert all(record_in(images.description(data)) == record for data in made.values())


def test_a_second_net_can_be_chosen(painted, tmp_path, monkeypatch):
    other = [{"name": name, "title": name.capitalize(), "artist": "", "year": ""} for name in ("ink", "dots", "chalk")]
    ship(tmp_path / "weights", monkeypatch, "zinc", styles=other, title="Zinc")
    app = visit("stylize", plain="1")
    assert painted[-1][1] == {"stripes": 1.0, "dots": 0.0, "night": 0.0}
    app.selectbox("choice of net").set_value("zinc").run()
    assert not app.exception
    assert not app.error
    assert painted[-1][1] == {"ink": 1.0, "dots": 0.0, "chalk": 0.0}


def test_many_styles_are_folded_away_until_one_of_them_is_painted(painted, tmp_path, monkeypatch):
    many = [{"name": f"s{number}", "title": f"S{number}", "artist": "", "year": ""} for number in range(11)]
    ship(tmp_path / "weights", monkeypatch, "tiny", styles=many)
    app = visit("stylize", plain="1")
    assert [expander.label for expander in app.expander][0] == "3 more paintings"
    assert not app.expander[0].proto.expanded
    assert slider(app, "s10").value == 0.0
    app = visit("stylize", plain="1", styles="s10:1")
    assert app.expander[0].proto.expanded
    assert painted[-1][1]["s10"] == 1.0


def test_a_net_of_one_style_is_shown_beside_that_of_many(painted, tmp_path, monkeypatch):
    dots = {"name": "dots", "title": "Dots", "artist": "", "year": ""}
    assert "Two nets" not in visit("stylize", plain="1").get("button_group")[0].options
    ship(tmp_path / "weights", monkeypatch, "single_dots", styles=[dots])
    app = visit("stylize", plain="1", styles="dots:1", view="Two nets")
    assert not app.exception and not app.error
    assert not [box for box in app.selectbox if "net" in box.key]  # a net of one style has nothing to blend
    assert [blend for _, blend, _ in painted[-2:]] == [{"stripes": 0.0, "dots": 1.0, "night": 0.0}, {"dots": 1.0}]
    slider(app, "night").set_value(0.5).run()
    assert not app.exception and not app.error
    assert "nets of a single style for *Dots*: raise one of these sliders alone" in texts(app)


def test_without_a_net_the_page_says_how_to_make_one(monkeypatch, tmp_path):
    empty = tmp_path / "none"
    empty.mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", empty)
    app = visit("stylize", plain="1")
    assert not app.exception
    assert "No painting net is shipped" in app.error[0].value
