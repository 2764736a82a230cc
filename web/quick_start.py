"""A head start for a page in the browser: where its server is, and which scripts it will need.

Streamlit's page asks the server two questions, one after the other, before it connects: under which path it is
served, and for its settings. And it loads the script of an element when the first such element arrives, that script's
own imports after it. The page says all of it at once instead.
"""

import gzip
import json
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.compression import Answer

HOST_CONFIG = "_stcore/host-config"
SCRIPT = re.compile(r"/static/js/([\w.-]+\.js)$")
MOST_SCRIPTS = 150  # of one page
UNUSABLE = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # the page is about to be changed
HEAD, END_OF_HEAD = "<head>", "</head>"
LEVEL = 6


class QuickStart:
    """Middleware that writes into a page where its server is, and the scripts that earlier visitors of it needed.

    `pages` are the names of the pages, the first one's being "". The path is computed in the browser, so that it is
    right behind a proxy that serves the app under a path of its own.
    """

    def __init__(self, app: ASGIApp, pages: Iterable[str]) -> None:
        self.app = app
        self._settings: dict[str, str] = {}  # JSON by path of the app
        self._scripts: dict[str, dict[str, None]] = {page: {} for page in pages}  # in the order of their loading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif script := SCRIPT.search(scope["path"]):
            await self.app(scope, receive, self._noting(scope, script[1], send))
        elif self._is_page(scope):
            await self._send_page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_page(self, scope: Scope) -> bool:
        return _last(scope["path"]) in self._scripts and "text/html" in Headers(scope=scope).get("accept", "")

    def _noting(self, scope: Scope, script: str, send: Send) -> Send:
        """Return `send` that notes a script as one that the page needs which asks for it, once it is answered."""
        page = _last(urlsplit(Headers(scope=scope).get("referer", "")).path)

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                scripts = self._scripts.get(page, {})
                if len(scripts) < MOST_SCRIPTS:
                    scripts[script] = None
            await send(message)

        return send_and_note

    async def _send_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page with its head start; anything else that is answered goes on unchanged."""
        headers = [header for header in scope["headers"] if header[0] not in UNUSABLE]
        answer = Answer()
        await self.app({**scope, "headers": headers}, receive, answer.take)
        if answer.is_whole and answer.headers.get("content-type", "").startswith("text/html"):
            page = await self._started(answer.body.decode(), scope, receive)
            answer.body = page.encode()
            changed = MutableHeaders(raw=answer.start["headers"])
            for stale in ("etag", "last-modified", "accept-ranges"):
                del changed[stale]
            if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
                answer.body = gzip.compress(answer.body, LEVEL)
                changed["Content-Encoding"] = "gzip"
            changed["Content-Length"] = str(len(answer.body))
            changed.add_vary_header("Accept-Encoding")
        await answer.pass_on(send)

    async def _started(self, page: str, scope: Scope, receive: Receive) -> str:
        """Return the page with the settings and scripts written into its head."""
        settings = await self._settings_for(scope, receive)
        new = [script for script in self._scripts[_last(scope["path"])] if f"/{script}" not in page]
        links = "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{script}">' for script in new)
        start = f"<script>window.__streamlit = {{{_BASE}, HOST_CONFIG: {settings}}}</script>" if settings else ""
        return page.replace(HEAD, HEAD + start, 1).replace(END_OF_HEAD, links + END_OF_HEAD, 1)

    async def _settings_for(self, scope: Scope, receive: Receive) -> str:
        """Return what the app answers when it is asked for its settings, as JSON; nothing where it gives none."""
        folder = scope["path"].rpartition("/")[0]
        if folder not in self._settings:
            path = f"{folder}/{HOST_CONFIG}"
            answer = Answer()
            asked = {**scope, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
            await self.app(asked, receive, answer.take)
            if not answer.is_whole or not answer.headers.get("content-type", "").startswith("application/json"):
                return ""  # the app is not served under that path
            self._settings[folder] = json.dumps(json.loads(answer.body)).replace("<", "\\u003c")
        return self._settings[folder]


_BASE = "BACKEND_BASE_URL: location.origin + location.pathname.replace(/[^/]*$/, '')"


def _last(path: str) -> str:
    """Return the last part of a path, which is the name of a page."""
    return path.rpartition("/")[2]
