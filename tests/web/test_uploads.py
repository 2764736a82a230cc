"""Choosing files of one's own: kept once, named by the address, said where they are refused or gone."""

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from core import images, uploads
from tests.painting import picture


def one() -> None:
    import streamlit as st

    from ui.frame import guard
    from web import uploads

    with guard():
        upload = uploads.picture("photo", "A photograph of yours")
        st.text(upload.name if upload else "a sample")


def two() -> None:
    import streamlit as st

    from web import uploads

    for key in ("photo", "painting"):
        upload = uploads.picture(key, key)
        st.text(upload.name if upload else "a sample")


def many() -> None:
    import streamlit as st

    from web import address, uploads

    address.begin()
    address.place_notes(st.container())
    st.text(" ".join(upload.name for upload in uploads.pictures("photos", "Photographs", most=3)) or "none")


def zipped() -> None:
    import streamlit as st

    from web import uploads

    upload = uploads.archive("data", "A .zip")
    st.text(upload.kept_until if upload else "none")


def photographs() -> None:
    import streamlit as st

    from web import uploads

    types = (*uploads.PICTURE_TYPES, "zip")
    field = uploads.Field("photos", "Photographs", None, types, uploads.no_check, most=3, packed_as="photographs.zip")
    st.text(" ".join(upload.name for upload in uploads.files(field)) or "none")


def at(script, **query) -> AppTest:
    """Return the app of a script, opened with the query given."""
    app = AppTest.from_function(script)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def png(seed: int = 0) -> bytes:
    return images.encode(picture(40, 56, seed), "PNG")


def hand_over(app: AppTest, *files: tuple[str, bytes], field: int = 0) -> AppTest:
    """Return the app after files were dropped on one of its fields."""
    dropped = [(name, data, "image/png") for name, data in files]
    return app.file_uploader[field].set_value(dropped if len(dropped) > 1 else dropped[0]).run()


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def click(app: AppTest, start: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(start)).click().run()


def test_an_upload_stands_in_the_address_with_its_thumbnail_and_its_expiry():
    app = hand_over(at(one), ("cat.png", png()))
    assert app.text[0].value == "cat.png"
    (upload,) = uploads._all()
    assert app.query_params["photo"] in (upload.id, [upload.id])
    assert upload.kept_until in captions(app) and len(app.get("image")) == 1
    assert at(one, photo=upload.id).text[0].value == "cat.png", "the link opens the picture for others"


def test_another_visitor_sees_the_picture_but_cannot_delete_it():
    upload = uploads.keep(png(), "cat.png", "ann")
    app = at(one, photo=upload.id)
    assert [button.label for button in app.button] == ["Remove"]


def test_removing_leaves_the_file_and_deleting_ends_it():
    app = hand_over(at(one), ("cat.png", png()))
    id = uploads._all()[0].id
    click(app, "Remove")
    assert app.text[0].value == "a sample" and "photo" not in app.query_params
    app.query_params["photo"] = id
    app.run()
    click(app, "Delete my pictures (1, ")
    assert app.text[0].value == "a sample" and "photo" not in app.query_params
    assert uploads._all() == []


@pytest.mark.parametrize("id", ["a" * 22, "x", "../../x", "*" * 5000])
def test_a_picture_that_is_gone_is_said_and_can_be_forgotten(id: str):
    app = at(one, photo=id)
    assert not app.exception and not app.text
    assert "no longer here" in app.error[0].value
    click(app, "Forget it")
    assert app.text[0].value == "a sample" and not app.error


@pytest.mark.parametrize("values", ["", ["a" * 22, "b" * 22]])
def test_no_id_or_several_are_no_picture(values):
    app = at(one, photo=values)
    assert not app.exception and not app.error
    assert app.text[0].value == "a sample"


def test_a_refused_file_is_said_once_and_the_picture_before_stays():
    app = hand_over(at(one), ("cat.png", png()))
    hand_over(app, ("letter.png", b"Dear reader, this is no picture."))
    assert len(app.error) == 1 and "is text, not a picture" in app.error[0].value
    assert app.text[0].value == "cat.png"
    assert not app.run().error


def test_a_full_disk_is_a_sentence(monkeypatch):
    monkeypatch.setenv("ATELIER_UPLOAD_BYTES", "100")
    app = hand_over(at(one), ("cat.png", png()))
    assert "can be kept for one visitor" in app.error[0].value
    assert app.text[0].value == "a sample"


def test_a_name_is_shown_letter_by_letter():
    app = hand_over(at(one), ("![a](http:x).png", png()))
    assert all("](" not in markdown.value for markdown in app.markdown)


def test_two_fields_have_one_button_that_deletes_all():
    app = hand_over(at(two), ("cat.png", png()))
    hand_over(app, ("waves.png", png(1)), field=1)
    assert [text.value for text in app.text] == ["cat.png", "waves.png"]
    click(app, "Delete my pictures (2, ")
    assert not app.exception and not app.error
    assert [text.value for text in app.text] == ["a sample", "a sample"]


def test_several_pictures_are_added_and_removed_one_by_one():
    app = hand_over(at(many), ("a.png", png(1)), ("b.png", png(2)))
    hand_over(app, ("c.png", png(3)), ("letter.png", b"Dear reader, no picture."))
    assert app.text[0].value == "a.png b.png c.png"
    assert "is text, not a picture" in app.error[0].value
    hand_over(app, ("d.png", png(4)))
    assert app.text[0].value == "a.png b.png c.png" and "At most 3 pictures" in app.error[0].value
    app.button[1].click().run()
    assert app.text[0].value == "a.png c.png"
    assert len(app.get("image")) == 2


def test_of_several_those_that_are_gone_are_counted():
    upload = uploads.keep(png(), "a.png", "ann")
    app = at(many, photos=[upload.id, "x" * 22, "", "x" * 22])
    assert app.text[0].value == "a.png"
    assert "1 of these pictures is no longer here" in captions(app)


def test_an_archive_is_kept_until_its_owner_deletes_it():
    app = hand_over(at(zipped), ("data.zip", b"PK"))
    assert app.text[0].value == "you delete it"


def test_many_files_at_once_are_kept_as_one_archive_for_a_short_address():
    app = hand_over(at(photographs), ("a.png", png(1)), ("b.zip", b"packed"), ("a.png", png(2)))
    assert not app.exception and app.text[0].value == "photographs.zip b.zip"
    packed = next(upload for upload in uploads._all() if upload.name == "photographs.zip")
    with zipfile.ZipFile(io.BytesIO(packed.read())) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "00000 a.png": png(1),
            "00001 a.png": png(2),
        }
    assert len(app.query_params["photos"]) == 2
    app = hand_over(app, ("c.png", png(3)))
    assert app.text[0].value == "photographs.zip b.zip c.png", "a single one stays a file"
