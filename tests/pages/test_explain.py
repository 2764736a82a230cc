"""The Explain page without a browser: pictures from every source, through shipped nets and runs."""

import io

import pytest
from PIL import Image

from core import images
from core.datasets import load
from core.explain import view
from core.trainers.trained import open_run, shipped
from tests.nets import a_run
from tests.pages.app import texts, visit


def said(app) -> str:
    return app.subheader[0].value


def test_a_test_image_with_its_truth():
    run = a_run()
    trained, split = open_run(run), load("digits").test
    app = visit("explain", run=run.id, image="17")
    assert not app.exception
    seen = view.of_image(trained, split.images[17])
    label = int(split.labels[17])
    assert said(app).startswith(f"{seen.predicted}, ")
    assert said(app).endswith("and it is" if label == seen.predicted else f"but it is {label}")
    assert f"Grad-CAM of {seen.predicted}" in texts(app) and "fully-connected" in texts(app)


def test_class_threshold_and_net_come_from_the_address():
    run = a_run("bn_nin")
    seen = view.of_image(open_run(run), load("digits").test.images[3], (7,))
    app = visit("explain", run=run.id, image="3", **{"class": "7", "threshold": "0.3"})
    x0, y0, x1, y1 = seen.box(0, 0.3)
    assert "CAM of 7" in texts(app) and "global average pooling" in texts(app)
    assert f"box {x1 - x0} x {y1 - y0} of 28 x 28 px, its corner at ({x0}, {y0})" in texts(app)


def test_the_threshold_moves_the_box():
    app = visit("explain", run=a_run("bn_nin").id, image="3")
    loose, tight = app.slider("threshold").set_value(0.05).run(), None
    before = texts(loose)
    tight = app.slider("threshold").set_value(0.95).run()
    assert not tight.exception and texts(tight) != before


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_net_explains_a_picture(name):
    # A sample picture is always there; the test images of a data set may have to be downloaded first.
    app = visit("explain", net=name, **{"from": "Sample", "grey_from": "Sample"})
    assert not app.exception and not app.error
    assert "sure" in said(app)


def test_without_an_address_something_is_explained():
    a_run()
    app = visit("explain")
    assert not app.exception and not app.error and "sure" in said(app)


def test_a_sample_picture():
    app = visit("explain", run=a_run().id, grey_from="Sample", sample="coffee")
    assert not app.exception and "sure" in said(app) and "but it is" not in said(app)


def upload(name: str, data: bytes):
    app = visit("explain", run=a_run().id, grey_from="Your own")
    assert "Upload a photograph" in texts(app)
    return app.file_uploader[0].upload(name, data).run()


def test_an_uploaded_photograph():
    app = upload("cat.jpg", images.encode(images.sample("cat")))
    assert not app.exception and not app.error and "sure" in said(app)
    assert "of 300 x 300 px" in texts(app) or "no box" in texts(app)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "is empty"), (b"hello there", "is text"), (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document")],
)
def test_a_bad_upload_is_a_sentence(data, sentence):
    app = upload("holiday.jpg", data)
    assert not app.exception
    assert app.error[0].value.startswith("holiday.jpg") and sentence in app.error[0].value


def test_a_picture_of_too_many_pixels_is_a_sentence():
    stream = io.BytesIO()
    Image.new("1", (8000, 5100)).save(stream, "PNG")
    assert "over 40 megapixels" in upload("large.png", stream.getvalue()).error[0].value
