"""Streamlit's scripts are sent compressed, once; everything else passes as it is."""

import gzip

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.asynchronous import finish
from web import compression
from web.compression import Compressed

SCRIPT = b"export const answer = 42;" * 1000


class App:
    """An app that serves one script in two parts."""

    def __init__(self, status: int = 200, **headers: str) -> None:
        self.status = status
        self.headers = {"etag": '"a"', "content-length": str(len(SCRIPT)), "accept-ranges": "bytes"} | headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": SCRIPT[:99], "more_body": True})
        await send({"type": "http.response.body", "body": SCRIPT[99:]})


def get(app: Compressed, path: str = "/static/js/index.abc.js", **headers: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of the answer to a browser."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asked = {"accept-encoding": "gzip, br"} | headers
    raw = [(name.encode(), value.encode()) for name, value in asked.items()]
    finish(app({"type": "http", "method": "GET", "path": path, "headers": raw}, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body


def test_a_script_is_compressed_once_and_is_the_same_to_a_browser(monkeypatch):
    app = Compressed(App())
    headers, body = get(app)
    assert headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == SCRIPT and int(headers["content-length"]) == len(body) < len(SCRIPT) / 5
    assert "accept-ranges" not in headers
    monkeypatch.setattr(compression.gzip, "compress", None)
    assert get(app)[1] == body


def test_a_changed_file_is_compressed_anew():
    served = App()
    app = Compressed(served)
    first = get(app)[1]
    served.headers["etag"] = '"b"'
    assert get(app)[1] is not first


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/index.js", {"accept-encoding": "identity"}),
        ("/static/js/index.js", {"range": "bytes=0-9"}),
        ("/static/media/font.woff2", {}),
        ("/media/picture.jpg", {}),
        ("/", {}),
    ],
)
def test_other_requests_are_answered_as_they_are(path, headers):
    answer, body = get(Compressed(App()), path, **headers)
    assert body == SCRIPT and "content-encoding" not in answer


@pytest.mark.parametrize("served", [App(404), App(304), App(**{"content-encoding": "br"})])
def test_other_answers_are_passed_on_as_they_are(served):
    answer, body = get(Compressed(served))
    assert body == SCRIPT and answer.get("content-encoding") != "gzip"
