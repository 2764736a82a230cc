"""The security headers by themselves: nothing of another host, and no cookie."""

from starlette.types import Message, Receive, Scope, Send

from tests.asynchronous import finish
from web.headers import HEADERS, POLICY, SecurityHeaders


def test_the_policy_names_no_other_host():
    assert not any("//" in part or "*" in part for part in POLICY.split())


def test_an_answer_gets_the_headers_and_nothing_else():
    sent: list[Message] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"own")]})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    finish(SecurityHeaders(answer)({"type": "http"}, receive, send))
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    assert headers == {name.lower(): value for name, value in HEADERS.items()} | {"referrer-policy": "own"}
