"""The Gradio page's HTTP API, by Gradio's own client, against a server of its own; nothing of it leaves the machine."""

import ast
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from core import images
from core.explain import view
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from core.trainers import trained
from tests.e2e.server import REPOSITORY, serve_gradio
from tests.painting import picture
from web.headers import HEADERS

pytestmark = pytest.mark.slow
BLEND = {"vangogh_starry_night": 0.5, "munch_scream": 1.5}
SETTINGS = PaintSettings(0.6, 0.5, True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gradio")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serve_gradio(folder) as address:
        yield address
    assert list(folder.glob("atelier-*")) == []  # the pictures of its visitors


@pytest.fixture(scope="module")
def client(address: str, folder: Path) -> Iterator[Client]:
    client = Client(address, verbose=False, analytics_enabled=False, download_files=folder / "answers")
    yield client
    client.close()


@pytest.fixture
def photograph(tmp_path: Path) -> str:
    """A made-up photograph of 120 x 80 px."""
    path = tmp_path / "photo.png"
    images.save(picture(80, 120), path)
    return str(path)


def test_the_api_has_two_endpoints_and_says_what_is_optional(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    optional = {
        name: {row["parameter_name"]: row["parameter_default"] for row in info["parameters"]}
        for name, info in endpoints.items()
    }
    assert optional == {
        "/stylize": {
            "picture": None, "styles": None, "strength": 1.0, "stroke": 0.0, "colours": False, "side": 768
        },
        "/explain": {"picture": None, "class_name": "", "threshold": 0.5},
    }  # fmt: skip


def test_a_picture_is_painted_as_core_paints_it_and_says_how(client, photograph):
    out = client.predict(picture=handle_file(photograph), styles=BLEND, api_name="/stylize")
    assert np.array_equal(images.decode(out), painter.stylise(picture(80, 120), BLEND))
    assert record_in(images.description(out)) == PaintRecord(BLEND, PaintSettings(), painter.net_of(BLEND))


def test_strength_stroke_size_colours_and_side_reach_core(client, photograph):
    values = {"strength": 0.6, "stroke": 0.5, "colours": True, "side": 60}
    out = client.predict(picture=handle_file(photograph), styles=BLEND, **values, api_name="/stylize")
    small = images.fit(picture(80, 120), 60)
    assert np.array_equal(images.decode(out), painter.stylise(small, BLEND, settings=SETTINGS))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"styles": {"nobody": 1}}, "There is no style 'nobody'; the styles are "),
        ({"styles": {"munch_scream": "<b>"}}, "The weight of munch_scream is '<b>'; a weight must be a number"),
        ({"styles": {"munch_scream": 0}}, "All style weights are zero"),
        ({"styles": ["munch_scream"]}, "The styles are no names with weights"),
        ({"styles": BLEND, "strength": 3}, "The strength is 3; give a number from 0 to 1."),
        ({"styles": BLEND, "stroke": None}, "The stroke size is None; give a number from 0 to 1."),
        ({"styles": BLEND, "side": 2}, "The longer side is 2; give a number of pixels, at least 8."),
        ({"styles": BLEND, "side": None}, "The longer side is None; give a number of pixels"),
        ({"styles": BLEND, "picture": None}, "There is no picture to paint: give one."),
    ],
)
def test_what_cannot_be_painted_is_a_sentence(client, photograph, values, sentence):
    with pytest.raises(AppError) as raised:
        client.predict(**{"picture": handle_file(photograph)} | values, api_name="/stylize")
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no picture at all", "The file is text, not a picture, whatever its name says"),
        (b"", "The file is empty (0 bytes)"),
        (images.encode(picture(80, 120), "PNG")[:200], "The file starts as a PNG picture but is damaged or cut short"),
    ],
)
def test_a_file_that_is_no_picture_is_a_sentence(client, tmp_path, content, sentence):
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    for endpoint in ("/stylize", "/explain"):
        with pytest.raises(AppError) as raised:
            values = {"styles": BLEND} if endpoint == "/stylize" else {}
            client.predict(picture=handle_file(str(path)), **values, api_name=endpoint)
        assert str(raised.value).startswith(sentence)


def test_a_picture_is_explained_as_core_explains_it(client, tmp_path):
    path = tmp_path / "cat.png"
    images.save(images.sample("cat"), path)
    heat, label, words = client.predict(picture=handle_file(str(path)), class_name="tabby", api_name="/explain")
    net = trained.open_named("efficientnet_lite0")
    seen = view.of_picture(net, images.sample("cat"), (view.class_named(net, "tabby"),))
    assert np.array_equal(images.decode(heat), seen.heat(threshold=0.5))
    assert [row["label"] for row in label["confidences"]] == [net.classes[i] for i in seen.top(5)]
    assert label["label"] == "Egyptian cat"
    assert words.startswith("CAM of tabby: evidence ")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"class_name": "<b>nothing"}, "EfficientNet-Lite0 on ImageNet has no class “<b>nothing”"),
        ({"threshold": 1.5}, "A threshold of 1.5 has no meaning"),
        ({"picture": None}, "There is no picture to explain: give one."),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(client, photograph, values, sentence):
    with pytest.raises(AppError) as raised:
        client.predict(**{"picture": handle_file(photograph)} | values, api_name="/explain")
    assert str(raised.value).startswith(sentence)


def test_a_file_of_the_server_is_not_read(address, folder):
    secret = folder / "secret.png"
    images.save(picture(), secret)
    sent = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [sent, BLEND, 1, 0, False, 64]}).encode()
    request = urllib.request.Request(
        f"{address}/gradio_api/call/stylize", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/stylize/{event}") as answer:
        assert answer.read().startswith(b"event: error")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{address}/gradio_api/file={secret}")


def test_it_stands_on_core_and_the_headers_alone():
    code = "import gradio_app, sys; print({name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not ast.literal_eval(done.stdout) & {"streamlit", "ui", "pages", "training", "benchmarks"}


def test_the_page_has_the_headers_and_loads_nothing_from_another_host(address):
    with urllib.request.urlopen(address) as answer:
        page = answer.read().decode()
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page) == []
    with urllib.request.urlopen(f"{address}/config") as answer:
        config = json.load(answer)
    assert not config["analytics_enabled"] and config["stylesheets"] == []
