"""Compression of Streamlit's own scripts and style sheets, which it serves as they are: a fifth of the bytes.

Their names carry a hash of their content, so that each is compressed once and kept for as long as the server runs.
"""

import asyncio
import gzip
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER, KINDS = "/static/", (".js", ".css")
LEVEL = 6  # above it the bytes hardly shrink, and the first visitor waits


class Compressed:
    """Middleware that answers requests for static scripts and style sheets with gzip where the browser takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[bytes, bytes]] = {}  # by path: the original's ETag, and the compressed body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _suits(scope):
            await self.app(scope, receive, send)
            return
        answer = Answer()
        await self.app(scope, receive, answer.take)
        if answer.is_whole:
            await self._compress(scope["path"], answer)
        await answer.pass_on(send)

    async def _compress(self, path: str, answer: "Answer") -> None:
        """Put the compressed body into the answer."""
        tag = answer.headers.get("etag", "").encode()
        if self._kept.get(path, (None,))[0] != tag or not tag:
            self._kept[path] = tag, await asyncio.to_thread(gzip.compress, answer.body, LEVEL)
        answer.body = self._kept[path][1]
        headers = MutableHeaders(raw=answer.start["headers"])
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(answer.body))
        headers.add_vary_header("Accept-Encoding")
        del headers["Accept-Ranges"]


@dataclass
class Answer:
    """The answer of the app, held back until it is whole."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Take a message of the app."""
        if message["type"] == "http.response.start":
            self.start = {**message, "headers": list(message["headers"])}
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    @property
    def headers(self) -> Headers:
        """The headers of the answer."""
        return Headers(raw=self.start["headers"])

    @property
    def is_whole(self) -> bool:
        """Return whether this is a file as it is: found, not a part of it, not compressed yet."""
        return self.start.get("status") == 200 and bool(self.body) and "content-encoding" not in self.headers

    async def pass_on(self, send: Send) -> None:
        """Send the answer."""
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


def _suits(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    asked, path = Headers(scope=scope), scope["path"]
    takes_gzip = "gzip" in asked.get("accept-encoding", "")
    return path.startswith(FOLDER) and path.endswith(KINDS) and takes_gzip and "range" not in asked
