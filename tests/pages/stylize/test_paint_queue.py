"""The line of the desks: the newest request of each, each desk in its turn, none for ever."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from pages.stylize.paint_queue import PaintQueue, Superseded, TooMany
from tests.asynchronous import finish

SECONDS = 10


class Easel:
    """Work whose first piece lasts until it is released, so that a line forms behind it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._gate, self.begun = threading.Event(), threading.Event()

    def release(self) -> None:
        self._gate.set()

    def paint(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.begun.set()
            assert self._gate.wait(SECONDS)
            self.done.append(name)
            return name

        return work


async def in_line(queue: PaintQueue, easel: Easel, *names: str) -> list[asyncio.Task]:
    """Send a request of each name, whose first letter is the desk, one after the other."""
    tasks = []
    for name in names:
        tasks.append(asyncio.ensure_future(queue.paint(name[0], easel.paint(name))))
        await asyncio.sleep(0)
    return tasks


def test_only_the_newest_request_of_a_desk_is_painted_and_keeps_its_place():
    async def drag() -> None:
        queue, easel = PaintQueue(), Easel()
        tasks = await in_line(queue, easel, "a1", "a2", "b1", "a3", "a4", "b2")
        easel.release()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert easel.done == ["a1", "a4", "b2"]
        assert [result if isinstance(result, str) else type(result) for result in results] == [
            "a1",
            Superseded,
            Superseded,
            Superseded,
            "a4",
            "b2",
        ]
        assert (queue.counts.painted, queue.counts.dropped, queue.counts.refused) == (3, 3, 0)

    finish(drag())


def test_one_desk_that_asks_without_end_does_not_hold_up_another():
    async def drag() -> None:
        queue, easel = PaintQueue(), Easel()
        tasks = await in_line(queue, easel, "a0", "a1", "b1")
        easel.release()
        for turn in range(2, 6):
            tasks += await in_line(queue, easel, f"a{turn}")
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert easel.done.index("b1") <= 2

    finish(drag())


def test_one_painting_at_a_time():
    running, most = [], []

    def work() -> None:
        running.append(1)
        most.append(len(running))
        threading.Event().wait(0.01)
        running.pop()

    async def paint() -> None:
        queue = PaintQueue()
        await asyncio.gather(*(queue.paint(str(desk), work) for desk in range(8)))

    finish(paint())
    assert len(most) == 8 and max(most) == 1


def test_a_line_that_is_full_refuses_another_desk_but_not_a_newer_request_of_one_in_it():
    async def crowd() -> None:
        queue, easel = PaintQueue(most_waiting=2), Easel()
        tasks = await in_line(queue, easel, "a1", "b1", "c1")
        with pytest.raises(TooMany):
            await queue.paint("d", easel.paint("d1"))
        tasks += await in_line(queue, easel, "c2")
        easel.release()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert easel.done == ["a1", "b1", "c2"] and queue.counts.refused == 1

    finish(crowd())


def test_a_failure_is_its_callers_alone_and_the_line_goes_on():
    def fail() -> None:
        raise ValueError("no paint")

    async def paint() -> None:
        queue, easel = PaintQueue(), Easel()
        easel.release()
        with pytest.raises(ValueError, match="no paint"):
            await queue.paint("a", fail)
        assert await queue.paint("b", easel.paint("b1")) == "b1"
        assert queue.counts.painted == 1

    finish(paint())


def test_a_caller_that_is_gone_leaves_the_line():
    async def leave() -> None:
        queue, easel = PaintQueue(), Easel()
        first, second = await in_line(queue, easel, "a1", "b1")
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        easel.release()
        assert await first == "a1"
        assert await queue.paint("c", easel.paint("c1")) == "c1"
        assert easel.done == ["a1", "c1"]

    finish(leave())
