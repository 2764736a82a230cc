"""What the server does around Streamlit: headers on every answer, the visitor's cookie, and warming up."""

import functools
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.headers import SecurityHeaders
from web.visitor import COOKIE, is_id, new_id

LONGEST_WARM_UP_SECONDS = 60
YEAR_SECONDS = 365 * 24 * 3600


_warm_up: threading.Thread | None = None


class Headers:
    """Middleware that adds the security headers to every answer, and a cookie to the first page of a visitor."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = SecurityHeaders(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _has_cookie(scope) or not _wants_page(scope):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", _cookie(scope))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _wants_page(scope: Scope) -> bool:
    """Return whether a browser opens an address, rather than a script, a picture or a style sheet."""
    return scope["method"] == "GET" and "text/html" in _header(scope, b"accept")


def _has_cookie(scope: Scope) -> bool:
    try:
        sent = SimpleCookie(_header(scope, b"cookie")).get(COOKIE)
    except Exception:  # a malformed header is no cookie, whatever the parser raises for it
        return False
    return sent is not None and is_id(sent.value)


def _cookie(scope: Scope) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={new_id()}; Path=/; Max-Age={YEAR_SECONDS}; HttpOnly; SameSite=Lax{secure}"


def wait_until_warm() -> None:
    """Wait for the warm-up where one is under way, before a page imports what it imports too.

    Two threads that import large packages at once, each the other's way round, can make Python give up on one of them.
    """
    if _warm_up is not None and _warm_up is not threading.current_thread():
        _warm_up.join(LONGEST_WARM_UP_SECONDS)


def later(module: str, name: str) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint: the function `name` of a module that is imported at the first request, not at the start."""

    @functools.cache
    def endpoint() -> Callable[[Request], Awaitable[Response]]:
        wait_until_warm()
        return getattr(import_module(module), name)

    async def answer(request: Request) -> Response:
        found = await run_in_threadpool(endpoint)
        return await found(request)

    return answer


def warming(prepare: Callable[[], None]) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return a lifespan that runs `prepare` in the background while the server already answers."""

    def attempt() -> None:
        try:
            prepare()
        except Exception:  # the page itself says what is wrong; a server must start all the same
            logging.getLogger(__name__).exception("The first page could not be prepared.")

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        # Its modules import each other in a circle. Altair and scikit-learn enter that at different points, so that
        # this thread and a first visitor's would wait for each other, and Python ends one of them with an error.
        import_module("narwhals.stable")
        global _warm_up
        _warm_up = threading.Thread(target=attempt, name="warm-up", daemon=True)
        _warm_up.start()
        yield

    return lifespan
