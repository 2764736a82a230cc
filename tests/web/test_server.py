"""What the server adds to every answer: security headers, and a cookie for a new visitor."""

import asyncio
import sys
import time
from http.cookies import SimpleCookie

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.asynchronous import finish
from web.headers import HEADERS, POLICY
from web.server import Headers, later, warming
from web.visitor import COOKIE, is_id, new_id


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as Streamlit does, with one of the headers already set."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-content-type-options", b"own")]})
    await send({"type": "http.response.body", "body": b"page"})


def headers(accept: str = "text/html", *, cookie: str = "", method: str = "GET", scheme: str = "http") -> list[tuple]:
    """Return the headers of the answer to a request, names in lower case."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asked = [(b"accept", accept.encode()), *([(b"cookie", cookie.encode())] if cookie else [])]
    scope = {"type": "http", "method": method, "headers": asked, "path": "/", "scheme": scheme}
    finish(Headers(answer)(scope, receive, send))
    return [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def cookies(**request: str) -> list[str]:
    return [value for name, value in headers(**request) if name == "set-cookie"]


def test_every_answer_has_the_headers_and_keeps_its_own():
    for accept in ("text/html", "*/*", "image/png"):
        names = dict(headers(accept))
        assert {name.lower() for name in HEADERS} <= names.keys()
        assert names["content-security-policy"] == POLICY and names["x-content-type-options"] == "own"


def test_a_new_visitor_gets_a_cookie_that_scripts_and_other_sites_cannot_use():
    (text,) = cookies()
    cookie = SimpleCookie(text)[COOKIE]
    assert is_id(cookie.value) and cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["secure"]
    assert "; Secure" in cookies(scheme="https")[0]


@pytest.mark.parametrize(
    "request_",
    [{"cookie": f"{COOKIE}={new_id()}"}, {"accept": "*/*"}, {"accept": "image/png"}, {"method": "POST"}],
    ids=["known visitor", "script", "picture", "form"],
)
def test_nobody_else_gets_one(request_):
    assert cookies(**request_) == []


@pytest.mark.parametrize("cookie", [f"{COOKIE}=short", f"{COOKIE}=../../etc", "a b; =;;\x01", "other=1"])
def test_a_bad_cookie_is_replaced(cookie):
    assert len(cookies(cookie=cookie)) == 1


def test_a_websocket_passes_untouched():
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope, receive, send))

    call = ({"type": "websocket"}, object(), object())
    finish(Headers(app)(*call))
    assert seen == [call]


def test_a_server_starts_although_the_warm_up_fails(caplog):
    def fail() -> None:
        raise OSError("no weights")

    async def start() -> None:
        async with warming(fail)(None):
            deadline = time.monotonic() + 10
            while "could not be prepared" not in caplog.text and time.monotonic() < deadline:
                await asyncio.sleep(0.01)

    finish(start())
    assert "could not be prepared" in caplog.text


def test_an_endpoint_of_later_imports_its_module_at_the_first_request(tmp_path, monkeypatch):
    (tmp_path / "module_of_later.py").write_text("async def echo(request):\n    return request\n")
    monkeypatch.syspath_prepend(tmp_path)
    endpoint = later("module_of_later", "echo")
    assert "module_of_later" not in sys.modules
    answers = []

    async def ask() -> None:
        answers.extend([await endpoint("first"), await endpoint("second")])

    finish(ask())
    assert answers == ["first", "second"] and "module_of_later" in sys.modules
