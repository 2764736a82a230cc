"""The order in which desks are painted for: the newest request of each desk, one desk after another, one at a time.

Who drags a slider wants the last of its positions. So a request that waits is dropped when its desk sends a newer one,
which takes its place in the line: ten desks share the painter evenly, however fast one of them asks.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from core.errors import UserError

Result = TypeVar("Result")
MOST_WAITING = 64  # desks; each has one request, of some hundred bytes, in the line
AT_ONCE = 1  # a painting uses all cores


class Superseded(UserError):
    """A request whose desk has sent a newer one before it was painted."""

    def __init__(self) -> None:
        super().__init__("A newer request of this desk took the place of this one.")


class TooMany(UserError):
    """A request for which the line is too long."""

    def __init__(self) -> None:
        super().__init__("Too many paint at once: try again in some seconds.")


@dataclass
class Counts:
    """How many requests were painted, dropped for a newer one, and refused since the server was started."""

    painted: int = 0
    dropped: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Request:
    """A request in the line: what paints it, and where its result goes."""

    paint: Callable[[], object]
    result: asyncio.Future[Any]


class PaintQueue:
    """The line. Its threads are its own, so that a painting never waits for what else the server does in threads."""

    def __init__(self, most_waiting: int = MOST_WAITING, at_once: int = AT_ONCE) -> None:
        self.counts = Counts()
        self._most_waiting, self._free = most_waiting, at_once
        self._line: dict[str, Request] = {}  # by desk, first come first
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="painter")

    async def paint(self, desk: str, paint: Callable[[], Result]) -> Result:
        """Return what `paint` returns, called in a thread when it is this desk's turn.

        Raises Superseded where the desk sends a newer request before, TooMany where the line is full, and what `paint`
        raises. A request whose caller is cancelled while it waits leaves the line.
        """
        earlier = self._line.get(desk)
        if earlier is None and len(self._line) >= self._most_waiting:
            self.counts.refused += 1
            raise TooMany
        request = Request(paint, asyncio.get_running_loop().create_future())
        self._line[desk] = request  # in the place of the earlier one
        if earlier is not None and not earlier.result.done():
            self.counts.dropped += 1
            earlier.result.set_exception(Superseded())
        self._start_next()
        try:
            return await request.result
        finally:
            if self._line.get(desk) is request:
                del self._line[desk]

    def _start_next(self) -> None:
        while self._free and self._line:
            request = self._line.pop(next(iter(self._line)))
            if not request.result.done():
                self._free -= 1
                task = asyncio.get_running_loop().run_in_executor(self._threads, request.paint)
                task.add_done_callback(lambda done, request=request: self._finish(request, done))

    def _finish(self, request: Request, done: asyncio.Future) -> None:
        self._free += 1
        error = done.exception()
        self.counts.painted += error is None
        if not request.result.done():
            if error is None:
                request.result.set_result(done.result())
            else:
                request.result.set_exception(error)
        self._start_next()
